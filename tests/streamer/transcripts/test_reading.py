"""Transcripts from files of their own, and from tracks of recordings."""

from pathlib import Path

import pytest

from streamer.sources.media import MediaError
from streamer.transcripts.reading import embedded_transcript, read_transcript
from tests.recordings import ffmpeg

ZOOM = """WEBVTT

1
00:00:01.500 --> 00:00:03.000
Ann Smith: Hello there.

2
00:01:03.000 --> 00:01:04.250
Ben: Hi.
"""
TEAMS = """\ufeffWEBVTT\r
\r
NOTE made by a meeting\r
\r
0a1b-2c/12-0\r
00:00:01.500 --> 00:00:03.000 align:start\r
<v Ann Smith>Hello\r
there.</v>\r
\r
01:03.000 --> 01:04.250\r
<v Ben>Hi.</v>\r
"""
SRT = (
    "1\n00:00:01,500 --> 00:00:03,000\nAnn Smith: <i>Hello</i>\nthere.\n\n2\n00:01:03,000 --> 00:01:04,250\nBen: Hi.\n"
)
SAID = [(1.5, 3.0, "Ann Smith", "Hello there."), (63.0, 64.25, "Ben", "Hi.")]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("zoom.vtt", ZOOM.encode()),
        ("teams.vtt", TEAMS.encode()),
        ("captions.srt", SRT.encode()),
        ("windows.srt", SRT.replace("\n", "\r\n").encode("utf-16")),
    ],
)
def test_every_recorders_transcript_says_the_same(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    cues = read_transcript(tmp_path / name)
    assert [(cue.start, cue.end, cue.speaker, cue.text) for cue in cues] == SAID


def test_an_old_encoding_is_read_as_well_as_can_be(tmp_path: Path) -> None:
    (tmp_path / "old.srt").write_bytes("1\n00:00:01,000 --> 00:00:02,000\nJosé: naïve\n".encode("cp1252"))
    (cue,) = read_transcript(tmp_path / "old.srt")
    assert (cue.speaker, cue.text) == ("José", "naïve")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("missing.vtt", None),
        ("diary.vtt", b"Dear diary\n"),
        ("notes.txt", b"Dear diary\n"),
        ("empty.vtt", b""),
        ("silent.vtt", b"WEBVTT\n\n"),
    ],
)
def test_what_is_no_transcript_is_refused_in_a_sentence(name: str, content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MediaError, match=rf"no transcript.*{name}|{name} is no transcript"):
        read_transcript(path)


@pytest.mark.parametrize(("suffix", "codec"), [("mp4", "mov_text"), ("mkv", "srt"), ("mkv", "ass"), ("webm", "webvtt")])
def test_a_transcript_inside_the_recording_is_found(suffix: str, codec: str, tmp_path: Path) -> None:
    (tmp_path / "words.srt").write_text(SRT)
    media = tmp_path / f"meeting.{suffix}"
    tone = ("-f", "lavfi", "-i", "sine=duration=66")
    ffmpeg(*tone, "-i", tmp_path / "words.srt", "-c:s", codec, media)
    cues = embedded_transcript(media, 0.0)
    assert [(cue.speaker, cue.text) for cue in cues] == [said[2:] for said in SAID]
    assert [cue.start for cue in cues] == pytest.approx([said[0] for said in SAID], abs=0.02)


def test_a_recording_without_text_has_no_transcript(tmp_path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "sine=duration=1", tmp_path / "tone.mp4")
    assert embedded_transcript(tmp_path / "tone.mp4", 0.0) == []
