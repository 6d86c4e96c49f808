"""How well it runs, in words first, while somebody really speaks; and the reasons of a reading."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import opening
from tests.servers import Server

pytestmark = pytest.mark.alone

FINAL: Final = "li[data-final=true]:has([data-emotion])"


@pytest.fixture(scope="module", params=["rtc", "socket"])
def talk(request: pytest.FixtureRequest, browser: Browser, server: Server) -> Iterator[Page]:
    with opening(browser, server) as open_page:
        page = open_page(f"conversation=health-{request.param}&transport={request.param}")
        page.get_by_role("button", name="Microphone only").click()
        expect(page.locator(FINAL).first).to_be_visible()
        yield page


@pytest.fixture
def health(talk: Page) -> Iterator[Page]:
    """The tab, opened by keyboard."""
    talk.get_by_role("tab", name="Transcript").focus()
    talk.keyboard.press("End")
    expect(talk.get_by_role("region", name="Health")).to_be_visible()
    yield talk
    talk.get_by_role("tab", name="Transcript").click()


def test_words_come_first_speed_drops_server_connection(health: Page) -> None:
    expect(health.locator("[data-topic=Speed]")).to_contain_text(re.compile(r"Answers come \d+\.\d s after you stop"))
    expect(health.locator("[data-topic=Drops]")).to_contain_text(re.compile("Nothing was dropped|Dropped so far"))
    expect(health.locator("[data-topic=Server]")).to_contain_text("The server")
    expect(health.locator("[data-topic=Connection]")).to_contain_text(re.compile("The connection is"))


def test_each_stage_has_its_distribution_and_figures(health: Page) -> None:
    row = health.get_by_role("row").filter(has_text="from the end of speech")
    assert row.locator("circle").count() >= 1
    expect(row).to_contain_text(re.compile(r"\d+ ms|\d s"))
    for stage in ("waiting for silence", "recognising words", "weighing them together"):
        expect(health.get_by_role("row").filter(has_text=stage)).to_be_visible()


def test_the_connection_tells_what_it_carries(health: Page) -> None:
    figures = health.get_by_role("region", name="Connection")
    expect(figures).to_contain_text("bit/s")
    expect(figures).to_contain_text("There and back")
    webrtc = health.locator("[data-transport]").get_attribute("data-transport") == "rtc"
    expect(figures).to_contain_text("Lost" if webrtc else "Waiting to be sent")


@pytest.mark.parametrize("width", [390, 820, 1440])
def test_it_fits_every_width_light_and_dark(health: Page, width: int, artifacts: Path) -> None:
    health.set_viewport_size({"width": width, "height": 900})
    for scheme in ("light", "dark"):
        health.emulate_media(color_scheme=scheme)
        assert health.evaluate("document.documentElement.scrollWidth") <= width
        health.screenshot(path=artifacts / f"health-{width}-{scheme}.png")
    health.set_viewport_size({"width": 1440, "height": 900})


def test_the_reasons_open_by_keyboard_and_stay_while_more_is_said(talk: Page) -> None:
    head = talk.locator(f"{FINAL} .why").first
    head.focus()
    talk.keyboard.press("Enter")
    why = talk.get_by_role("group", name="Why")
    expect(why).to_contain_text(re.compile("rom the (words|voice)"))
    before = talk.locator(FINAL).count()
    talk.wait_for_function(f"() => document.querySelectorAll({FINAL!r}).length > {before}")
    expect(why).to_be_visible()
