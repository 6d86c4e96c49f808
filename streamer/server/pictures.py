"""Pictures on their way to a participant: turned into RGB off the event loop; one waits at most, the newest."""

import asyncio
import logging
import struct
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Final, Generic, TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from streamer.errors import Refused
from streamer.protocol import ErrorCode

Picture = npt.NDArray[np.uint8]
_log = logging.getLogger(__name__)
MAX_WIDTH: Final = 1280
_Source = TypeVar("_Source")
_START_OF_FRAME: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})


class Pictures(Generic[_Source]):
    """A slot of one. While a picture is being converted the newest waits; the one that it replaces is dropped."""

    def __init__(
        self,
        convert: Callable[[_Source], Picture],
        deliver: Callable[[float, Picture], None],
        *,
        threads: Executor,
        refuse: Callable[[Refused], None],
        dropped: Callable[[], None],
    ) -> None:
        self._convert = convert
        self._deliver = deliver
        self._threads = threads
        self._refuse = refuse
        self._dropped = dropped
        self._waiting: tuple[float, _Source] | None = None
        self._came = asyncio.Event()

    def offer(self, time: float, source: _Source) -> None:
        """Takes a picture with its media time; never blocks."""
        if self._waiting is not None:
            self._dropped()
        self._waiting = (time, source)
        self._came.set()

    async def run(self) -> None:
        """Converts and delivers what is offered, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await self._came.wait()
            self._came.clear()
            if self._waiting is None:
                continue
            (time, source), self._waiting = self._waiting, None
            try:
                self._deliver(time, await loop.run_in_executor(self._threads, self._convert, source))
            except Refused as refused:
                self._refuse(refused)
            except Exception:
                _log.exception("a picture could not be converted")
                self._refuse(Refused(ErrorCode.INTERNAL, "a picture failed on the server; its log says why"))


def decode_jpeg(data: bytes) -> Picture:
    """RGB uint8 [H, W, 3], at most 1280 wide. Raises Refused(BAD_MEDIA) where the data is no whole JPEG picture."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    if image is None:
        raise Refused(ErrorCode.BAD_MEDIA, "the video frame can't be decoded; send whole JPEG pictures")
    height, width = image.shape[:2]
    if width > MAX_WIDTH:
        image = cv2.resize(image, (MAX_WIDTH, max(1, height * MAX_WIDTH // width)), interpolation=cv2.INTER_AREA)
    return np.asarray(image, np.uint8)


def check_jpeg(data: bytes, max_pixels: int) -> None:
    """Looks at the header alone, so that a small file can't unfold into a huge picture.

    Raises Refused: BAD_MEDIA, TOO_LARGE.
    """
    size = jpeg_size(data)
    if size is None:
        raise Refused(ErrorCode.BAD_MEDIA, "the payload of a video frame must be a JPEG picture; this one is not")
    width, height = size
    if not 0 < width * height <= max_pixels:
        message = (
            f"a picture of {width}x{height} is over the limit of {max_pixels} pixels; scale it down before sending"
        )
        raise Refused(ErrorCode.TOO_LARGE, message)


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Width and height from the frame header (ITU-T T.81, B.2.2), or None where there is none."""
    if data[:2] != b"\xff\xd8":
        return None
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in _START_OF_FRAME:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        if marker == 0xFF:
            at += 1
        elif marker in _STANDALONE:
            at += 2
        else:
            at += 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
    return None
