"""What works on this machine, what is missing, and how to get it."""

import platform
import shutil
import socket
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
_WHISPER: Final = "base.en"
_FRAME: Final = 320


@dataclass(frozen=True, slots=True)
class Check:
    """One row of the table.

    ok: True where it works, False where it is missing and needed, None where it is missing and optional.
    remedy: what to do; empty where it works.
    """

    name: str
    ok: bool | None
    found: str
    remedy: str = ""


def check(bundle: str = "undertone-base", port: int = 8000) -> list[Check]:
    """Tries every part for real: some seconds. Never raises for a part that fails."""
    needed: list[tuple[str, Callable[[], Check]]] = [
        ("Python", _python),
        ("torch", _torch),
        ("bundle", lambda: _bundle(bundle)),
        ("engine", lambda: _engine(bundle)),
        ("words: PocketSphinx", _sphinx),
        ("words: Whisper", _whisper),
        ("voice activity", _voice_activity),
        ("faces", _faces),
        ("browser page", _page),
        ("port", lambda: _port(port)),
        ("ffmpeg", _ffmpeg),
        ("Chromium", _chromium),
    ]
    return [_tried(name, look) for name, look in needed]


def print_table(checks: list[Check], console: Console | None = None) -> None:
    """The rows as a table."""
    table = Table(title="Undertone on this machine")
    for heading in ("part", "state", "found", "what to do"):
        table.add_column(heading, overflow="fold")
    states = {True: "[green]works[/]", False: "[red]missing[/]", None: "[yellow]optional[/]"}
    for one in checks:
        table.add_row(one.name, states[one.ok], one.found, one.remedy)
    (console or Console()).print(table)


def _tried(name: str, look: Callable[[], Check]) -> Check:
    try:
        return look()
    except Exception as error:  # whatever a part fails with, the other rows still count
        return Check(name, ok=False, found=f"{type(error).__name__}: {error}", remedy="install again: `make demo`")


def _python() -> Check:
    found = platform.python_version()
    if found.startswith("3.11."):
        return Check("Python", ok=True, found=found)
    return Check("Python", ok=False, found=found, remedy="use Python 3.11: mediapipe has wheels for no later one")


def _torch() -> Check:
    import torch

    if torch.cuda.is_available():
        return Check("torch", ok=True, found=f"{torch.__version__} on {torch.cuda.get_device_name()}")
    return Check("torch", ok=True, found=f"{torch.__version__} on the CPU; no GPU is needed")


def _bundle(name: str) -> Check:
    from engine import BundleError
    from engine.bundle import Bundle

    try:
        bundle = Bundle.load(name)
    except BundleError as error:
        return Check("bundle", ok=False, found=name, remedy=str(error))
    return Check("bundle", ok=True, found=f"{bundle.name}, all hashes right")


def _engine(name: str) -> Check:
    from engine import BundleError, DeviceError, Engine
    from engine.threads import THREADS

    try:
        engine = Engine.load(name)
    except (BundleError, DeviceError) as error:
        return Check("engine", ok=False, found=name, remedy=str(error))
    engine.close()
    dtype = str(engine.dtype).removeprefix("torch.")
    if engine.device.type == "cuda":
        found = f"on the GPU, as CUDA graphs: words, face and fusion in {dtype}; voice in float32"
    else:
        at_once = f"{THREADS} thread{'s' * (THREADS > 1)}"
        found = f"words by {engine.text_by}, voice and face by torch in {dtype}; {at_once}, none spins"
    return Check("engine", ok=True, found=found)


def _sphinx() -> Check:
    from streamer.recognise import load_recogniser

    recogniser = load_recogniser("sphinx")
    recogniser.close()
    return Check("words: PocketSphinx", ok=True, found="its English model, draft quality")


def _whisper() -> Check:
    from streamer.recognise import RecogniserError, load_recogniser

    try:
        load_recogniser(_WHISPER).close()
    except RecogniserError as error:
        return Check("words: Whisper", ok=None, found=f"no weights of {_WHISPER}", remedy=str(error))
    return Check("words: Whisper", ok=True, found=_WHISPER)


def _voice_activity() -> Check:
    from streamer.vad import VoiceActivity

    silent = VoiceActivity()(np.zeros((1, _FRAME), np.float32)) == [False]
    return Check("voice activity", ok=silent, found="webrtcvad and Silero")


def _faces() -> Check:
    from streamer.faces import FaceTracker

    tracker = FaceTracker()
    try:
        faces = tracker.track(_picture())
    finally:
        tracker.close()
    seen = ", finds the face of a portrait" if faces else ""
    return Check("faces", ok=True, found=f"MediaPipe's face mesh{seen}")


def _picture() -> npt.NDArray[np.uint8]:
    """A portrait where scikit-image is installed, else an empty picture: it shows at least that the model runs."""
    if find_spec("skimage") is None:
        return np.zeros((480, 640, 3), np.uint8)
    from skimage.data import astronaut

    return np.asarray(astronaut(), np.uint8)


def _page() -> Check:
    if (Path(__file__).parent / "page" / "index.html").is_file():
        return Check("browser page", ok=True, found="built")
    return Check("browser page", ok=False, found="not built", remedy="`make page` in the repository")


def _port(port: int) -> Check:
    name = f"port {port}"
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            found = error.strerror or str(error)
            return Check(name, ok=None, found=found, remedy="choose another one: `undertone serve --port 8001`")
    return Check(name, ok=True, found="free")


def _ffmpeg() -> Check:
    found = shutil.which("ffmpeg")
    if found:
        return Check("ffmpeg", ok=True, found=found)
    return Check("ffmpeg", ok=None, found="only tests use it", remedy="`sudo apt-get install ffmpeg`")


def _chromium() -> Check:
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found:
        return Check("Chromium", ok=True, found=found)
    return Check("Chromium", ok=None, found="only tests use it", remedy="`sudo apt-get install chromium`")
