"""The nets that tell speakers apart, as they come with Undertone."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from engine.bundle import PACKAGED, load_weights
from engine.errors import BundleError
from engine.mel import decibels, normalise
from engine.speakers.segmentation import LocalSpeech, SegmentationNet, local_speech
from engine.speakers.voice import VoiceNet, embed
from engine.storage import pack
from engine.threads import one_thread_each

FOLDER: Final = PACKAGED / "undertone-speakers"
_HASHES: Final = "sha256.json"

Samples = npt.NDArray[np.float32]


class SpeakerModels:
    """Stateless once loaded; may be used from any thread."""

    def __init__(self, segmentation: SegmentationNet, voice: VoiceNet) -> None:
        self._segmentation = segmentation.eval()
        self._voice = voice.eval()

    @classmethod
    def load(cls, folder: Path = FOLDER) -> Self:
        """Reads and checks the weights, 16-bit safetensors of 5.9 MB in all. Raises BundleError.

        Torch is set to one thread for each of ours, as by `Engine.load`: two that share out a window of ten seconds
        spin while they wait for each other, for minutes where the cores have other work.
        """
        one_thread_each()
        segmentation, voice = SegmentationNet(), VoiceNet()
        hashes = _read_hashes(folder)
        for file, net in _files(segmentation, voice).items():
            load_weights(net, _read(folder / file, hashes.get(file)), folder / file)
        return cls(segmentation, voice)

    def listen(self, pcm: Samples) -> LocalSpeech:
        """Who speaks when in a window of at most ten seconds, float32 [n] at 16 kHz."""
        return local_speech(self._segmentation, pcm)

    def voices(self, pcm: Samples, who: npt.NDArray[np.bool_]) -> Samples:
        """The voice in those 10 ms frames of pcm, float32 [n], that each row of `who` [k, n // 160 + 1] marks.

        Unit vectors, float32 [k, 256]. Raises ValueError for a row that marks nothing.
        """
        energy = decibels(pcm)
        if not who.any(axis=1).all():
            raise ValueError("a voice needs frames that are its own; a row marks none")
        marked = [energy[torch.from_numpy(row[: len(energy)])] for row in who]
        return torch.stack([embed(self._voice, normalise(frames)) for frames in marked]).numpy()


@cache
def packaged() -> SpeakerModels:
    """Those that come with Undertone, loaded once. Raises BundleError."""
    return SpeakerModels.load()


def save(folder: Path, segmentation: SegmentationNet, voice: VoiceNet, card: str) -> None:
    """Writes the folder that `SpeakerModels.load` reads."""
    folder.mkdir(parents=True, exist_ok=True)
    data = {file: pack(net) for file, net in _files(segmentation, voice).items()}
    for file, content in data.items():
        (folder / file).write_bytes(content)
    hashes = {file: hashlib.sha256(content).hexdigest() for file, content in data.items()}
    (folder / _HASHES).write_text(json.dumps(hashes, indent=2) + "\n", encoding="utf-8")
    (folder / "MODEL_CARD.md").write_text(card, encoding="utf-8")


def _files(segmentation: nn.Module, voice: nn.Module) -> dict[str, nn.Module]:
    return {"segmentation.safetensors": segmentation, "voice.safetensors": voice}


def _read_hashes(folder: Path) -> dict[str, str]:
    try:
        hashes = json.loads((folder / _HASHES).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BundleError(f"{folder / _HASHES} can't be read ({error}); install undertone again") from error
    return dict(hashes)


def _read(path: Path, sha256: str | None) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path} is missing or can't be read; install undertone again") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise BundleError(f"{path} is not the file that {_HASHES} lists (SHA-256 differs); install undertone again")
    return data
