"""The README's picture of the page: the sample conversation, spoken into two real browsers.

python -m tests.e2e.picture    # writes docs/page.png; takes a minute
"""

import subprocess
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from PIL import Image
from playwright.sync_api import Page, Playwright, expect, sync_playwright

from engine import Engine
from streamer.sample import SAMPLE, write_sample_video
from streamer.server.page import FOLDER as PAGE
from tests.e2e.conftest import CALM, CHROMIUM, FLAGS, join, opening
from tests.servers import Server, serving_beside

PICTURE: Final = Path(__file__).parents[2] / "docs/page.png"
QUERY: Final = "conversation=two-friends&transport=socket"
SPEAKERS: Final = ("Maya", "Ben")
UTTERANCES: Final = 12
PATIENCE_MS: Final = 120_000


def main() -> None:
    """Maya with her camera, whose page it is, and Ben with his microphone; one of them in the midst of a sentence."""
    with TemporaryDirectory() as folder, ExitStack() as held:
        devices = _write_devices(Path(folder))
        engine = held.enter_context(Engine.load("undertone-base"))
        server = held.enter_context(serving_beside(engine, CALM, recogniser="sphinx", page=PAGE))
        playwright = held.enter_context(sync_playwright())
        maya, ben = (_open(held, playwright, server, devices[name]) for name in SPEAKERS)
        join(lambda _: ben, QUERY, "Ben", "Microphone only")
        join(lambda _: maya, QUERY, "Maya")
        maya.wait_for_function(
            f"() => document.querySelectorAll('li[data-final=true]').length >= {UTTERANCES}", timeout=PATIENCE_MS
        )
        expect(maya.locator("li[data-final=false] .text")).to_have_count(1, timeout=PATIENCE_MS)
        maya.screenshot(path=PICTURE, animations="disabled")
    with Image.open(PICTURE) as taken:
        taken.convert("RGB").save(PICTURE, optimize=True)


def _write_devices(folder: Path) -> dict[str, list[str]]:
    """What each one's microphone hears, a channel of the sample, and what Maya's camera sees."""
    write_sample_video(folder / "sample.mp4")
    camera = folder / "camera.mjpeg"
    _convert(folder / "sample.mp4", "-an", "-r", "15", "-pix_fmt", "yuvj420p", "-q:v", "3", camera)
    devices = {}
    for channel, name in enumerate(SPEAKERS):
        voice = folder / f"{name}.wav"
        _convert(SAMPLE, "-af", f"pan=mono|c0=c{channel}", "-ar", "16000", voice)
        devices[name] = [f"--use-file-for-fake-audio-capture={voice}", f"--use-file-for-fake-video-capture={camera}"]
    return devices


def _convert(source: Path, *how: str | Path) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-i", source, *how], check=True)


def _open(held: ExitStack, playwright: Playwright, server: Server, devices: list[str]) -> Page:
    args = [*FLAGS, "--use-fake-ui-for-media-stream", *devices]
    browser = held.enter_context(playwright.chromium.launch(executable_path=CHROMIUM, args=args))
    return held.enter_context(opening(browser, server))(QUERY)


if __name__ == "__main__":
    main()
