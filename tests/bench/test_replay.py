"""`undertone bench replay` over a real file."""

import wave
from pathlib import Path

import numpy as np
import pytest

from bench.errors import CannotMeasure
from bench.replay import measure
from streamer.sources.file import FileSource, VideoFrame
from tests.tiny_media import write_film
from tests.voices import silence, speak


async def test_a_recording_is_read_several_times_and_its_speed_told_with_its_spread(
    tiny_bundle: Path, tmp_path: Path
) -> None:
    path = tmp_path / "call.wav"
    pcm = np.concatenate([silence(0.4), speak("that is very good news"), silence(1.5), speak("I am so happy")])
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes((pcm * 32767).astype("<i2").tobytes())
    record = await measure(str(path), str(tiny_bundle), "none", repetitions=2)
    figures = record.figures
    assert figures["speed"].n == record.repetitions == 2
    assert figures["speed"].spread is not None
    assert figures["speed"].minimum > 0
    assert figures["utterances"].p50 == 2
    assert figures["media"].p50 == pytest.approx(len(pcm) / 16_000, abs=0.01)
    assert (record.settings["file"], record.settings["recogniser"]) == ("call.wav", "none")


@pytest.mark.parametrize(("alone", "pictures"), [(False, 8), (True, 0)])
async def test_pictures_can_be_left_out(tiny_bundle: Path, tmp_path: Path, alone: bool, pictures: int) -> None:
    film = write_film(tmp_path / "film.mp4")
    record = await measure(str(film), str(tiny_bundle), "none", sound_alone=alone, repetitions=1)
    assert record.figures["pictures looked at"].p50 == pictures
    source = FileSource.open(film)
    assert any(isinstance(item, VideoFrame) for item in source)
    assert not any(isinstance(item, VideoFrame) for item in source.sound_alone())


async def test_what_cannot_be_read_is_said_in_a_sentence(tiny_bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(CannotMeasure, match="no file"):
        await measure(str(tmp_path / "missing.mp4"), str(tiny_bundle), "none")
    silent = write_film(tmp_path / "silent.mp4", sound=False)
    with pytest.raises(CannotMeasure, match="has no sound"):
        await measure(str(silent), str(tiny_bundle), "none", sound_alone=True)
