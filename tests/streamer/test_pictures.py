"""Pictures: looked at before they are unfolded, converted off the loop, the newest first."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamer.errors import Refused
from streamer.protocol import ErrorCode
from streamer.server.pictures import MAX_WIDTH, Picture, Pictures, check_jpeg, decode_jpeg, jpeg_size


def jpeg(width: int, height: int, *, progressive: bool = False) -> bytes:
    image = np.random.default_rng(1).integers(0, 255, (height, width, 3), np.uint8)
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive)])[1].tobytes()


@given(st.integers(1, 300), st.integers(1, 300), st.booleans())
@settings(max_examples=30, deadline=None)
def test_the_header_tells_the_size_that_decoding_gives(width: int, height: int, progressive: bool) -> None:
    data = jpeg(width, height, progressive=progressive)
    assert jpeg_size(data) == (width, height)
    assert decode_jpeg(data).shape == (height, width, 3)


@given(st.binary(max_size=200), st.integers(0, 400))
@settings(max_examples=200, deadline=None)
def test_no_data_breaks_the_look_at_the_header(tail: bytes, kept: int) -> None:
    size = jpeg_size(jpeg(16, 16)[:kept] + tail)
    assert size is None or len(size) == 2


def test_colours_come_in_the_order_red_green_blue() -> None:
    red = np.zeros((32, 32, 3), np.uint8)
    red[:, :, 2] = 255
    data = cv2.imencode(".jpg", red)[1].tobytes()
    assert decode_jpeg(data)[16, 16].argmax() == 0


def test_wide_pictures_are_scaled_down_in_proportion() -> None:
    assert decode_jpeg(jpeg(1920, 1080)).shape == (720, MAX_WIDTH, 3)


def test_too_many_pixels_are_refused_by_the_header_alone() -> None:
    with pytest.raises(Refused) as refused:
        check_jpeg(jpeg(100, 100), max_pixels=9_999)
    assert refused.value.code is ErrorCode.TOO_LARGE
    check_jpeg(jpeg(100, 100), max_pixels=10_000)


async def test_the_newest_waits_and_older_ones_are_dropped_and_counted() -> None:
    gate, delivered, dropped = threading.Event(), asyncio.Queue[float](), []
    first_began = asyncio.Event()
    loop = asyncio.get_running_loop()

    def convert(_: str) -> Picture:
        loop.call_soon_threadsafe(first_began.set)
        gate.wait(10)
        return np.zeros((1, 1, 3), np.uint8)

    with ThreadPoolExecutor(1) as threads:
        pictures = Pictures(
            convert,
            lambda time, _: delivered.put_nowait(time),
            threads=threads,
            refuse=lambda refused: pytest.fail(str(refused)),
            dropped=lambda: dropped.append(1),
        )
        running = asyncio.create_task(pictures.run())
        pictures.offer(0.0, "first")
        await first_began.wait()
        for time in (1.0, 2.0, 3.0):
            pictures.offer(time, "later")
        gate.set()
        async with asyncio.timeout(10):
            assert [await delivered.get(), await delivered.get()] == [0.0, 3.0]
        running.cancel()
    assert len(dropped) == 2
