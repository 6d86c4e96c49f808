"""Consent first, and a clear sentence for each way it can fail."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, WebSocketRoute, expect

from streamer.server.page import FOLDER as PAGE
from tests.e2e.conftest import CAMERA, OpenPage, join, opening
from tests.servers import Server

pytestmark = pytest.mark.alone

SPY: Final = """
window.asked = 0;
for (const name of ["getUserMedia", "getDisplayMedia"]) {
    const real = navigator.mediaDevices[name].bind(navigator.mediaDevices);
    navigator.mediaDevices[name] = (wish) => { window.asked += 1; return real(wish); };
}
"""
SILENT_SHARE: Final = """
const share = navigator.mediaDevices.getDisplayMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getDisplayMedia = async (wish) => share({ ...wish, audio: false });
"""
BLOCKED: Final = """
Object.defineProperty(window, "localStorage", { get() { throw new DOMException("denied", "SecurityError"); } });
"""


@pytest.fixture
def open_strictly(strict_browser: Browser, server: Server) -> Iterator[OpenPage]:
    with opening(strict_browser, server) as open_page:
        yield open_page


def test_nothing_is_captured_or_sent_before_the_click(open_page: OpenPage, server: Server) -> None:
    sent: list[str] = []

    def prepare(page: Page) -> None:
        page.add_init_script(SPY)
        page.on("request", lambda request: sent.append(f"{request.method} {request.url}"))
        page.on("websocket", lambda socket: sent.append(socket.url))

    page = open_page("conversation=consent", prepare=prepare)
    expect(page.get_by_text("Nothing is kept")).to_be_visible()
    page.get_by_label("Your name").fill("Ada")
    assert page.evaluate("window.asked") == 0
    asked = [one for one in sent if "/v1/" in one]
    assert asked == [f"GET {server.url}/v1/status"], "but for what it says of itself, the server is asked nothing"
    assert server.hub.find("consent") is None
    page.get_by_role("button", name=CAMERA).click()
    expect(page.locator("[data-stage=live]")).to_be_visible()
    assert page.evaluate("window.asked") == 1


def test_who_blocks_site_data_can_take_part(open_page: OpenPage, server: Server) -> None:
    join(open_page, "conversation=forgetful", "Ada", prepare=lambda page: page.add_init_script(BLOCKED))
    found = server.hub.find("forgetful")
    assert found is not None
    assert found.participants == ("Ada",)


def test_watching_asks_for_no_device_and_takes_no_part(open_page: OpenPage, server: Server) -> None:
    page = open_page("conversation=watched&watch=1", prepare=lambda page: page.add_init_script(SPY))
    expect(page.locator("[data-stage=live]")).to_have_attribute("data-transport", "socket")
    expect(page.get_by_text("Only watching: nothing of yours is sent")).to_be_visible()
    assert page.evaluate("window.asked") == 0
    found = server.hub.find("watched")
    assert found is not None
    assert found.participants == ()


def test_a_conversation_is_named_in_the_address(open_page: OpenPage) -> None:
    page = open_page("")
    name = page.locator("header strong").inner_text()
    assert page.url.endswith(f"?conversation={name}")


def test_a_share_with_sound_is_heard(open_page: OpenPage) -> None:
    page = open_page("conversation=share")
    page.get_by_role("button", name="Share a tab or screen").click()
    expect(page.get_by_text("Analysing what you share")).to_be_visible()
    expect(page.locator("video")).to_be_visible()
    expect(page.locator("li[data-utterance]").first).to_be_visible()


def test_a_share_without_sound_says_so(open_page: OpenPage) -> None:
    page = open_page("conversation=silent", prepare=lambda page: page.add_init_script(SILENT_SHARE))
    page.get_by_role("button", name="Share a tab or screen").click()
    expect(page.get_by_text("Analysing the faces in what you share")).to_be_visible()
    expect(page.get_by_text("What you share has no sound.")).to_be_visible()


def test_webrtc_that_is_blocked_gives_way_to_the_socket(open_page: OpenPage) -> None:
    blocked = "RTCPeerConnection.prototype.setRemoteDescription = async () => undefined;"
    page = open_page("conversation=blocked", prepare=lambda page: page.add_init_script(blocked))
    page.get_by_role("button", name="Microphone only").click()
    expect(page.locator("[data-stage=live]")).to_have_attribute("data-transport", "socket")


def test_a_lost_connection_is_said_and_opened_again_after_the_last_event(open_page: OpenPage) -> None:
    links: list[WebSocketRoute] = []
    hellos: list[str] = []

    def relay(link: WebSocketRoute) -> None:
        server = link.connect_to_server()

        def forward(message: str | bytes) -> None:
            if isinstance(message, str) and '"hello"' in message:
                hellos.append(message)
            server.send(message)

        link.on_message(forward)
        links.append(link)

    query = "conversation=broken&transport=socket"
    page = open_page(query, prepare=lambda page: page.route_web_socket("**/v1/stream", relay))
    page.get_by_role("button", name="Microphone only").click()
    expect(page.locator("li[data-final=true]").first).to_be_visible()
    links[0].close()
    expect(page.get_by_text("The connection is lost.")).to_be_visible()
    expect(page.locator("[data-stage=live]")).to_be_visible()
    assert '"resume_after":0' in hellos[0]
    assert '"resume_after":0' not in hellos[-1]
    expect(page.get_by_text("events missed")).to_be_hidden()
    shown = page.locator("li[data-utterance]").evaluate_all("all => all.map((one) => one.dataset.utterance)")
    assert len(shown) == len(set(shown)), "nothing is shown twice"


def test_a_server_that_is_away_is_said_and_tried_again(open_page: OpenPage) -> None:
    def abort(route: Route) -> None:
        route.abort()

    def prepare(page: Page) -> None:
        page.route("**/v1/offer", abort)
        page.route_web_socket("**/v1/stream", lambda link: link.close())

    page = open_page("conversation=away", prepare=prepare)
    page.get_by_role("button", name="Microphone only").click()
    expect(page.get_by_text("The server doesn't answer.")).to_be_visible()
    page.unroute("**/v1/offer")
    expect(page.locator("[data-stage=live]")).to_have_attribute("data-transport", "rtc")
    expect(page.get_by_text("The server doesn't answer.")).to_be_hidden()


def test_a_name_that_another_holds_is_refused_with_the_server_s_sentence(open_page: OpenPage) -> None:
    first = open_page("conversation=twins&transport=socket")
    first.get_by_role("button", name="Microphone only").click()
    expect(first.locator("[data-stage=live]")).to_be_visible()
    second = open_page("conversation=twins&transport=socket")
    second.get_by_role("button", name="Microphone only").click()
    expect(second.get_by_text("choose another participant name")).to_be_visible()
    expect(second.get_by_role("button", name=CAMERA)).to_be_visible()


def test_a_denied_permission_says_how_to_allow_it(open_strictly: OpenPage) -> None:
    page = open_strictly("conversation=denied")
    page.get_by_role("button", name=CAMERA).click()
    expect(page.get_by_text("was not allowed to use the microphone or camera")).to_be_visible()
    expect(page.get_by_role("button", name=CAMERA)).to_be_enabled()


def test_an_address_without_https_says_so(open_strictly: OpenPage) -> None:
    def answer(route: Route) -> None:
        path = urlsplit(route.request.url).path.strip("/")
        if path.startswith("v1/"):
            route.abort()
        else:
            route.fulfill(path=PAGE / (path or "index.html"))

    page = open_strictly("conversation=insecure", prepare=lambda page: page.route("http://elsewhere.test/**", answer))
    page.goto("http://elsewhere.test/")
    page.get_by_role("button", name=CAMERA).click()
    expect(page.get_by_text("only over HTTPS")).to_be_visible()
