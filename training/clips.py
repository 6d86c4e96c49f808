"""Voice clips as mel frames, decoded once and kept under `runs/`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import torch
from rich.progress import track
from torch import Tensor

from engine.mel import MELS, decibels
from engine.utterance import MIN_AUDIO_SECONDS, SAMPLE_RATE
from training.corpora.voices import Clip

_QUIET_DB = 35.0  # under the clip's loudest 20 ms
_MARGIN = 10  # frames of 20 ms kept on each side, as the segmenter keeps them


@dataclass(frozen=True, slots=True)
class Features:
    """frames: float16 [all, 40] in decibels, one clip after another; starts: [clips + 1]; labels: [clips]."""

    frames: npt.NDArray[np.float16]
    starts: npt.NDArray[np.int64]
    labels: Tensor
    clips: Sequence[Clip]

    def __getitem__(self, index: int) -> Tensor:
        return torch.from_numpy(self.frames[self.starts[index] : self.starts[index + 1]].astype(np.float32))


def read_pcm(path: Path) -> npt.NDArray[np.float32]:
    """Any clip that PyAV reads, as float32 mono at 16 kHz."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
    with av.open(str(path)) as file:
        frames = [out for frame in file.decode(audio=0) for out in resampler.resample(frame)]
    frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray()[0] for frame in frames])


def trim(pcm: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Without the silence around the speech: a live utterance has none either."""
    step = SAMPLE_RATE // 50
    energy = np.square(pcm[: len(pcm) // step * step].reshape(-1, step)).mean(axis=1)
    loud = np.flatnonzero(energy > energy.max() * 10 ** (-_QUIET_DB / 10))
    if len(loud) == 0:
        return pcm
    cut = pcm[max(0, loud[0] - _MARGIN) * step : (loud[-1] + 1 + _MARGIN) * step]
    return cut if len(cut) >= MIN_AUDIO_SECONDS * SAMPLE_RATE else pcm


def load_features(clips: Sequence[Clip], cache: Path) -> Features:
    """Reads `cache` if it was made from the same clips, else decodes them and writes it."""
    names = [f"{clip.speaker}/{clip.path.name}" for clip in clips]
    labels = torch.tensor([clip.label for clip in clips])
    if cache.exists():
        with np.load(cache, allow_pickle=False) as kept:
            if kept["names"].tolist() == names and kept["frames"].shape[1] == MELS:
                return Features(kept["frames"], kept["starts"], labels, clips)
    mels = [decibels(trim(read_pcm(clip.path))).numpy().astype(np.float16) for clip in track(clips, "decoding voices")]
    frames = np.concatenate(mels) if mels else np.empty((0, MELS), dtype=np.float16)
    starts = np.cumsum([0, *(len(mel) for mel in mels)])
    cache.parent.mkdir(parents=True, exist_ok=True)
    np.savez(cache, frames=frames, starts=starts, names=np.array(names))
    return Features(frames, starts, labels, clips)
