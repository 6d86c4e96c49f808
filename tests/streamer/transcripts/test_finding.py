"""The transcript beside a recording."""

from pathlib import Path

import pytest

from streamer.exports import FORMATS
from streamer.transcripts.finding import transcript_beside
from tests.conversations import conversation, utterance


@pytest.mark.parametrize(
    ("media", "transcript"),
    [
        ("meeting.mp4", "meeting.vtt"),
        ("meeting.mp4", "meeting.srt"),
        ("GMT20260101-100000_Recording_1920x1080.mp4", "GMT20260101-100000_Recording.transcript.vtt"),
        ("GMT20260101-100000_Recording.m4a", "GMT20260101-100000_Recording.transcript.vtt"),
    ],
)
def test_a_transcript_of_the_recordings_name_is_found(media: str, transcript: str, tmp_path: Path) -> None:
    (tmp_path / media).touch()
    (tmp_path / "another.vtt").write_text("WEBVTT\n")
    assert transcript_beside(tmp_path / media) is None
    (tmp_path / transcript).write_text("WEBVTT\n")
    assert transcript_beside(tmp_path / media) == tmp_path / transcript


@pytest.mark.parametrize("format", ["vtt", "srt"])
@pytest.mark.parametrize("unsure", [True, False])
def test_captions_that_undertone_wrote_are_no_transcript(format: str, unsure: bool, tmp_path: Path) -> None:
    said = conversation(utterance("ann", 0.5, 2.0, "they gave me the job", unsure=unsure))
    (tmp_path / f"meeting.{format}").write_text(FORMATS[format].render(said))
    assert transcript_beside(tmp_path / "meeting.mp4") is None
