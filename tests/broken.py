"""Recordings that are odd or broken in every way that users meet: `python -m tests.broken FOLDER` writes them all.

Each says in its name what is wrong with it. Those that can be read hold the same five seconds of two voices in turn.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from streamer.audio import Samples
from tests.recordings import call, ffmpeg, write_wav

_TURNS: Final = (("ann", "Where have you been?"), ("ben", "I was at home."))
_BARS: Final = ("-f", "lavfi", "-i", "testsrc=duration=8:rate=25:size=320x240")


def talk() -> Samples:
    """Two voices in turn, float32 [1, n]."""
    mixed: Samples = call(_TURNS).sum(axis=0, keepdims=True)
    return mixed


def write_all(folder: Path) -> list[Path]:
    """Every one of them, in a folder that exists."""
    whole = write_wav(folder / "whole.wav", talk())
    film = folder / "whole.mp4"
    ffmpeg("-i", whole, *_BARS, "-shortest", film)
    for name, arguments in _CONVERTED.items():
        ffmpeg("-i", whole, *arguments, folder / name)
    for name, arguments in _FILMED.items():
        ffmpeg("-i", film, *arguments, folder / name)
    for name, write in _WRITTEN.items():
        write(folder / name, film)
    return sorted(folder.iterdir())


_CONVERTED: Final[dict[str, tuple[str | int, ...]]] = {
    "24 kHz.wav": ("-ar", 24_000),
    "8 kHz.wav": ("-ar", 8_000),
    "five channels.wav": ("-ac", 5),
    "5.1.flac": ("-ac", 6),
    "one channel silent.wav": ("-af", "pan=stereo|c0=c0|c1=0*c0"),
    "phone.wav": ("-ar", 8_000, "-c:a", "pcm_mulaw"),
    "sound without pictures.mp4": (),
    'it\'s "quoted", 100 % done [x] {name}.wav': (),
    "Grüße, 会議 🎙 שלום.m4a": (),
    "-leading dash.wav": (),
}
_FILMED: Final[dict[str, tuple[str | int, ...]]] = {
    "uneven rate.mkv": ("-vf", "select=not(mod(n\\,7))+lt(t\\,1)", "-fps_mode", "vfr", "-c:a", "copy"),
    "early clock.mkv": ("-c:v", "mpeg4", "-c:a", "mp3", "-output_ts_offset", "-1.5", "-avoid_negative_ts", "disabled"),
    "late clock.ts": ("-c", "copy", "-output_ts_offset", "40000"),
    "pictures end first.mkv": ("-vf", "trim=end=1", "-c:a", "copy"),
    "sound ends first.mkv": ("-af", "atrim=end=2", "-c:v", "copy"),
    "no sound.mp4": ("-an", "-c:v", "copy"),
    "a picture.jpg": ("-frames:v", 1, "-update", 1),
    "a picture.png": ("-frames:v", 1, "-update", 1),
    "moving picture.gif": ("-t", 1, "-an"),
    "gap in the sound.mkv": ("-af", "aselect=lt(t\\,1)+gt(t\\,1.5)", "-c:v", "copy"),
    "turned.mp4": ("-c", "copy", "-metadata:s:v", "rotate=90"),
    "fragmented.mp4": ("-c", "copy", "-movflags", "frag_keyframe+empty_moov"),
}


def _cut(share: float, *arguments: str) -> Callable[[Path, Path], None]:
    def write(path: Path, film: Path) -> None:
        ffmpeg("-i", film, *arguments, path)
        content = path.read_bytes()
        path.write_bytes(content[: int(share * len(content))])

    return write


def _noise_inside(path: Path, film: Path) -> None:
    ffmpeg("-i", film, "-c", "copy", "-movflags", "+faststart", path)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4_000] = np.random.default_rng(0).bytes(4_000)
    path.write_bytes(content)


_WRITTEN: Final[dict[str, Callable[[Path, Path], None]]] = {
    "cut off, index at the end.mp4": _cut(0.9, "-c", "copy"),
    "cut off, index in front.mp4": _cut(0.6, "-c", "copy", "-movflags", "+faststart"),
    "cut off.mkv": _cut(0.6, "-c", "copy"),
    "cut off.webm": _cut(0.6, "-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus"),
    "cut off in its header.mp4": _cut(0.002, "-c", "copy", "-movflags", "+faststart"),
    "noise inside.mp4": _noise_inside,
    "empty.mp4": lambda path, _: path.touch(),
    "text.mp4": lambda path, _: _none(path.write_text("Dear diary, nothing was recorded today.\n" * 40)),
    "a page.mp4": lambda path, _: _none(path.write_text("<!doctype html><title>Sign in</title>" * 40)),
    "wrong suffix.mp4": lambda path, film: _none(path.write_bytes(film.with_name("whole.wav").read_bytes())),
    "header alone.wav": lambda path, _: _none(write_wav(path, np.zeros((1, 0), np.float32))),
    "silent.wav": lambda path, _: _none(write_wav(path, np.zeros((1, 80_000), np.float32))),
    "a moment.wav": lambda path, _: _none(write_wav(path, np.zeros((1, 160), np.float32))),
    "dangling.mp4": lambda path, _: path.symlink_to(path.with_name("nowhere.mp4")),
    "no permission.wav": lambda path, film: _locked(path, film.with_name("whole.wav")),
}


def _none(_: object) -> None:
    """For what gives something that nobody needs."""


def _locked(path: Path, whole: Path) -> None:
    path.write_bytes(whole.read_bytes())
    path.chmod(0)


if __name__ == "__main__":
    for written in write_all(Path(sys.argv[1])):
        print(written.name)
