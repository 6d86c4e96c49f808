"""Mel frames: their shape, and what they forget."""

import numpy as np
import numpy.typing as npt
import pytest
import torch

from engine.mel import MELS, _filters, mel_frames, normalise


def tone(hertz: float, seconds: float = 1.0) -> npt.NDArray[np.float32]:
    noise = np.random.default_rng(0).standard_normal(int(seconds * 16_000)) * 0.01
    pcm: npt.NDArray[np.float64] = np.sin(2 * np.pi * hertz * np.arange(len(noise)) / 16_000) + noise
    return pcm.astype(np.float32)


@pytest.mark.parametrize("samples", [1, 160, 4_800, 16_000, 16_001])
def test_there_is_a_frame_every_ten_milliseconds(samples: int) -> None:
    assert mel_frames(np.ones(samples, dtype=np.float32)).shape == (samples // 160 + 1, MELS)


def test_a_louder_microphone_changes_nothing() -> None:
    assert torch.allclose(mel_frames(tone(300) * 0.02), mel_frames(tone(300) * 0.7), atol=1e-3)


def test_a_higher_tone_is_in_a_higher_band() -> None:
    bands = [int(mel_frames(tone(hertz)).mean(dim=0).argmax()) for hertz in (200, 600, 1_500, 4_000)]
    assert bands == sorted(set(bands))


def test_every_utterance_has_the_same_power_on_average() -> None:
    powers = [float(mel_frames(tone(hertz, seconds)).sum(dim=1).mean()) for hertz, seconds in ((440, 2.0), (90, 0.4))]
    assert powers == pytest.approx([0.39, 0.39], rel=1e-4)


def test_what_lies_far_under_the_peak_is_cut() -> None:
    quiet = torch.full((20, MELS), -90.0)
    quiet[3, 5] = 0.0
    power = normalise(quiet)
    assert float(power.max() / power.min()) == pytest.approx(1e6, rel=1e-3)


def test_silence_is_all_zeros() -> None:
    assert not mel_frames(np.zeros(8_000, dtype=np.float32)).any()


@pytest.mark.parametrize("shape", [(0,), (2, 160)])
def test_what_is_not_one_utterance_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="need samples"):
        mel_frames(np.zeros(shape, dtype=np.float32))


def test_the_bands_are_slaneys() -> None:
    audio_utils = pytest.importorskip("transformers.audio_utils")
    bank = audio_utils.mel_filter_bank(201, MELS, 0.0, 8_000.0, 16_000, norm="slaney", mel_scale="slaney")
    assert torch.allclose(_filters(torch.device("cpu")).double(), torch.from_numpy(bank), atol=1e-9)
