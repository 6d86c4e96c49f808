"""Several pages in one conversation: tiles of everyone, linked page to page, and what each decides about their own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.bots import bot
from tests.e2e.conftest import OpenPage, join, opening
from tests.servers import Server

pytestmark = pytest.mark.alone

# The server's share of the media is the same over either way, and tested in test_live; this one is the lighter.
QUERY: Final = "conversation=together&transport=socket"
LINKED_MS: Final = 60_000
PLAYING: Final = """(name) => {
    const video = document.querySelector(`[data-tile=${name}][data-picture=link] video`);
    return video && video.videoWidth > 0 && video.currentTime > 0;
}"""


@pytest.fixture(scope="module")
def pages(browser: Browser, server: Server) -> Iterator[tuple[Page, Page]]:
    """Ada and Bob, each with camera and microphone."""
    with opening(browser, server) as open_page:
        yield join(open_page, QUERY, "Ada"), join(open_page, QUERY, "Bob")


# As browsers do with a page that nobody has touched. What a test evaluates counts as a touch to the real one.
SILENT_UNTIL_TOUCHED: Final = """
let touched = false;
addEventListener("pointerdown", () => (touched = true), true);
const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function () {
    const silent = this.tagName === "AUDIO" && !touched;
    return silent ? Promise.reject(new DOMException("not yet", "NotAllowedError")) : play.call(this);
};
"""


def test_each_sees_the_picture_and_hears_the_voice_of_the_other(pages: tuple[Page, Page], artifacts: Path) -> None:
    for page, other in zip(pages, ("Bob", "Ada"), strict=True):
        page.wait_for_function(PLAYING, arg=other, timeout=LINKED_MS)
        expect(page.locator("[data-picture=own] video")).to_be_visible()
        page.wait_for_function(f"document.querySelector('audio[data-voice={other}]').currentTime > 0")
        assert page.evaluate("[...document.querySelectorAll('audio')].map((one) => one.dataset.voice)") == [other]
    for width in (390, 820, 1440):
        pages[0].set_viewport_size({"width": width, "height": 900})
        assert pages[0].evaluate("document.documentElement.scrollWidth") <= width
        pages[0].screenshot(path=artifacts / f"together-{width}.png")


def test_both_transcripts_are_on_both_pages(pages: tuple[Page, Page]) -> None:
    for page in pages:
        for name in ("Ada", "Bob"):
            expect(page.locator("li[data-final=true]", has_text=name).first).to_be_visible(timeout=LINKED_MS)


def test_faces_are_boxed_on_the_picture_of_the_other(pages: tuple[Page, Page]) -> None:
    expect(pages[0].locator("[data-tile=Bob] [data-face]")).to_be_visible()


def test_one_who_watches_sees_everyone_and_is_seen_by_nobody(pages: tuple[Page, Page], open_page: OpenPage) -> None:
    watcher = open_page(f"{QUERY}&watch=1", prepare=lambda page: page.add_init_script(SILENT_UNTIL_TOUCHED))
    for name in ("Ada", "Bob"):
        watcher.wait_for_function(PLAYING, arg=name, timeout=LINKED_MS)
    expect(watcher.locator("[data-tile]")).to_have_count(2)
    watcher.get_by_role("button", name="Hear the others").click()
    for name in ("Ada", "Bob"):
        watcher.wait_for_function(f"document.querySelector('audio[data-voice={name}]').currentTime > 0")
    expect(watcher.get_by_role("button", name="Hear the others")).to_be_hidden()
    expect(pages[0].locator("[data-tile]")).to_have_count(2)


def test_a_camera_that_is_off_runs_no_more_and_comes_back(pages: tuple[Page, Page]) -> None:
    ada, bob = pages
    bob.evaluate("window.track = document.querySelector('[data-picture=own] video').srcObject.getTracks()[0]")
    bob.get_by_role("button", name="Camera off").click()
    assert bob.evaluate("track.readyState") == "ended"
    expect(bob.get_by_text("Analysing voice and words")).to_be_visible()
    expect(ada.locator("[data-tile=Bob]")).to_contain_text("Camera off", timeout=LINKED_MS)
    expect(ada.locator("[data-tile=Bob] video")).to_have_count(0)
    bob.get_by_role("button", name="Camera on").click()
    ada.wait_for_function(PLAYING, arg="Bob", timeout=LINKED_MS)


def test_paused_nothing_is_analysed_and_the_others_see_it(pages: tuple[Page, Page], server: Server) -> None:
    ada, bob = pages
    bob.get_by_role("button", name="Pause").click()
    expect(bob.get_by_text("Paused: nothing of yours is analysed; the others still see and hear you")).to_be_visible()
    expect(ada.locator("[data-tile=Bob]")).to_contain_text("analysis paused")
    expect(ada.locator("[data-tile=Bob] [data-face]")).to_have_count(0)
    found = server.hub.find("together")
    assert found is not None
    assert found._participants["Bob"].paused
    bob.get_by_role("button", name="Resume").click()
    expect(ada.locator("[data-tile=Bob]")).not_to_contain_text("analysis paused")


def test_forgetting_asks_first_and_clears_every_page(pages: tuple[Page, Page]) -> None:
    ada, bob = pages
    for page in pages:
        page.get_by_role("button", name="Pause").click()
        expect(page.get_by_text("Paused: nothing of yours is analysed")).to_be_visible()
    ada.get_by_role("button", name="Forget this conversation").click()
    expect(ada.get_by_role("button", name="Cancel")).to_be_focused()
    ada.keyboard.press("Escape")
    expect(ada.locator("li[data-utterance]").first).to_be_visible()
    ada.get_by_role("button", name="Forget this conversation").click()
    ada.get_by_role("button", name="Forget it").click()
    for page in (ada, bob):
        expect(page.get_by_text("This conversation was forgotten")).to_be_visible()
        expect(page.locator("li[data-utterance]")).to_have_count(0)
        expect(page.locator("[data-tile]")).to_have_count(2)


def test_one_who_keeps_the_picture_to_oneself_is_analysed_and_not_shown(open_page: OpenPage) -> None:
    query = "conversation=private&transport=socket"
    ada = open_page(query)
    ada.get_by_label("The others get").select_option("none")
    ada.get_by_label("Your name").fill("Ada")
    ada.get_by_role("button", name="Camera only").click()
    expect(ada.get_by_text("Analysing your face")).to_be_visible()
    watcher = open_page(f"{query}&watch=1")
    expect(watcher.locator("[data-tile=Ada]")).to_contain_text(
        "Keeps picture and voice to themselves", timeout=LINKED_MS
    )
    expect(watcher.locator("video")).to_have_count(0)


def test_a_direct_way_that_is_blocked_is_said_and_readings_still_come(open_page: OpenPage) -> None:
    query = "conversation=walled&transport=socket"
    deaf = "RTCPeerConnection.prototype.setRemoteDescription = async () => { throw new Error('blocked'); };"
    join(open_page, query, "Ada", "Microphone only")
    watcher = open_page(f"{query}&watch=1", prepare=lambda page: page.add_init_script(deaf))
    expect(watcher.locator("[data-tile=Ada]")).to_contain_text("No direct way", timeout=LINKED_MS)
    expect(watcher.locator("li[data-utterance]").first).to_be_visible()


def test_who_joined_without_a_page_has_a_tile_that_says_so(open_page: OpenPage, server: Server) -> None:
    with bot(server, "bots", "robo"):
        watcher = open_page("conversation=bots&watch=1")
        expect(watcher.locator("[data-tile=robo]")).to_contain_text("Not on this page")
