"""Every screen and state that is held to its looks and its accessibility: one line each in SCREENS."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from playwright.sync_api import Page, WebSocketRoute, expect

from streamer.protocol import Body
from tests.e2e.conftest import OpenPage, Publish
from tests.e2e.scripts import lines, talk
from tests.servers import Server

NOON: Final = 1_790_000_000_000
"""The page's clock stands still, milliseconds: what it shows does not depend on when it is looked at."""
CHANGING: Final = "[title^='Round trip'] { display: none !important; }"
"""A style that takes away what is different each time."""
Scheme = Literal["light", "dark"]
SCHEMES: Final[tuple[Scheme, ...]] = ("light", "dark")
Act = Callable[[Page], object]


def _wait_for(text: str) -> Act:
    return lambda page: expect(page.get_by_text(text).first).to_be_visible()


def _open_why(page: Page) -> None:
    page.locator("li[data-final=true] .why").last.click()
    expect(page.get_by_role("heading", name="What it was read from")).to_be_visible()


def _see_all(page: Page) -> None:
    page.get_by_role("button", name="All", exact=True).click()
    page.get_by_role("slider").focus()
    page.keyboard.press("ArrowLeft")


def _scroll_back(page: Page) -> None:
    expect(page.locator("li[data-final]").last).to_be_visible()
    page.get_by_role("region", name="Utterances").evaluate("(box) => box.scrollTo(0, 0)")
    expect(page.get_by_role("button", name="Jump to newest")).to_be_visible()


def _lose_the_server(page: Page) -> None:
    def close(link: WebSocketRoute) -> None:
        link.close()

    page.route_web_socket("**/v1/stream", close)


@dataclass(frozen=True)
class Screen:
    """name: of its pictures. where: its query, or its path. told: what its conversation is told, before anybody looks.

    prepare: done before the page is loaded, act: after it, until it is as it is to be seen.
    """

    name: str
    where: str
    told: Callable[[], Iterator[Body]] | None = None
    prepare: Act = id
    act: Act = id


SCREENS: Final = (
    Screen("start", "conversation=start"),
    Screen("waiting", "conversation=waiting&watch=1", act=_wait_for("Listening.")),
    Screen("away", "conversation=away&watch=1", prepare=_lose_the_server, act=_wait_for("The server doesn't answer.")),
    Screen("talk", "conversation=talk&watch=1", told=talk, act=_wait_for("So in the spring we would")),
    Screen("why", "conversation=why&watch=1", told=lambda: lines(10), act=_open_why),
    Screen("hour", "conversation=hour&watch=1", told=lambda: lines(900), act=_see_all),
    Screen("scrolled", "conversation=scrolled&watch=1", told=lambda: lines(60), act=_scroll_back),
)


def show(screen: Screen, open_page: OpenPage, server: Server, publish: Publish) -> Page:
    """The screen, as it is to be seen."""
    conversation = screen.where.partition("conversation=")[2].partition("&")[0]
    if screen.told is not None and server.hub.find(conversation) is None:
        publish(conversation, screen.told())

    def prepare(page: Page) -> None:
        page.clock.set_fixed_time(NOON)
        screen.prepare(page)

    page = open_page(screen.where, prepare=prepare)
    screen.act(page)
    return page
