"""Speaking into the page: the same promises over WebRTC and over the WebSocket."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect

from engine.labels import EMOTIONS
from streamer.protocol import Lag
from tests.e2e.conftest import CAMERA, OpenPage, Publish, join, keep_streams, opening
from tests.e2e.media import FACE, HEIGHT, WIDTH
from tests.servers import Server

pytestmark = pytest.mark.alone

FINAL: Final = "li[data-final=true]:has([data-emotion])"

# The portrait's left edge as the video shows it at this moment (its ground is blue), and where the box is drawn.
SEEN: Final = """() => {
    const video = document.querySelector("video"), box = document.querySelector("[data-face]");
    if (!box) return null;
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    const context = canvas.getContext("2d");
    context.drawImage(video, 0, 0);
    const row = context.getImageData(0, 40, canvas.width, 1).data;
    let left = 0;
    while (left < canvas.width && row[4 * left + 2] > 180 && row[4 * left] < 70) left++;
    const [outer, inner] = [video.getBoundingClientRect(), box.getBoundingClientRect()];
    return {left: left / canvas.width, width: inner.width / outer.width,
            x: (inner.x + inner.width / 2 - outer.x) / outer.width,
            y: (inner.y + inner.height / 2 - outer.y) / outer.height};
}"""


_KEEP_PEERS: Final = """window.peers = [];
    window.RTCPeerConnection = class extends RTCPeerConnection {
        constructor(...given) { super(...given); peers.push(this); }
    };"""
_SENT: Final = """() => peers.flatMap((peer) => peer.getSenders())
    .filter((sender) => sender.track?.kind === "video").flatMap((sender) => sender.getParameters().encodings)
    .map(({maxBitrate, maxFramerate}) => [maxBitrate, maxFramerate])"""


@pytest.fixture(scope="module", params=["rtc", "socket"])
def talk(request: pytest.FixtureRequest, browser: Browser, server: Server) -> Iterator[Page]:
    """A page that has been spoken into until the first final reading was there."""
    transport = request.param
    with opening(browser, server) as open_page:
        page = open_page(f"conversation=live-{transport}&transport={transport}", prepare=keep_streams)
        page.get_by_label("Your name").fill("Ada")
        page.get_by_role("button", name=CAMERA).click()
        expect(page.locator(FINAL).first).to_be_visible()
        expect(page.locator("[data-stage=live]")).to_have_attribute("data-transport", transport)
        yield page


def test_an_utterance_appears_with_its_words_and_an_emotion(talk: Page) -> None:
    utterance = talk.locator(FINAL).first
    expect(utterance).to_contain_text("Ada")
    expect(utterance).to_contain_text("happy that you came")
    assert utterance.locator("[data-emotion]").get_attribute("data-emotion") in EMOTIONS
    expect(talk.get_by_text("Words are of draft quality")).to_be_visible()


def test_a_provisional_utterance_is_shown_while_it_is_spoken(talk: Page) -> None:
    expect(talk.locator("li[data-final=false]").first).to_be_visible()


def test_the_face_box_is_on_the_face_of_the_mirrored_picture(talk: Page) -> None:
    talk.wait_for_selector("[data-face]")
    for _ in range(3):
        seen: dict[str, Any] = talk.wait_for_function(SEEN).json_value()
        expected = 1 - (seen["left"] + FACE[0] / WIDTH)
        assert seen["x"] == pytest.approx(expected, abs=0.05)
        assert seen["y"] == pytest.approx(FACE[1] / HEIGHT, abs=0.05)
        assert 0.08 < seen["width"] < 0.25


def test_the_box_follows_the_face_as_it_moves(talk: Page) -> None:
    talk.wait_for_selector("[data-face]")
    first = talk.evaluate(SEEN)["x"]
    talk.wait_for_function(f"() => Math.abs(({SEEN})()?.x - {first}) > 0.05")


def test_the_timeline_moves_and_is_painted(talk: Page) -> None:
    chart = talk.locator("[data-painted]")
    expect(chart).not_to_have_attribute("data-painted", "0")
    before = chart.get_attribute("data-now")
    expect(chart).not_to_have_attribute("data-now", before or "")


def test_a_click_says_why(talk: Page) -> None:
    head = talk.locator(f"{FINAL} button").nth(1)  # The first may have been spoken before the camera ran.
    head.click()
    expect(head).to_have_attribute("aria-expanded", "true")
    why = talk.get_by_role("group", name="Why")
    for part in ("rom the", "Words", "Voice", "Face", "alone:", "from the end of speech"):
        expect(why).to_contain_text(part)
    head.click()
    expect(why).to_be_hidden()


def test_the_summary_beside_the_transcript_counts_what_was_said(talk: Page) -> None:
    talk.get_by_role("tab", name="Summary").click()
    expect(talk.get_by_role("tabpanel")).to_contain_text("Ada took 100 % of the talking time")
    talk.get_by_role("tab", name="Transcript").click()


@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_is_cut_off_at_phone_and_desktop_width_light_and_dark(talk: Page, width: int, artifacts: Path) -> None:
    talk.set_viewport_size({"width": width, "height": 900})
    for scheme in ("light", "dark"):
        talk.emulate_media(color_scheme=scheme)
        assert talk.evaluate("document.documentElement.scrollWidth") <= width
        talk.screenshot(path=artifacts / f"page-{width}-{scheme}.png")
    talk.set_viewport_size({"width": 1440, "height": 900})


def test_a_reload_brings_the_conversation_back_under_the_same_name(talk: Page) -> None:
    said = talk.locator(f"{FINAL} .text").first
    words = said.inner_text()
    talk.reload()
    expect(talk.locator(FINAL)).to_have_count(0)
    talk.get_by_role("button", name=CAMERA).click()
    expect(said).to_have_text(words)
    expect(talk.locator("[data-stage=live]")).to_be_visible()


def test_stop_ends_capture_at_once_and_keeps_the_transcript(talk: Page, server: Server) -> None:
    conversation = talk.locator("header strong").inner_text()
    talk.get_by_role("button", name="Stop").click()
    assert talk.evaluate("streams[0].getTracks().map((track) => track.readyState)") == ["ended", "ended"]
    expect(talk.locator("[data-stage=ended]")).to_be_visible()
    expect(talk.locator(FINAL).first).to_be_visible()
    found = server.hub.find(conversation)
    assert found is not None
    assert found.participants == ()


def test_mute_says_so_and_everyone_sees_it(open_page: OpenPage) -> None:
    page = open_page("conversation=mute")
    page.get_by_role("button", name="Microphone only").click()
    expect(page.get_by_text("Analysing voice and words")).to_be_visible()
    page.get_by_role("button", name="Mute").click()
    expect(page.get_by_text("Muted: nothing is analysed")).to_be_visible()
    expect(page.get_by_role("list", name="Participants")).to_contain_text("muted")
    page.get_by_role("button", name="Unmute").click()
    expect(page.get_by_role("list", name="Participants")).not_to_contain_text("muted")


def test_no_more_pictures_are_sent_than_are_looked_at(open_page: OpenPage, publish: Publish) -> None:
    page = join(open_page, "conversation=few", "Ada", prepare=lambda page: page.add_init_script(_KEEP_PEERS))
    assert page.evaluate(_SENT) == [[400_000, 15]]
    for looks, sent in ((2, 3), (10, 15)):  # The server falls behind, and recovers.
        publish("few", [Lag(seconds=0.4, dropped={}, faces_per_second=looks, provisional=True)])
        page.wait_for_function(f"() => JSON.stringify(({_SENT})()) === '[[400000,{sent}]]'")
