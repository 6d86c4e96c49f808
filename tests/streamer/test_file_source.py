"""Recordings of every kind, made by ffmpeg for each test."""

import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import psutil
import pytest

from streamer.audio import Samples
from streamer.sources.file import AudioChunk, FileSource, MediaError, VideoFrame
from tests.recordings import BARS, TONE, ffmpeg, write_wav
from tests.voices import hiss, silence, speak


def read(path: Path) -> tuple[FileSource, list[AudioChunk], list[VideoFrame]]:
    """Everything in a file, after checking that it comes in order."""
    source = FileSource.open(path)
    items = list(source)
    times = [item.time for item in items]
    assert times == sorted(times)
    assert all(item.speaker in source.info.speakers for item in items)
    sound = [item for item in items if isinstance(item, AudioChunk)]
    return source, sound, [item for item in items if isinstance(item, VideoFrame)]


def joined(chunks: list[AudioChunk], speaker: str = "speaker-1") -> Samples:
    """One speaker's samples, after checking that no chunk leaves a gap or overlaps."""
    own = [chunk for chunk in chunks if chunk.speaker == speaker]
    at = own[0].time
    for chunk in own:
        assert chunk.time == pytest.approx(at, abs=1e-6)
        assert chunk.pcm.dtype == np.float32
        assert len(chunk.pcm) <= 3_200
        at += len(chunk.pcm) / 16_000
    return np.concatenate([chunk.pcm for chunk in own])


def pitch(pcm: Samples) -> float:
    """The strongest frequency in Hz."""
    return float(np.abs(np.fft.rfft(pcm)).argmax() * 16_000 / len(pcm))


@pytest.mark.parametrize("kind", ["wav", "mp3", "flac", "ogg", "opus", "m4a", "mp4", "mkv", "webm"])
def test_sound_of_every_kind_of_file_is_whole_and_begins_at_zero(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"tone.{kind}"
    ffmpeg(*TONE, path)
    source, sound, pictures = read(path)
    assert sound[0].time == pytest.approx(0.0, abs=0.03)
    assert len(joined(sound)) / 16_000 == pytest.approx(3.0, abs=0.06)
    assert pitch(joined(sound)) == pytest.approx(440, abs=1)
    assert source.info.duration == pytest.approx(3.0, abs=0.06)
    assert (source.info.has_audio, source.info.has_video, pictures, source.truncated) == (True, False, [], False)


@pytest.mark.parametrize("kind", ["mp4", "mkv", "webm"])
def test_pictures_come_ten_a_second_between_the_sound(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"both.{kind}"
    ffmpeg(*TONE, *BARS, path)
    source, sound, pictures = read(path)
    assert len(pictures) == pytest.approx(30, abs=1)
    assert source.info.video_speaker == "speaker-1"
    assert pictures[0].time == pytest.approx(0.0, abs=0.03)
    assert pictures[0].image.shape == (240, 320, 3)
    assert len(joined(sound)) / 16_000 == pytest.approx(3.0, abs=0.06)


@pytest.mark.parametrize("rate", [8_000, 11_025, 24_000, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2, 5, 6])
def test_any_rate_and_number_of_channels_is_one_speaker_in_mono(rate: int, channels: int, tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    ffmpeg(*TONE, "-ar", rate, "-ac", channels, path)
    source, sound, _ = read(path)
    assert source.info.speakers == ("speaker-1",)
    assert len(joined(sound)) / 16_000 == pytest.approx(3.0, abs=0.01)
    assert pitch(joined(sound)) == pytest.approx(440, abs=1)


def test_a_silent_file_is_silence_and_no_error(tmp_path: Path) -> None:
    source, sound, _ = read(write_wav(tmp_path / "silent.wav", silence(2)[None]))
    assert not joined(sound).any()
    assert source.info.speakers == ("speaker-1",)


def test_video_without_sound_still_has_a_speaker(tmp_path: Path) -> None:
    ffmpeg(*BARS, tmp_path / "mute.mp4")
    source, sound, pictures = read(tmp_path / "mute.mp4")
    assert sound == []
    assert len(pictures) == 30
    assert (source.info.has_audio, source.info.speakers, source.truncated) == (False, ("speaker-1",), False)


def test_the_cover_of_a_song_is_no_video(tmp_path: Path) -> None:
    ffmpeg(*BARS, "-frames:v", 1, tmp_path / "cover.png")
    ffmpeg(
        *TONE,
        "-i",
        tmp_path / "cover.png",
        "-map",
        "0",
        "-map",
        "1",
        "-disposition:v",
        "attached_pic",
        tmp_path / "song.mp3",
    )
    source, _, pictures = read(tmp_path / "song.mp3")
    assert (source.info.has_video, pictures) == (False, [])


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("missing.wav", None, "no file"),
        ("empty.wav", b"", "empty"),
        ("text.txt", b"Dear diary, today I did not record anything.\n" * 9, "not a recording"),
        ("noise.mp4", bytes(range(256)) * 40, "not a recording"),
        ("list.m3u8", b"#EXTM3U\n#EXTINF:5,\n/etc/passwd\n", "not a recording"),
    ],
)
def test_what_is_no_recording_is_refused_in_a_sentence(
    name: str, content: bytes | None, says: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(MediaError, match=says) as refusal:
        FileSource.open(tmp_path / name)
    assert name in str(refusal.value)


def test_a_picture_and_a_folder_are_no_recordings(tmp_path: Path) -> None:
    ffmpeg(*BARS, "-frames:v", 1, tmp_path / "still.png")
    with pytest.raises(MediaError, match="not a recording"):
        FileSource.open(tmp_path / "still.png")
    with pytest.raises(MediaError, match="no file"):
        FileSource.open(tmp_path)


def test_a_header_without_sound_or_pictures_is_refused(tmp_path: Path) -> None:
    write_wav(tmp_path / "header.wav", np.zeros((1, 0), np.float32))
    with pytest.raises(MediaError, match="neither sound nor pictures"):
        FileSource.open(tmp_path / "header.wav")


@pytest.mark.parametrize("kind", ["wav", "mp3", "flac", "mkv", "webm", "mp4"])
def test_a_truncated_file_gives_what_is_there_and_says_so(kind: str, tmp_path: Path) -> None:
    whole, cut = tmp_path / f"whole.{kind}", tmp_path / f"cut.{kind}"
    pictures = BARS if kind in {"mkv", "webm", "mp4"} else ()
    ffmpeg(*TONE, *pictures, *(("-movflags", "+faststart") if kind == "mp4" else ()), whole)
    content = whole.read_bytes()
    cut.write_bytes(content[: len(content) * 2 // 3])
    source, sound, _ = read(cut)
    assert source.truncated
    assert 0.8 < len(joined(sound)) / 16_000 < 2.9
    assert pitch(joined(sound)) == pytest.approx(440, abs=1.5)


def test_a_recording_whose_index_was_never_written_says_what_happened(tmp_path: Path) -> None:
    ffmpeg(*TONE, tmp_path / "whole.mp4")
    content = (tmp_path / "whole.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(content[: len(content) // 2])
    with pytest.raises(MediaError, match="cut off while it was saved"):
        FileSource.open(tmp_path / "cut.mp4")


def test_noise_in_the_middle_costs_what_it_covers_and_no_more_and_is_said(tmp_path: Path) -> None:
    path = tmp_path / "both.mp4"
    ffmpeg(*TONE, *BARS, "-movflags", "+faststart", path)
    assert not read(path)[0].damaged
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4_000] = np.random.default_rng(0).bytes(4_000)
    path.write_bytes(content)
    source, sound, _ = read(path)
    assert (source.damaged, source.truncated) == (True, False)
    assert len(joined(sound)) / 16_000 == pytest.approx(3.0, abs=0.5)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "locked.wav", silence(1)[None])
    path.chmod(0)
    with pytest.raises(MediaError, match="cannot be read: Permission denied"):
        FileSource.open(path)


@pytest.mark.parametrize(("late", "early"), [("sound", "pictures"), ("pictures", "sound")])
def test_sound_and_pictures_share_one_clock_whichever_begins_first(late: str, early: str, tmp_path: Path) -> None:
    delay = ("-itsoffset", "1.0")
    inputs = (*delay, *TONE, *BARS) if late == "sound" else (*TONE, *delay, *BARS)
    ffmpeg(*inputs, tmp_path / "late.mkv")
    _, sound, pictures = read(tmp_path / "late.mkv")
    begins = {"sound": sound[0].time, "pictures": pictures[0].time}
    assert begins[early] == pytest.approx(0.0, abs=0.03)
    assert begins[late] == pytest.approx(1.0, abs=0.06)


def write_with_times(path: Path, starts: list[float]) -> None:
    """Half a second of tone at each of these times, so that the file has gaps or overlaps."""
    tone = (0.5 * np.sin(2 * np.pi * 440 * np.arange(24_000) / 48_000)).astype(np.float32)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_f32le", rate=48_000, layout="mono")
        for start in starts:
            frame = av.AudioFrame.from_ndarray(tone[None], "flt", "mono")
            frame.sample_rate, frame.time_base, frame.pts = 48_000, Fraction(1, 48_000), round(start * 48_000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def test_a_gap_in_the_time_stamps_is_silence_and_what_follows_is_in_its_place(tmp_path: Path) -> None:
    write_with_times(tmp_path / "gap.mkv", [0.0, 0.5, 2.0])
    _, sound, _ = read(tmp_path / "gap.mkv")
    pcm = joined(sound)
    assert len(pcm) / 16_000 == pytest.approx(2.5, abs=0.02)
    assert np.abs(pcm[16_400:31_600]).max() == 0
    assert pitch(pcm[32_100:39_900]) == pytest.approx(440, abs=3)


def test_sound_that_overlaps_is_given_once(tmp_path: Path) -> None:
    write_with_times(tmp_path / "overlap.mkv", [0.0, 0.3, 0.8])
    _, sound, _ = read(tmp_path / "overlap.mkv")
    assert len(joined(sound)) / 16_000 == pytest.approx(1.3, abs=0.02)


def test_a_clock_that_was_set_anew_costs_no_sound(tmp_path: Path) -> None:
    write_with_times(tmp_path / "reset.mkv", [100.0, 100.5, 9000.0, 9000.5])
    _, sound, _ = read(tmp_path / "reset.mkv")
    assert len(joined(sound)) / 16_000 == pytest.approx(2.0, abs=0.02)


def conversation() -> Samples:
    """Two voices in turn, [2, n], each on a channel of its own."""
    turns = [
        speak("I did not expect you."),
        speak("Well, here I am.", "rms"),
        speak("So sit down."),
        speak("Yes.", "rms"),
    ]
    left = np.concatenate([turn if index % 2 == 0 else 0 * turn for index, turn in enumerate(turns)])
    right = np.concatenate([turn if index % 2 == 1 else 0 * turn for index, turn in enumerate(turns)])
    return np.stack([left, right])


def test_two_speakers_with_a_channel_each_are_told_apart(tmp_path: Path) -> None:
    rows = conversation()
    rows += np.stack([hiss(rows.shape[1] / 16_000, seed=side)[: rows.shape[1]] for side in (1, 2)])
    source, sound, _ = read(write_wav(tmp_path / "call.wav", rows))
    assert source.info.speakers == ("speaker-1", "speaker-2")
    for row, speaker in zip(rows, source.info.speakers, strict=True):
        np.testing.assert_allclose(joined(sound, speaker), row, atol=1e-3)


def test_two_speakers_are_told_apart_in_opus_as_well(tmp_path: Path) -> None:
    write_wav(tmp_path / "call.wav", conversation())
    ffmpeg("-i", tmp_path / "call.wav", "-c:a", "libopus", "-b:a", "48k", tmp_path / "call.opus")
    assert FileSource.open(tmp_path / "call.opus").info.speakers == ("speaker-1", "speaker-2")


@pytest.mark.parametrize("bleed", [0.3, 1.0])
def test_voices_heard_on_both_channels_are_one_mixed_track(bleed: float, tmp_path: Path) -> None:
    left, right = conversation()
    rows = np.stack([left + bleed * right, right + bleed * left])
    source, sound, _ = read(write_wav(tmp_path / "room.wav", rows))
    assert source.info.speakers == ("speaker-1",)
    np.testing.assert_allclose(joined(sound), rows.mean(axis=0), atol=1e-3)


def test_a_voice_on_one_channel_alone_is_one_speaker(tmp_path: Path) -> None:
    rows = np.stack([speak("Nobody is on the other side."), 0 * speak("Nobody is on the other side.")])
    assert FileSource.open(write_wav(tmp_path / "half.wav", rows)).info.speakers == ("speaker-1",)


def test_each_channel_is_a_speaker_where_that_is_said(tmp_path: Path) -> None:
    rows = np.stack([np.full(16_000, 0.1 * number, np.float32) for number in range(1, 6)])
    path = write_wav(tmp_path / "table.wav", rows)
    source = FileSource.open(path, "split")
    assert source.info.speakers == tuple(f"speaker-{number}" for number in range(1, 6))
    sound = [item for item in source if isinstance(item, AudioChunk)]
    for speaker, row in zip(source.info.speakers, rows, strict=True):
        np.testing.assert_allclose(joined(sound, speaker), row, atol=1e-3)
    call = write_wav(tmp_path / "call.wav", conversation())
    assert FileSource.open(call, "mixed").info.speakers == ("speaker-1",)
    with pytest.raises(MediaError, match="no channels"):
        FileSource.open(write_wav(tmp_path / "mono.wav", rows[:1]), "split")


def test_time_stamps_below_zero_begin_at_zero(tmp_path: Path) -> None:
    ffmpeg(*TONE, *BARS, tmp_path / "whole.mkv")
    early = ("-output_ts_offset", "-1.5", "-avoid_negative_ts", "disabled")
    ffmpeg("-i", tmp_path / "whole.mkv", "-c:v", "mpeg4", "-c:a", "mp3", "-copyts", *early, tmp_path / "early.mkv")
    with av.open(str(tmp_path / "early.mkv")) as container:
        assert (next(container.decode(audio=0)).time or 0) < -1
    _, sound, pictures = read(tmp_path / "early.mkv")
    assert sound[0].time == pytest.approx(0.0, abs=0.06)
    assert len(joined(sound)) / 16_000 == pytest.approx(3.0, abs=0.1)
    assert len(pictures) == pytest.approx(30, abs=1)


@pytest.mark.parametrize(("longer", "sound_seconds", "last_picture"), [("sound", 3.0, 1.0), ("pictures", 1.0, 3.0)])
def test_sound_and_pictures_may_end_apart(
    longer: str, sound_seconds: float, last_picture: float, tmp_path: Path
) -> None:
    short = ("-t", "1")
    inputs = (*TONE, *short, *BARS) if longer == "sound" else (*short, *TONE, *BARS)
    ffmpeg(*inputs, tmp_path / "apart.mkv")
    source, sound, pictures = read(tmp_path / "apart.mkv")
    assert len(joined(sound)) / 16_000 == pytest.approx(sound_seconds, abs=0.06)
    assert pictures[-1].time == pytest.approx(last_picture, abs=0.15)
    assert not source.truncated


def test_an_hour_of_sound_takes_no_more_memory_than_a_minute(tmp_path: Path) -> None:
    minute = write_wav(tmp_path / "minute.wav", hiss(60.0)[None])
    ffmpeg("-stream_loop", 59, "-i", minute, "-c", "copy", tmp_path / "hour.wav")
    before = psutil.Process().memory_info().rss
    seconds = sum(len(item.pcm) for item in FileSource.open(tmp_path / "hour.wav") if isinstance(item, AudioChunk))
    assert seconds / 16_000 == pytest.approx(3600, abs=1)
    assert psutil.Process().memory_info().rss - before < 40e6


def test_a_source_can_be_read_twice_with_the_same_result(tmp_path: Path) -> None:
    ffmpeg(*TONE, *BARS, tmp_path / "both.mp4")
    source = FileSource.open(tmp_path / "both.mp4")
    first, second = ([(item.speaker, item.time) for item in source] for _ in range(2))
    assert first == second
