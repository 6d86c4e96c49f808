"""Are the two channels of a recording two speakers, or one room?"""

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from streamer.audio import FRAME, Samples

_BELOW_LOUDEST_DB: Final = 25.0
_QUIETEST_DB: Final = -60.0
_LEAST_ACTIVE_FRAMES: Final = 25
_MOST_OVERLAP: Final = 0.3
_MOST_CORRELATION: Final = 0.5


def separate_speakers(stereo: Iterable[Samples]) -> bool:
    """True if the channels, float32 [2, n] at 16 kHz, carry a speaker each.

    They do if both are active for half a second or more, seldom at once (in under 30 % of the frames of the less active
    one), and are not the same sound when they are. Active are frames of 20 ms within 25 dB of the channel's loudest.
    """
    rest: Samples = np.zeros((2, 0), np.float32)
    measured: list[tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]] = []
    for pcm in stereo:
        joined = np.concatenate([rest, pcm], axis=1)
        whole = joined.shape[1] // FRAME * FRAME
        rest = joined[:, whole:]
        measured.append(_measure(joined[:, :whole].reshape(2, -1, FRAME)))
    if not measured:
        return False
    levels = np.concatenate([levels for levels, _ in measured], axis=1)
    likeness = np.concatenate([likeness for _, likeness in measured])
    return _apart(levels, likeness)


def _measure(frames: Samples) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Levels in dB [2, k] and the correlation of the channels [k], of frames [2, k, 320]."""
    power = np.mean(np.square(frames), axis=2)
    cross = np.mean(frames[0] * frames[1], axis=1)
    likeness = np.abs(cross) / np.sqrt(power[0] * power[1] + 1e-20)
    return (10 * np.log10(power + 1e-12)).astype(np.float32), likeness.astype(np.float32)


def _apart(levels: npt.NDArray[np.float32], likeness: npt.NDArray[np.float32]) -> bool:
    if not levels.shape[1]:
        return False
    loudest = np.percentile(levels, 99.5, axis=1, keepdims=True)
    active = levels > np.maximum(loudest - _BELOW_LOUDEST_DB, _QUIETEST_DB)
    least = int(active.sum(axis=1).min())
    if least < _LEAST_ACTIVE_FRAMES:
        return False
    both = active.all(axis=0)
    if both.sum() > _MOST_OVERLAP * least:
        return False
    return not both.any() or float(likeness[both].mean()) < _MOST_CORRELATION
