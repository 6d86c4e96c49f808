"""Frames of a video file, spread over an utterance."""

from pathlib import Path

import av
import numpy as np
import numpy.typing as npt


class Undecodable(FileNotFoundError):
    """A file is there, but its media can't be read; the message names it."""


def read_frames(path: Path, count: int, size: int, span: tuple[float, float] | None = None) -> npt.NDArray[np.uint8]:
    """`count` frames at even distances within the span (seconds; None: the whole file), uint8 [count, size, size, 3].

    The whole picture is scaled to a square, as a face may be anywhere in it; past the end of the film its last frame is
    repeated. Raises Undecodable.
    """
    try:
        with av.open(str(path)) as file:
            return _spread(file, count, size, span)
    except (av.FFmpegError, IndexError) as error:  # IndexError: no video stream
        raise Undecodable(f"{path} can't be decoded ({error}); replace it, or remove it to do without") from error


def _spread(
    file: av.container.InputContainer, count: int, size: int, span: tuple[float, float] | None
) -> npt.NDArray[np.uint8]:
    stream = file.streams.video[0]
    start, end = span or (0.0, (file.duration or 0) / av.time_base)
    first = (file.start_time or 0) / av.time_base  # a cut clip may keep the clock of what it was cut from
    times = first + start + (end - start) * (np.arange(count) + 0.5) / count
    if start > 0.0:
        file.seek(int((first + start) * av.time_base))  # to the key frame before it
    taken: list[npt.NDArray[np.uint8]] = []
    last: av.VideoFrame | None = None
    for frame in file.decode(stream):
        while len(taken) < count and last is not None and (frame.time or 0.0) > times[len(taken)]:
            taken.append(_square(last, size))
        last = frame
        if len(taken) == count:
            break
    if last is None:
        raise IndexError("it holds no frames there")
    taken += [_square(last, size)] * (count - len(taken))
    return np.stack(taken)


def _square(frame: av.VideoFrame, size: int) -> npt.NDArray[np.uint8]:
    return frame.reformat(width=size, height=size, format="rgb24").to_ndarray().astype(np.uint8, copy=False)
