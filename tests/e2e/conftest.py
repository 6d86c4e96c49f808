"""A real server, and a real Chromium whose microphone and camera play files."""

import asyncio
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from engine import Engine
from streamer.protocol import Body
from streamer.record import ConversationRecord
from streamer.server.page import FOLDER as PAGE
from streamer.settings import Settings
from streamer.store.store import Store
from tests.bundles import write_tiny_bundle
from tests.e2e.bots import bot
from tests.e2e.media import write_camera, write_voice
from tests.e2e.screens import NOON, Screen, stand_still
from tests.servers import Server, serving_beside

CHROMIUM: Final = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS: Final = (
    "--no-sandbox",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--allow-loopback-in-peer-connection",
    "--use-fake-device-for-media-stream",
)
CAMERA: Final = "Start with camera and microphone"
_KEEP: Final = """
window.streams = [];
const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wish) => {
    const stream = await real(wish);
    streams.push(stream);
    return stream;
};
"""
OpenPage = Callable[..., Page]
Publish = Callable[[str, Iterable[Body]], None]
Show = Callable[[Screen], Page]
CALM: Final = Settings(behind_seconds=600, idle_seconds=600)
"""However busy the machine that tests: nobody is told so, and guests who say nothing stay."""

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
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One on random weights."""
    engine = Engine.load(str(write_tiny_bundle(tmp_path_factory.mktemp("bundle") / "tiny")))
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def server(engine: Engine) -> Iterator[Server]:
    """A server with real recognition that keeps nothing."""
    with serving_beside(engine, CALM, recogniser="sphinx", page=PAGE) as server:
        yield server


@pytest.fixture(scope="session")
def shelf(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Store]]:
    """A server that keeps what is said, and its library."""
    file = tmp_path_factory.mktemp("shelf") / "library.db"
    with (
        serving_beside(engine, CALM, recogniser="none", page=PAGE, store=file) as server,
        closing(Store.open(str(file))) as store,
    ):
        yield server, store


@pytest.fixture(scope="session")
def publish(server: Server) -> Publish:
    """Tells a conversation of the server what nobody said: screens that are to look the same each time."""

    def publish(conversation: str, bodies: Iterable[Body]) -> None:
        async def tell() -> None:
            opened = server.hub.conversation(conversation)
            for body in bodies:
                opened.publish(body)

        asyncio.run_coroutine_threadsafe(tell(), server.loop).result(20)

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
    args = [*FLAGS, "--use-fake-ui-for-media-stream", *files]
    with playwright.chromium.launch(executable_path=CHROMIUM, args=args) as browser:
        yield browser


@pytest.fixture(scope="module")
def strict_browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium that denies whatever a page asks for."""
    with playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS) as browser:
        yield browser


@contextmanager
def opening(browser: Browser, server: Server) -> Iterator[OpenPage]:
    """Opens pages at a query or a path of the server. A fault in a page's script, or a breach of its policy, fails."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def open_page(where: str, *, prepare: Callable[[Page], object] = id, **options: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if "Content Security" in said.text else None)
        prepare(page)
        page.goto(f"{server.url}{where}" if where.startswith("/") else f"{server.url}/?{where}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults


def keep_streams(page: Page) -> None:
    """Whatever the page captures is in `streams`, for a test to look at and to take away."""
    page.add_init_script(_KEEP)


def join(open_page: OpenPage, query: str, name: str, how: str = CAMERA, **options: Any) -> Page:
    """A page that takes part under a name, once it is live."""
    page = open_page(query, **options)
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name=how).click()
    expect(page.locator("[data-stage=live]")).to_be_visible()
    return page


@pytest.fixture
def show(browser: Browser, server: Server, shelf: tuple[Server, Store], publish: Publish) -> Iterator[Show]:
    """Makes a screen what it is to be, and gives its page. All is let go of at the end."""
    with ExitStack() as held:

        def show(screen: Screen) -> Page:
            if screen.told is not None:
                _end(server, screen.name)
                publish(screen.name, screen.told())
            for guest in screen.guests:
                held.enter_context(bot(server, screen.name, guest))
            keeper, store = shelf
            ids = [""] if screen.kept is None else _fill(store, screen.kept) or [""]
            open_page = held.enter_context(opening(browser, server if screen.kept is None else keeper))

            def prepare(page: Page) -> None:
                page.clock.set_fixed_time(NOON)
                screen.prepare(page)

            where = screen.where.format(name=screen.name, id=ids[0])
            page = open_page(where, prepare=prepare, locale="en-GB", timezone_id="UTC")
            shown = screen.act(page) or page
            stand_still(page)
            if screen.style:
                shown.add_style_tag(content=screen.style)
            return shown

        yield show


def _end(server: Server, conversation: str) -> None:
    """What an earlier picture was of: how long ago that was would be seen, in what was told and by its clock."""

    async def end() -> None:
        if (found := server.hub._conversations.pop(conversation, None)) is not None:
            await found.forget()
            found.close()

    asyncio.run_coroutine_threadsafe(end(), server.loop).result(20)


def _fill(store: Store, kept: dict[str, ConversationRecord]) -> list[str]:
    for entry in store.list():
        store.delete(entry.id)
    return [store.begin(record, title) for title, record in kept.items()]


@pytest.fixture
def open_page(browser: Browser, server: Server) -> Iterator[OpenPage]:
    with opening(browser, server) as open_page:
        yield open_page
