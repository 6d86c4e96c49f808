"""The overlay for a video mixer: transparent, to read only, on the real server."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from tests.e2e.conftest import OpenPage, opening
from tests.servers import Server

pytestmark = pytest.mark.alone

NAME: Final = "on-air"
SIZE: Final = {"width": 800, "height": 400}


@pytest.fixture(scope="module")
def talk(browser: Browser, server: Server) -> Iterator[Page]:
    """Somebody who speaks all the time."""
    with opening(browser, server) as open_page:
        page = open_page(f"conversation={NAME}&transport=socket")
        page.get_by_label("Your name").fill("Ada")
        page.get_by_role("button", name="Microphone only").click()
        expect(page.locator("li[data-final=true]").first).to_be_visible()
        yield page


@pytest.fixture
def open_overlay(browser: Browser, server: Server) -> Iterator[OpenPage]:
    with opening(browser, server) as open_page:
        yield lambda query="", **options: open_page(f"/overlay/{NAME}?{query}", viewport=SIZE, **options)


def _picture(page: Page, path: Path) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    """What a mixer gets: uint8 [H, W, 4]."""
    page.screenshot(path=path, omit_background=True)
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), np.uint8)


def test_the_reading_stands_on_nothing_but_transparency(talk: Page, open_overlay: OpenPage, artifacts: Path) -> None:
    page = open_overlay("linger=60")
    expect(page.locator("[data-speaker=Ada] [data-emotion]")).to_be_visible()
    alpha = _picture(page, artifacts / "overlay.png")[:, :, 3]
    assert alpha.max() == 255
    assert (alpha[: SIZE["height"] // 3] == 0).all()
    assert (alpha == 0).mean() > 0.7


def test_a_dark_system_lays_no_ground_under_it(talk: Page, open_overlay: OpenPage, artifacts: Path) -> None:
    page = open_overlay("linger=60&side=right&size=0.8", color_scheme="dark")
    expect(page.locator("[data-speaker=Ada]")).to_be_visible()
    alpha = _picture(page, artifacts / "overlay-right.png")[:, :, 3]
    assert (alpha[:, : SIZE["width"] // 4] == 0).all()
    assert (alpha == 0).mean() > 0.7


def test_the_address_says_what_is_shown(talk: Page, open_overlay: OpenPage) -> None:
    page = open_overlay("show=label&linger=60")
    expect(page.locator("[data-emotion]")).to_be_visible()
    expect(page.get_by_text("Ada")).to_have_count(0)
    expect(page.locator(".bar, .words")).to_have_count(0)
    expect(page.get_by_role("button")).to_have_count(0)


def test_a_speaker_who_was_not_asked_for_is_not_shown(talk: Page, open_overlay: OpenPage) -> None:
    page = open_overlay("speaker=eve&linger=60")
    expect(page.locator("main")).to_have_attribute("data-stage", "live")
    page.wait_for_timeout(1500)
    expect(page.locator("[data-speaker]")).to_have_count(0)


def test_a_wrong_option_is_said_so_that_the_address_can_be_mended(talk: Page, open_overlay: OpenPage) -> None:
    page = open_overlay("sise=2&theme=blue&linger=60")
    expect(page.get_by_text("“sise” is no option.")).to_be_visible()
    expect(page.get_by_text("theme is dark or light")).to_be_visible()
    expect(page.locator("[data-speaker=Ada]")).to_be_visible()


def test_a_lost_connection_comes_back_by_itself(talk: Page, open_overlay: OpenPage) -> None:
    links: list[WebSocketRoute] = []

    def relay(link: WebSocketRoute) -> None:
        link.connect_to_server()
        links.append(link)

    page = open_overlay("linger=60", prepare=lambda page: page.route_web_socket("**/v1/stream", relay))
    expect(page.locator("[data-speaker=Ada]")).to_be_visible()
    links[0].close()
    expect(page.locator("main")).to_have_attribute("data-stage", "reconnecting")
    expect(page.locator("main")).to_have_attribute("data-stage", "live")
    assert len(links) == 2


def test_it_takes_no_part_and_is_empty_once_all_have_been_silent_for_a_while(
    talk: Page, open_overlay: OpenPage, server: Server
) -> None:
    page = open_overlay("linger=1")
    expect(page.locator("[data-speaker=Ada]")).to_be_visible()
    found = server.hub.find(NAME)
    assert found is not None
    assert found.participants == ("Ada",)
    talk.get_by_role("button", name="Stop").click()
    expect(page.locator("[data-speaker]")).to_have_count(0)
    assert (page.locator("main").inner_text()) == ""
