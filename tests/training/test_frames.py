"""Frames spread over an utterance."""

from pathlib import Path

import numpy as np
import pytest

from tests.tiny_corpora import write_tone
from tests.tiny_media import write_film
from training.frames import Undecodable, read_frames


def test_frames_are_spread_evenly_over_the_whole_file(tmp_path: Path) -> None:
    frames = read_frames(write_film(tmp_path / "x.mp4", seconds=4.0), 4, 24)
    assert frames.shape == (4, 24, 24, 3)
    assert frames.dtype == np.uint8
    assert (frames.mean(axis=(1, 2, 3)) / 255).tolist() == pytest.approx([0.125, 0.375, 0.625, 0.875], abs=0.04)


@pytest.mark.parametrize("name", ["x.mp4", "x.avi"])
def test_a_span_begins_between_key_frames(tmp_path: Path, name: str) -> None:
    frames = read_frames(write_film(tmp_path / name, seconds=4.0), 1, 24, (2.4, 2.8))
    assert frames.mean() / 255 == pytest.approx(2.6 / 4, abs=0.04)


def test_a_film_shorter_than_the_clip_repeats_its_frames(tmp_path: Path) -> None:
    frames = read_frames(write_film(tmp_path / "x.mp4", seconds=0.2), 8, 24)
    assert len(frames) == 8
    assert frames[0].mean() < 20
    assert frames[-1].mean() > 235


def test_past_the_end_of_the_film_its_last_frame_is_repeated(tmp_path: Path) -> None:
    frames = read_frames(write_film(tmp_path / "x.mp4", seconds=1.0), 2, 24, (0.9, 5.0))
    assert frames.mean(axis=(1, 2, 3)).min() > 235


def test_what_cannot_be_decoded_is_named(tmp_path: Path) -> None:
    write_tone(tmp_path / "sound.wav", 1)
    (tmp_path / "torn.mp4").write_bytes(write_film(tmp_path / "whole.mp4").read_bytes()[:300])
    for name in ("sound.wav", "torn.mp4"):
        with pytest.raises(Undecodable, match=f"{name} can't be decoded"):
            read_frames(tmp_path / name, 4, 24)
