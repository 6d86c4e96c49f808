"""The annotated recording: what was read is in the pictures, the sound is as it was, the clock has not moved."""

from pathlib import Path
from typing import Any, Literal

import av
import numpy as np
import pytest

from streamer.exports import ExportError
from streamer.exports.film import annotate
from streamer.exports.overlay import Overlay
from streamer.protocol import FaceBox, FacesEvent
from streamer.sources.file import MediaError
from tests.conversations import emotion, events, transcript, utterance
from tests.tiny_media import write_film

SAID = utterance("ann", 0.3, 0.5, "so it is", "anger")
FACE = FaceBox(id=1, x=0.25, y=0.5, width=0.5, height=0.25, label="joy", unsure=False, confidence=0.8)
BLACK = np.zeros((240, 320, 3), np.uint8)


def _seen(at: float, *faces: FaceBox) -> FacesEvent:
    return FacesEvent(participant="ann", at=at, faces=faces, latency_ms=1.0)


def _packets(path: Path, kind: Literal["audio", "video"]) -> list[tuple[Any, bytes]]:
    with av.open(str(path)) as file:
        stream = file.streams.best(kind)
        return [(packet.pts, bytes(packet)) for packet in file.demux(stream) if packet.size]


def _pictures(path: Path) -> list[tuple[float, Any]]:
    with av.open(str(path)) as file:
        return [(round(frame.time or 0, 3), frame.to_ndarray(format="rgb24")) for frame in file.decode(video=0)]


@pytest.mark.parametrize("name", ["film.mp4", "film.avi"])
def test_every_picture_keeps_its_time_and_the_sound_that_mp4_can_carry_is_untouched(tmp_path: Path, name: str) -> None:
    media = write_film(tmp_path / name)
    annotate(media, events(transcript(SAID), emotion(SAID)), tmp_path / "out.mp4")
    before, after = _pictures(media), _pictures(tmp_path / "out.mp4")
    assert [time for time, _ in after] == [time for time, _ in before]
    assert [data for _, data in _packets(tmp_path / "out.mp4", "audio")] == [
        data for _, data in _packets(media, "audio")
    ]
    changed = [np.abs(one.astype(int) - other).max() > 90 for (_, one), (_, other) in zip(before, after, strict=True)]
    assert [index for index, drawn in enumerate(changed) if drawn] == [3, 4]


def test_sound_that_mp4_cannot_carry_is_encoded_anew(tmp_path: Path) -> None:
    media = tmp_path / "film.mkv"
    with av.open(str(write_film(tmp_path / "film.mp4"))) as source, av.open(str(media), "w") as out:
        film, sound = out.add_stream_from_template(source.streams.video[0]), out.add_stream("pcm_s16le", rate=16_000)
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = film
                out.mux(packet)
        tone = av.AudioFrame.from_ndarray(np.zeros((1, 12_800), np.int16), format="s16", layout="mono")
        tone.sample_rate, tone.pts = 16_000, 0
        out.mux(sound.encode(tone))
        out.mux(sound.encode(None))
    annotate(media, events(emotion(SAID)), tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as out:
        assert out.streams.audio[0].codec_context.name == "aac"
        assert sum(frame.samples for frame in out.decode(audio=0)) >= 12_800


def test_a_face_is_drawn_where_and_while_it_was_seen() -> None:
    overlay = Overlay(events(_seen(1.0, FACE), _seen(1.4), _seen(3.0, FACE)), origin=10.0)
    drawn = overlay.draw(BLACK, 11.2)
    assert drawn[120, 160].any()  # the upper edge, half way down, in the middle
    assert not drawn[150, 160].any()
    assert overlay.faces_at(0.9) == []
    assert overlay.faces_at(1.45) == []
    assert overlay.faces_at(3.4) == [FACE]
    assert overlay.faces_at(3.6) == []


def test_a_caption_is_shown_while_its_utterance_is_spoken() -> None:
    overlay = Overlay(events(transcript(SAID), emotion(SAID)), origin=0.0)
    assert overlay.draw(BLACK, 0.4)[200:].any()
    assert not overlay.draw(BLACK, 0.2).any()
    assert not overlay.draw(BLACK, 0.5).any()


def test_what_has_no_pictures_and_the_recording_itself_are_refused(tmp_path: Path) -> None:
    media = write_film(tmp_path / "film.mp4")
    with pytest.raises(ExportError, match="is the recording itself"):
        annotate(media, events(emotion(SAID)), media)
    with pytest.raises(MediaError, match="no file"):
        annotate(tmp_path / "none.mp4", events(emotion(SAID)), tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()
