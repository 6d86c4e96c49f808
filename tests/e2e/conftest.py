"""A real server, and a real Chromium whose microphone and camera play files."""

import asyncio
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from engine import Engine
from streamer.protocol import Body
from streamer.server.page import FOLDER as PAGE
from tests.bundles import write_tiny_bundle
from tests.e2e.media import write_camera, write_voice
from tests.servers import Server, serving

CHROMIUM: Final = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_FLAGS: Final = (
    "--no-sandbox",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--allow-loopback-in-peer-connection",
    "--use-fake-device-for-media-stream",
)
OpenPage = Callable[..., Page]
Publish = Callable[[str, Iterable[Body]], None]

expect.set_options(timeout=20_000)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-screens", action="store_true", help="Keep what the screens look like now as reference.")


@pytest.fixture(scope="session", autouse=True)
def _needs() -> None:
    if CHROMIUM is None:
        pytest.skip("no Chromium: `apt-get install chromium`, or put one on the PATH")
    if not (PAGE / "index.html").is_file():
        pytest.skip("the page is not built: `make page`")


@pytest.fixture(scope="session")
def artifacts() -> Path:
    """Where screenshots are kept."""
    folder = Path(__file__).parents[2] / "artifacts"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """The server's."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture(scope="session")
def server(loop: asyncio.AbstractEventLoop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with real recognition, on a thread of its own: Playwright's synchronous calls need this one."""
    engine = Engine.load(str(write_tiny_bundle(tmp_path_factory.mktemp("bundle") / "tiny")))
    started: list[Server] = []
    ready, stop = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with serving(engine, recogniser="sphinx", page=PAGE) as server:
            started.append(server)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=[serve()])
    thread.start()
    assert ready.wait(30), "the server did not start"
    yield started[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    engine.close()


@pytest.fixture(scope="session")
def publish(server: Server, loop: asyncio.AbstractEventLoop) -> Publish:
    """Tells a conversation of the server what nobody said: screens that are to look the same each time."""

    def publish(conversation: str, bodies: Iterable[Body]) -> None:
        async def tell() -> None:
            opened = server.hub.conversation(conversation)
            for body in bodies:
                opened.publish(body)

        asyncio.run_coroutine_threadsafe(tell(), loop).result(20)

    return publish


@pytest.fixture(scope="module")
def playwright(_needs: None) -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium that grants its fake microphone, camera and screen when a page asks."""
    folder = tmp_path_factory.mktemp("media")
    voice, camera = write_voice(folder / "voice.wav"), write_camera(folder / "camera.mjpeg")
    files = [f"--use-file-for-fake-audio-capture={voice}", f"--use-file-for-fake-video-capture={camera}"]
    args = [*_FLAGS, "--use-fake-ui-for-media-stream", *files]
    with playwright.chromium.launch(executable_path=CHROMIUM, args=args) as browser:
        yield browser


@pytest.fixture(scope="module")
def strict_browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium that denies whatever a page asks for."""
    with playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS) as browser:
        yield browser


@contextmanager
def opening(browser: Browser, server: Server) -> Iterator[OpenPage]:
    """Opens pages of the server, by path and query. A fault in a page's script, or a breach of its policy, fails."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def open_page(query: str, *, path: str = "", prepare: Callable[[Page], object] = id, **options: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if "Content Security" in said.text else None)
        prepare(page)
        page.goto(f"{server.url}/{path}?{query}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults


@pytest.fixture
def open_page(browser: Browser, server: Server) -> Iterator[OpenPage]:
    with opening(browser, server) as open_page:
        yield open_page
