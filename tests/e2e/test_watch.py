"""Watching a call: another tab, really shared with its sound, with nine faces of which one speaks."""

import base64
from collections.abc import Iterator
from math import pi, sin
from pathlib import Path
from typing import Final, Literal

import cv2
import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.e2e.conftest import CHROMIUM, FLAGS, OpenPage, opening
from tests.e2e.media import write_voice
from tests.portraits import gallery, portrait
from tests.servers import Server

pytestmark = pytest.mark.alone

TITLE: Final = "The call"
SHARE: Final = "Share a tab or screen"
MIDDLE: Final = 4
FINAL: Final = "li[data-final=true]:has([data-emotion])"
NO_PICTURE_IN_PICTURE: Final = "delete window.documentPictureInPicture;"
NO_POP_UP: Final = NO_PICTURE_IN_PICTURE + "window.open = () => null;"


def _call(voice: Path) -> str:
    """The call's page: four pictures in turn, in which the face in the middle moves its lips, and a voice."""
    pictures = [
        gallery([portrait(7 + 7 * sin(2 * pi * step / 4) if tile == MIDDLE else 3) for tile in range(9)])
        for step in range(4)
    ]
    jpegs = [cv2.imencode(".jpg", picture[:, :, ::-1])[1].tobytes() for picture in pictures]
    images = "".join(f"<img src='data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}'>" for jpeg in jpegs)
    sound = base64.b64encode(voice.read_bytes()).decode()
    return f"""<!doctype html><title>{TITLE}</title>
        <style>body {{ margin: 0 }} img {{ position: absolute; inset: 0; width: 100vw; height: 100vh }}</style>
        {images}<audio src="data:audio/wav;base64,{sound}" loop autoplay></audio>
        <script>let turn = 0; setInterval(() => {{ turn++; [...document.images].forEach(
            (image, index) => image.style.zIndex = index === turn % 4 ? 1 : 0) }}, 120)</script>"""


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_voice(tmp_path_factory.mktemp("call") / "voice.wav")


@pytest.fixture(scope="module")
def caller(playwright: Playwright, voice: Path) -> Iterator[Browser]:
    """Chromium beside a call in another tab, which it shares when a page asks; its microphone plays a voice."""
    args = [*FLAGS, f"--auto-select-tab-capture-source-by-title={TITLE}", f"--use-file-for-fake-audio-capture={voice}"]
    args.append("--autoplay-policy=no-user-gesture-required")
    quiet = ["--mute-audio"]
    with playwright.chromium.launch(executable_path=CHROMIUM, args=args, ignore_default_args=quiet) as browser:
        call = browser.new_page(viewport={"width": 1280, "height": 720})
        call.set_content(_call(voice))
        yield browser


@pytest.fixture
def open_beside(caller: Browser, server: Server) -> Iterator[OpenPage]:
    with opening(caller, server) as open_page:
        yield open_page


@pytest.fixture(scope="module", params=["rtc", "socket"])
def watch(request: pytest.FixtureRequest, caller: Browser, server: Server) -> Iterator[Page]:
    """A page that watches the call, the own microphone beside it, until both have been answered."""
    with opening(caller, server) as open_page:
        page = open_page(f"conversation=watch-{request.param}&transport={request.param}", permissions=["microphone"])
        page.get_by_label("Your name").fill("Ann")
        page.get_by_label("My microphone as a second speaker").check()
        page.get_by_role("button", name=SHARE).click()
        for name in ("call:1", "Ann"):
            expect(page.locator(FINAL, has_text=name).first).to_be_visible()
        yield page


def test_nine_faces_are_boxed_each_where_it_is(watch: Page) -> None:
    watch.wait_for_function("() => document.querySelectorAll('[data-face]').length === 9")
    tiles: list[str] = watch.evaluate("""() => {
        const outer = document.querySelector("video").getBoundingClientRect();
        return [...document.querySelectorAll("[data-face]")].map((face) => {
            const inner = face.getBoundingClientRect();
            const part = (middle, begin, length) => Math.floor(3 * (middle - begin) / length);
            return part(inner.x + inner.width / 2, outer.x, outer.width) + "," +
                   part(inner.y + inner.height / 2, outer.y, outer.height);
        });
    }""")
    assert len(set(tiles)) == 9


def test_the_face_that_moves_its_lips_is_marked_while_there_is_voice(watch: Page) -> None:
    watch.wait_for_function("""() => {
        const face = document.querySelector("[data-face].speaking"), video = document.querySelector("video");
        if (!face) return false;
        const [inner, outer] = [face.getBoundingClientRect(), video.getBoundingClientRect()];
        return Math.abs(inner.x + inner.width / 2 - outer.x - outer.width / 2) < outer.width / 6
            && Math.abs(inner.y + inner.height / 2 - outer.y - outer.height / 2) < outer.height / 6;
    }""")
    expect(watch.get_by_label("speaking", exact=True).first).to_be_attached()


def test_the_own_microphone_is_a_second_speaker_that_can_be_muted_alone(watch: Page, server: Server) -> None:
    conversation = server.hub.find(watch.locator("header strong").inner_text())
    assert conversation is not None
    assert set(conversation.participants) == {"call", "Ann"}
    expect(watch.get_by_text("Analysing what you share, and your voice and words")).to_be_visible()
    watch.get_by_role("button", name="Mute me").click()
    expect(watch.get_by_role("listitem").filter(has_text="Ann").filter(has_text="muted")).to_be_visible()
    expect(watch.get_by_role("listitem").filter(has_text="call").filter(has_text="muted")).to_have_count(0)
    watch.get_by_role("button", name="Unmute me").click()


def test_pause_pauses_the_call_and_the_own_microphone(watch: Page) -> None:
    watch.get_by_role("button", name="Pause").click()
    expect(watch.get_by_text("Paused: nothing of yours is analysed")).to_be_visible()
    expect(watch.get_by_role("listitem").filter(has_text="analysis paused")).to_have_count(2)
    watch.get_by_role("button", name="Resume").click()
    expect(watch.get_by_role("listitem").filter(has_text="analysis paused")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_panel_floats_with_the_current_reading_and_its_sparkline(
    watch: Page, scheme: Literal["light", "dark"], artifacts: Path
) -> None:
    with watch.context.expect_page() as opened:
        watch.get_by_role("button", name="Float").click()
    panel = opened.value
    assert watch.evaluate("documentPictureInPicture.window !== null")
    panel.set_viewport_size({"width": 340, "height": 250})
    panel.emulate_media(color_scheme=scheme)
    expect(panel.locator("[data-emotion]")).to_be_visible()
    expect(panel.locator("[data-sparks]")).not_to_have_attribute("data-sparks", "0")
    said = panel.locator(".text").inner_text()
    expect(panel.locator(".text")).not_to_have_text(said)
    assert panel.evaluate("document.documentElement.scrollHeight <= innerHeight")
    panel.screenshot(path=artifacts / f"float-{scheme}.png")
    watch.emulate_media(color_scheme=scheme)
    watch.screenshot(path=artifacts / f"watch-1440-{scheme}.png")
    watch.get_by_role("button", name="Float").click()
    expect(watch.get_by_role("button", name="Float")).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize("width", [390, 820])
def test_watching_a_call_fits_a_phone_and_a_tablet(watch: Page, width: int, artifacts: Path) -> None:
    watch.set_viewport_size({"width": width, "height": 900})
    assert watch.evaluate("document.documentElement.scrollWidth") <= width
    watch.screenshot(path=artifacts / f"watch-{width}.png")
    watch.set_viewport_size({"width": 1440, "height": 900})


def test_stop_ends_the_share_and_the_microphone(watch: Page, server: Server) -> None:
    conversation = server.hub.find(watch.locator("header strong").inner_text())
    assert conversation is not None
    watch.evaluate("window.tracks = document.querySelector('video').srcObject.getTracks()")
    watch.get_by_role("button", name="Stop").click()
    assert watch.evaluate("tracks.map((track) => track.readyState)") == ["ended"]
    expect(watch.locator("[data-stage=ended]")).to_be_visible()
    expect(watch.get_by_role("button", name=SHARE)).to_be_visible()
    for _ in range(200):
        if not conversation.participants:
            break
        watch.wait_for_timeout(100)
    assert conversation.participants == ()


def test_without_picture_in_picture_a_pop_up_floats_and_closes_with_the_conversation(open_beside: OpenPage) -> None:
    page = open_beside("conversation=popup", prepare=lambda page: page.add_init_script(NO_PICTURE_IN_PICTURE))
    page.get_by_role("button", name="Only watch").click()
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Float").click()
    panel = opened.value
    expect(panel.get_by_text("Listening.")).to_be_visible()
    with panel.expect_event("close"):
        page.get_by_role("button", name="Stop watching").click()


def test_a_blocked_pop_up_is_said_with_its_remedy(open_beside: OpenPage) -> None:
    page = open_beside("conversation=blocked-popup", prepare=lambda page: page.add_init_script(NO_POP_UP))
    page.get_by_role("button", name="Only watch").click()
    page.get_by_role("button", name="Float").click()
    expect(page.get_by_text("allow pop-ups for this page")).to_be_visible()


def test_a_microphone_that_is_denied_leaves_the_call_watched(open_beside: OpenPage) -> None:
    page = open_beside("conversation=no-microphone")
    page.get_by_label("My microphone as a second speaker").check()
    page.get_by_role("button", name=SHARE).click()
    expect(page.get_by_text("was not allowed to use the microphone or camera")).to_be_visible()
    expect(page.get_by_text("Analysing what you share", exact=True)).to_be_visible()
