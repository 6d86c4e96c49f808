"""The sample conversation, and the recording made of it when asked for: its sound with one speaker's picture."""

from importlib.util import find_spec
from math import pi, sin
from pathlib import Path
from typing import Final, cast

import av
import cv2
import numpy as np
import numpy.typing as npt

from streamer.encoding import film_codec, missing_codec
from streamer.samples import SAMPLE, TRANSCRIPT

__all__ = ["SAMPLE", "TRANSCRIPT", "SampleError", "open_portrait", "picture", "write_sample_video"]

WIDTH: Final = 640
HEIGHT: Final = 480
FRAMES_PER_SECOND: Final = 25
_FACE: Final = (226.0, 125.0)  # where the portrait's face is, in its pixels
_SHOWN: Final = 250.0  # how many of the portrait's pixels fill the picture's height
_ZOOM: Final = 0.12
_SWAY: Final = (24.0, 10.0)

Image = npt.NDArray[np.uint8]


class SampleError(Exception):
    """The recording can't be written; the sentence says what to do."""


def write_sample_video(path: Path) -> None:
    """Writes the sample as MP4, 640x480 at 25 pictures a second, its sound untouched. Raises SampleError.

    The picture is scikit-image's portrait of an astronaut (NASA, public domain) that sways slowly: composed, no film.
    """
    portrait = open_portrait()
    codec = film_codec()
    if codec is None:
        raise SampleError(missing_codec())
    try:
        with av.open(str(SAMPLE)) as sound, av.open(str(path), "w", format="mp4") as out:
            _write(sound, out, portrait, codec)
    except OSError as error:
        raise SampleError(f"{path} can't be written: {error.strerror}; choose another place with -o") from error


def open_portrait() -> Image:
    """What `picture` moves over: uint8 RGB. Raises SampleError where scikit-image is missing."""
    if find_spec("skimage") is None:
        raise SampleError("the portrait needs scikit-image; install it with `pip install 'undertone[sample]'`")
    from skimage.data import astronaut

    portrait: Image = astronaut()
    return portrait


def _write(sound: av.container.InputContainer, out: av.container.OutputContainer, portrait: Image, codec: str) -> None:
    pictures = cast(av.VideoStream, out.add_stream(codec, rate=FRAMES_PER_SECOND))
    pictures.width, pictures.height, pictures.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    pictures.bit_rate = 600_000
    pictures.options = {"preset": "veryfast"}
    track = out.add_stream_from_template(sound.streams.audio[0])
    shown = 0
    for packet in sound.demux(audio=0):
        if packet.pts is None or packet.time_base is None:
            continue
        while shown / FRAMES_PER_SECOND <= packet.pts * packet.time_base:
            frame = av.VideoFrame.from_ndarray(picture(portrait, shown / FRAMES_PER_SECOND), format="rgb24")
            frame.pts = shown
            out.mux(pictures.encode(frame))
            shown += 1
        packet.stream = track
        out.mux(packet)
    out.mux(pictures.encode(None))


def picture(portrait: Image, time: float) -> Image:
    """The portrait at a time in seconds, cut out around the face: uint8 [480, 640, 3], RGB."""
    scale = HEIGHT / (_SHOWN * (1 + _ZOOM * sin(2 * pi * time / 13)))
    x = _FACE[0] + _SWAY[0] * sin(2 * pi * time / 7)
    y = _FACE[1] + _SWAY[1] * sin(2 * pi * time / 5)
    move = np.array([[scale, 0, WIDTH / 2 - scale * x], [0, scale, 0.4 * HEIGHT - scale * y]])
    return np.asarray(cv2.warpAffine(portrait, move, (WIDTH, HEIGHT)), np.uint8)
