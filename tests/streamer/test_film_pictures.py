"""The pictures of recordings: which are given, and that they are whole, upright and not too large."""

from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from streamer.sources import track
from streamer.sources.file import AudioChunk, FileSource, VideoFrame, upright
from streamer.sources.track import Track
from tests.recordings import BARS, TONE, ffmpeg


def look(path: Path) -> list[VideoFrame]:
    """All pictures of a file."""
    return list(FileSource.open(path).pictures())


def test_a_picture_taken_with_a_turned_camera_is_upright(tmp_path: Path) -> None:
    ffmpeg(
        "-f",
        "lavfi",
        "-i",
        "color=red:duration=1:rate=10:size=320x240,drawbox=w=320:h=60:color=blue:t=fill",
        tmp_path / "flat.mp4",
    )
    ffmpeg("-i", tmp_path / "flat.mp4", "-c", "copy", "-metadata:s:v", "rotate=90", tmp_path / "turned.mp4")
    ffmpeg("-i", tmp_path / "turned.mp4", "-frames:v", 1, tmp_path / "upright.png")
    with av.open(str(tmp_path / "upright.png")) as still:
        expected = next(still.decode(video=0)).to_ndarray(format="rgb24")
    if expected.shape != (320, 240, 3):
        pytest.skip("this ffmpeg does not write a camera's orientation from the rotate tag")
    pictures = look(tmp_path / "turned.mp4")
    assert np.abs(pictures[0].image.astype(int) - expected).mean() < 3


def test_large_pictures_are_made_smaller(tmp_path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "testsrc=duration=0.2:rate=10:size=2560x1440", tmp_path / "large.mp4")
    pictures = look(tmp_path / "large.mp4")
    assert pictures[0].image.shape == (720, 1280, 3)


def test_pictures_at_an_uneven_rate_come_at_most_ten_a_second_at_their_own_times(tmp_path: Path) -> None:
    uneven = ("-vf", "select='not(mod(n,7))+lt(t,1)'", "-fps_mode", "vfr")
    ffmpeg(*BARS, *uneven, tmp_path / "uneven.mkv")
    pictures = look(tmp_path / "uneven.mkv")
    times = [picture.time for picture in pictures]
    assert all(later - one > 0.05 for one, later in pairwise(times))
    assert sum(time < 1 for time in times) == 10
    assert times[-1] == pytest.approx(2.8, abs=0.1)


@pytest.mark.parametrize("kind", ["mp4", "mkv", "webm", "mpg"])
def test_pictures_from_a_time_on_are_the_same_as_if_all_were_read(kind: str, tmp_path: Path) -> None:
    ffmpeg(*TONE, *BARS, "-g", 10, tmp_path / f"both.{kind}")
    source = FileSource.open(tmp_path / f"both.{kind}")
    whole = [item for item in source if isinstance(item, AudioChunk) or item.time >= 1.5]
    late = list(source.read(pictures_from=1.5))
    assert [(type(item), item.time) for item in late] == [(type(item), item.time) for item in whole]
    for one, other in zip(late, whole, strict=True):
        if isinstance(one, VideoFrame) and isinstance(other, VideoFrame):
            np.testing.assert_array_equal(one.image, other.image)


@pytest.mark.parametrize(
    ("kind", "coded"),
    [
        ("mp4", ("-bf", 3)),
        ("mp4", ("-bf", 16, "-refs", 8)),
        ("mkv", ("-bf", 3, "-flags", "+ilme+ildct")),
        ("ts", ("-c:v", "mpeg2video", "-bf", 2)),
        ("webm", ()),
    ],
)
def test_each_tenth_of_a_second_gives_its_first_picture_as_if_all_were_decoded(
    kind: str, coded: tuple[str | int, ...], tmp_path: Path
) -> None:
    path = tmp_path / f"film.{kind}"
    ffmpeg("-f", "lavfi", "-i", "testsrc=duration=4:rate=29.97:size=320x240", *coded, path)
    first: dict[int, av.VideoFrame] = {}
    with av.open(path) as whole:
        frames = list(whole.decode(video=0))
    for frame in frames:
        first.setdefault(int(10 * ((frame.time or 0.0) - (frames[0].time or 0.0)) + 1e-6), frame)
    pictures = look(path)
    assert len(pictures) == len(first) == 40
    for picture, frame in zip(pictures, first.values(), strict=True):
        np.testing.assert_array_equal(picture.image, upright(frame))


@pytest.mark.parametrize(("coded", "least", "most"), [(("-bf", 3), 50, 60), (("-bf", 0), 75, 75)])
def test_pictures_that_are_not_given_are_decoded_only_if_others_are_made_from_them(
    coded: tuple[str | int, ...], least: int, most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ffmpeg(*BARS, "-c:v", "libx264", *coded, tmp_path / "film.mp4")
    monkeypatch.setattr(track, "_first_of_each", lambda frames, _: frames)
    decoded = list(Track(tmp_path / "film.mp4", "video").video(part=lambda time: int(10 * time + 1e-6)))
    assert least <= len(decoded) <= most
