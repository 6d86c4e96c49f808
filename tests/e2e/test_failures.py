"""What goes wrong in the middle: each has its state and its remedy, and the conversation is kept."""

import contextlib
import re
from typing import Final

import pytest
from playwright.sync_api import WebSocketRoute, expect

from tests.e2e.bots import bot
from tests.e2e.conftest import CAMERA, OpenPage, join, keep_streams
from tests.servers import Server

pytestmark = pytest.mark.alone

LOSE: Final = """(kind) => {
    const track = streams[0].getTracks().find((one) => one.kind === kind);
    track.stop();
    track.dispatchEvent(new Event("ended"));
}"""
REVOKE: Final = "navigator.permissions.query = async () => ({ state: 'denied' });"
HOUR_AHEAD: Final = "const now = Date.now; window.shift = 3600e3; Date.now = () => now() + window.shift;"
HIDE: Final = """() => {
    Object.defineProperty(document, "visibilityState", { get: () => window.seen ?? "hidden", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
    const now = performance.now.bind(performance);
    performance.now = () => now() + 60_000;  // A minute in which no timer ran.
}"""
SHOW: Final = "() => { window.seen = 'visible'; document.dispatchEvent(new Event('visibilitychange')); }"


def test_a_camera_that_is_lost_leaves_the_microphone_and_can_be_replaced(open_page: OpenPage) -> None:
    page = join(open_page, "conversation=unplugged&transport=socket", "Ada", prepare=keep_streams)
    page.evaluate(LOSE, "video")
    expect(page.get_by_text("The camera is gone. The microphone goes on.")).to_be_visible()
    expect(page.get_by_text("Analysing voice and words")).to_be_visible()
    expect(page.locator("[data-tile=Ada]")).to_contain_text("Your camera is off")
    page.get_by_role("button", name="Go on with a camera").click()
    expect(page.locator("[data-picture=own] video")).to_be_visible()
    expect(page.get_by_text("The camera is gone.")).to_be_hidden()
    expect(page.locator("[data-face]")).to_be_visible()


def test_one_whose_only_device_is_lost_stays_in_the_conversation(open_page: OpenPage, server: Server) -> None:
    page = join(open_page, "conversation=alone", "Ada", "Microphone only", prepare=keep_streams)
    page.evaluate(LOSE, "audio")
    expect(page.get_by_text("The microphone is gone. Nothing of yours is sent now")).to_be_visible()
    found = server.hub.find("alone")
    assert found is not None
    assert found.participants == ("Ada",)
    page.get_by_role("button", name="Go on with a microphone").click()
    expect(page.get_by_text("Analysing voice and words")).to_be_visible()
    expect(page.locator("li[data-utterance]").first).to_be_visible()


def test_a_permission_that_is_taken_back_says_how_to_give_it_again(open_page: OpenPage) -> None:
    page = join(open_page, "conversation=revoked&transport=socket", "Ada", prepare=keep_streams)
    page.evaluate(REVOKE)
    page.evaluate(LOSE, "video")
    expect(page.get_by_text("The permission to use the camera was taken back.")).to_be_visible()
    expect(page.get_by_text("site settings")).to_be_visible()


def test_a_server_that_is_gone_is_counted_down_to_and_tried_at_once_on_demand(open_page: OpenPage) -> None:
    links: list[WebSocketRoute] = []
    down = False

    def relay(link: WebSocketRoute) -> None:
        links.append(link)
        if down:
            link.close()
        else:
            link.connect_to_server()

    query = "conversation=gone&transport=socket"
    page = join(
        open_page, query, "Ada", "Microphone only", prepare=lambda page: page.route_web_socket("**/v1/stream", relay)
    )
    down = True
    links[0].close()
    expect(page.get_by_text("The connection is lost.")).to_be_visible()
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"Next try in [2-9] s\."))
    down, tried = False, len(links)
    page.get_by_role("button", name="Try now").click()
    expect(page.get_by_text("The connection is lost.")).to_be_hidden()
    expect(page.locator("[data-stage=live]")).to_be_visible()
    assert len(links) > tried


def test_a_full_conversation_is_said_before_and_after_the_click_and_can_be_watched(
    open_page: OpenPage, server: Server
) -> None:
    with contextlib.ExitStack() as crowd:
        for number in range(server.hub.settings.max_participants):
            crowd.enter_context(bot(server, "crowded", f"bot-{number}"))
        page = open_page("conversation=crowded&transport=socket")
        expect(page.get_by_text("All places are taken.")).to_be_visible()
        page.get_by_role("button", name="Microphone only").click()
        expect(page.get_by_text("The conversation is full.")).to_be_visible()
        page.locator(".messages").get_by_role("button", name="Only watch").click()
        expect(page.locator("[data-stage=live]")).to_be_visible()
        expect(page.locator("[data-tile]")).to_have_count(server.hub.settings.max_participants)


def test_a_name_that_is_taken_is_said_before_the_click(open_page: OpenPage, server: Server) -> None:
    with bot(server, "named", "Ada"):
        page = open_page("conversation=named")
        page.get_by_label("Your name").fill("Ada")
        expect(page.get_by_text("Choose another name than Ada.")).to_be_visible()
        page.get_by_label("Your name").fill("Bob")
        expect(page.get_by_text("Choose another name")).to_be_hidden()


def test_a_tab_that_was_reloaded_has_its_name_kept_and_takes_it_again_at_once(open_page: OpenPage) -> None:
    query = "conversation=reloaded&transport=socket"
    ada = join(open_page, query, "Ada", "Microphone only")
    ada.reload()
    expect(ada.get_by_role("button", name=CAMERA)).to_be_visible()
    other = open_page(query)
    other.get_by_label("Your name").fill("Ada")
    other.get_by_role("button", name="Microphone only").click()
    expect(other.get_by_text("Somebody here has that name.")).to_be_visible()
    ada.get_by_role("button", name="Microphone only").click()
    expect(ada.locator("[data-stage=live]")).to_be_visible()
    expect(ada.locator("[data-tile=Ada]")).to_be_visible()


def test_another_tab_of_the_same_browser_takes_the_place_over_and_the_first_says_so(open_page: OpenPage) -> None:
    first = join(open_page, "conversation=moved&transport=socket", "Ada", "Microphone only")
    second = first.context.new_page()
    second.goto(first.url)
    expect(second.get_by_text("Ada is you: starting here takes the place over.")).to_be_visible()
    second.get_by_role("button", name="Microphone only").click()
    expect(second.locator("[data-stage=live]")).to_be_visible()
    expect(first.get_by_text("You have joined again in another tab.")).to_be_visible()
    expect(first.locator("[data-stage=ended]")).to_be_visible()
    expect(second.locator("[data-tile]")).to_have_count(1)


def test_times_are_right_on_a_machine_whose_clock_is_wrong_or_set_meanwhile(open_page: OpenPage) -> None:
    query = "conversation=skewed&transport=socket"
    page = join(open_page, query, "Ada", "Microphone only", prepare=lambda page: page.add_init_script(HOUR_AHEAD))
    expect(page.locator("li[data-utterance] time").first).to_have_text(re.compile(r"^0:\d\d$"))
    page.evaluate("window.shift = -86_400e3")
    chart = page.locator("[data-now]")
    before = float(chart.get_attribute("data-now") or "nan")
    expect(chart).not_to_have_attribute("data-now", f"{before:.1f}")
    assert before <= float(chart.get_attribute("data-now") or "nan") < before + 60


def test_a_tab_that_was_slowed_down_in_the_background_says_so_and_misses_nothing(open_page: OpenPage) -> None:
    page = join(open_page, "conversation=behind&transport=socket", "Ada", "Microphone only")
    page.evaluate(HIDE)
    expect(page.locator("li[data-final=true]").first).to_be_attached()
    page.evaluate(SHOW)
    expect(page.get_by_text("This tab was in the background for")).to_be_visible()
    expect(page.locator("[data-stage=live]")).to_be_visible()
    expect(page.get_by_text("events missed")).to_be_hidden()


def test_consent_that_is_taken_back_in_the_middle_ends_capture_and_one_may_watch_on(
    open_page: OpenPage, server: Server
) -> None:
    page = join(open_page, "conversation=withdrawn&transport=socket", "Ada", prepare=keep_streams)
    page.get_by_role("button", name="Stop").click()
    assert page.evaluate("streams[0].getTracks().map((one) => one.readyState)") == ["ended", "ended"]
    expect(page.get_by_role("button", name=CAMERA)).to_be_enabled()
    found = server.hub.find("withdrawn")
    assert found is not None
    assert found.participants == ()
    page.get_by_role("button", name="Only watch").click()
    expect(page.get_by_text("Only watching: nothing of yours is sent")).to_be_visible()
