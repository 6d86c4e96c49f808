"""Every screen and state that is held to its looks and its accessibility: one line each in SCREENS."""

import io
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from playwright.sync_api import FilePayload, Page, Route, WebSocketRoute, expect

from streamer.progress import RecordingProgress
from streamer.protocol import Body
from streamer.record import ConversationRecord
from streamer.server.recordings import Recordings
from streamer.settings import Settings
from tests.e2e.scripts import lines, record, talk

NOON: Final = 1_790_000_000_000
"""The page's clock stands still, milliseconds: what it shows does not depend on when it is looked at."""
CHANGING: Final = """
[title^='Round trip'] { display: none !important; }
[data-topic=Connection] > *, [aria-labelledby=link-title] dd { visibility: hidden !important; }
"""
"""A style that takes away what is different each time."""
VIDEO: Final = "html { background: linear-gradient(115deg, #16324a, #4d7c8a 45%, #d9b382) !important; }"
"""What a mixer may have under the overlay."""
Scheme = Literal["light", "dark"]
SCHEMES: Final[tuple[Scheme, ...]] = ("light", "dark")
Act = Callable[[Page], object]
Sizes = tuple[tuple[int, int], ...]
SIZES: Final[Sizes] = ((390, 844), (820, 1180), (1440, 900))
_OVERLAY: Final[Sizes] = ((800, 400),)
_PANEL: Final[Sizes] = ((340, 250),)
_CAMERA: Final = "Start with camera and microphone"

# A microphone that is silent and a camera that shows the same picture for ever: what they lead to is so, too.
_STILL: Final = """
navigator.mediaDevices.getUserMedia = async () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
    const context = canvas.getContext("2d");
    const ground = context.createLinearGradient(0, 0, 640, 480);
    ["#20424f", "#5b8f97", "#e0b98a"].forEach((colour, index) => ground.addColorStop(index / 2, colour));
    context.fillStyle = ground;
    context.fillRect(0, 0, 640, 480);
    const sound = new AudioContext().createMediaStreamDestination();
    return new MediaStream([...canvas.captureStream(5).getTracks(), ...sound.stream.getTracks()]);
};
"""
# Before the events came: no time has passed since the last of them. Where there are none, it only stops. What is sent
# has its times by this clock, so that it goes on in a page that sends; and nothing more is sent once it stands.
_STOP_THE_CLOCK: Final = """() => {
    if (window.stopped || document.querySelector("[data-picture=own]")) return;
    const [now, told] = [performance.now(), document.querySelector("[data-tile], [data-speaker]")];
    performance.now = () => told ? now - 600_000 : now;
    WebSocket.prototype.send = () => undefined;
    window.stopped = true;
}"""
_SAME_CLAIM: Final = "localStorage.setItem('undertone.claim', 'the same for every picture');"
_DENY: Final = """
navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("Permission denied", "NotAllowedError"); };
"""
_NO_PICTURE_IN_PICTURE: Final = "delete window.documentPictureInPicture;"
_UNDER_WAY: Final = (
    RecordingProgress(
        id="0000000000000001", name="Interview, part one.mp4", state="reading", began=1.0, at=754.0, duration=1810.0
    ),
    RecordingProgress(id="0000000000000002", name="Interview, part two.mp4", ahead=1),
)


def _nothing(_: Page) -> None:
    """It is as it is to be seen."""


@dataclass(frozen=True)
class Screen:
    """name: of its pictures, and of its conversation. where: its query, or its path; {id} is what is kept first.

    told: what its conversation is told, and guests: who is in it without a page, before anybody looks.
    kept: what its library keeps; None: its server keeps nothing.
    prepare: done before the page is loaded, act: after it, until it is as it is to be seen; it may give another page,
    which is looked at then. style: what lies under it.
    """

    name: str
    where: str
    told: Callable[[], Iterator[Body]] | None = None
    guests: tuple[str, ...] = ()
    kept: dict[str, ConversationRecord] | None = None
    prepare: Act = id
    act: Callable[[Page], Page | None] = _nothing
    sizes: Sizes = SIZES
    style: str = ""


# --- before the page is loaded ----------------------------------------------------------------------------------------


def _script(*sources: str) -> Act:
    return lambda page: [page.add_init_script(source) for source in sources]


def _lose_the_server(page: Page) -> None:
    def close(link: WebSocketRoute) -> None:
        link.close()

    page.route_web_socket("**/v1/stream", close)


def _leave_under_way(page: Page) -> None:
    """Two recordings are being read, and get no further."""

    def tell(route: Route) -> None:
        route.fulfill(body=Recordings(recordings=_UNDER_WAY).model_dump_json(), content_type="application/json")

    def stay_silent(_: Route) -> None:
        """No event ever comes."""

    page.route("**/v1/recordings", tell)
    page.route("**/v1/recordings/*/events", stay_silent)


# --- once it is there -------------------------------------------------------------------------------------------------


def _see(text: str) -> Callable[[Page], None]:
    return lambda page: expect(page.get_by_text(text).first).to_be_visible()


def _click(name: str, then: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        page.get_by_role("button", name=name).click()
        _see(then)(page)

    return act


def _open_tab(name: str, then: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        page.get_by_role("tab", name=name).click()
        _see(then)(page)

    return act


def _once_all_came(count: int, then: Act) -> Callable[[Page], None]:
    """What is told comes in many messages: what is done to some of them shows something else."""

    def act(page: Page) -> None:
        expect(page.locator(f"li[aria-setsize='{count}']").last).to_be_visible()
        then(page)

    return act


def _open_why(page: Page) -> None:
    page.locator("li[data-final=true] .why").last.click()
    expect(page.get_by_role("heading", name="Turns it looked back at")).to_be_visible()


def _see_all(page: Page) -> None:
    page.get_by_role("button", name="All", exact=True).click()
    page.get_by_role("slider").focus()
    page.keyboard.press("ArrowLeft")


def _scroll_back(page: Page) -> None:
    page.get_by_role("region", name="Utterances").evaluate("(box) => box.scrollTo(0, 0)")
    expect(page.get_by_role("button", name="Jump to newest")).to_be_visible()
    page.get_by_role("button", name="All", exact=True).click()


def _join(page: Page) -> None:
    page.get_by_label("Your name").fill("Ada")
    page.get_by_role("button", name=_CAMERA).click()
    expect(page.get_by_text("Analysing voice, words and face")).to_be_visible()
    page.wait_for_function("() => document.querySelector('[data-picture=own] video')?.videoWidth > 0")


def _float(page: Page) -> Page:
    _see("So in the spring we would")(page)
    stand_still(page)
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Float").click()
    _see("So in the spring we would")(opened.value)
    return opened.value


def _search(page: Page) -> None:
    page.get_by_label("Search titles").fill("good news")
    expect(page.locator("[data-entry] mark").first).to_be_visible()


def _press_for_keys(page: Page) -> None:
    _see("Good morning")(page)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()


def _play_along(page: Page) -> None:
    """With a file beside it, in the midst of the talk, and the reasons of what is heard are open."""
    page.locator("input[type=file]").set_input_files(_silent_file(40))
    page.wait_for_function("() => document.querySelector('video')?.readyState > 0")
    page.evaluate("document.querySelector('video').currentTime = 16.5")
    current = page.locator("[data-utterance][aria-current]")
    expect(current).to_contain_text("That order is signed")
    current.locator(".why").click()
    expect(page.get_by_role("heading", name="Turns it looked back at")).to_be_visible()


def _silent_file(seconds: int) -> FilePayload:
    sound = io.BytesIO()
    with wave.open(sound, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(16_000 * seconds))
    return {"name": "Autumn figures.wav", "mimeType": "audio/wav", "buffer": sound.getvalue()}


def stand_still(page: Page) -> None:
    """Time passes until it is known who is on no page; then it is that of the last word, for good."""
    joining = page.locator("[data-tile]").get_by_text("Joining…")
    if joining.count():
        page.clock.fast_forward(5000)
    expect(joining).to_have_count(0)
    page.evaluate(_STOP_THE_CLOCK)
    page.clock.fast_forward(1000)


# --- the screens ------------------------------------------------------------------------------------------------------

_RECORD: Final = record()
_DAY: Final = 86_400.0
_SHELF: Final = {
    title: kept.model_copy(update={"began": (kept.began or 0.0) - days * _DAY})
    for days, (title, kept) in enumerate(
        {"Autumn figures.mp4": _RECORD, "quiet-river-427": record(6), "Interview, the pilot.wav": record(25)}.items()
    )
}
_ONE: Final = {"Autumn figures.mp4": _RECORD}
_WATCH: Final = "conversation={name}&watch=1"
_UNDER_WAY_TEXT: Final = "So in the spring we would"

SCREENS: Final = (
    Screen("start", "conversation={name}"),
    Screen("denied", "conversation={name}", prepare=_script(_DENY), act=_click(_CAMERA, "was not allowed to use")),
    Screen(
        "full",
        "conversation={name}&transport=socket",
        guests=tuple(f"guest-{number}" for number in range(1, Settings().max_participants + 1)),
        prepare=_script(_STILL),
        act=_click(_CAMERA, "The conversation is full."),
    ),
    Screen("waiting", _WATCH, act=_see("Listening.")),
    Screen("away", _WATCH, prepare=_lose_the_server, act=_see("The server doesn't answer.")),
    Screen("talk", _WATCH, told=talk, act=_see(_UNDER_WAY_TEXT)),
    Screen(
        "joined",
        "conversation={name}&transport=socket",
        told=lambda: lines(6),
        guests=("Ben", "Cleo"),
        prepare=_script(_STILL, _SAME_CLAIM),
        act=_join,
    ),
    Screen("forget", _WATCH, told=talk, act=_click("Forget this conversation", "Forget it")),
    Screen("why", _WATCH, told=lambda: lines(10), act=_once_all_came(10, _open_why)),
    Screen(
        "summary",
        _WATCH,
        told=lambda: lines(14),
        act=_once_all_came(14, _open_tab("Summary", "of the talking time")),
    ),
    Screen("health", _WATCH, told=lambda: lines(14), act=_once_all_came(14, _open_tab("Health", "There and back"))),
    Screen("hour", _WATCH, told=lambda: lines(900), act=_once_all_came(900, _see_all)),
    Screen("scrolled", _WATCH, told=lambda: lines(60), act=_once_all_came(60, _scroll_back)),
    Screen("float", _WATCH, told=talk, prepare=_script(_NO_PICTURE_IN_PICTURE), act=_float, sizes=_PANEL),
    Screen("overlay", "/overlay/{name}?linger=3600", told=talk, act=_see(_UNDER_WAY_TEXT), sizes=_OVERLAY, style=VIDEO),
    Screen(
        "overlay-panel",
        "/overlay/{name}?linger=3600&theme=light&background=panel&side=right&sise=2",
        told=talk,
        act=_see(_UNDER_WAY_TEXT),
        sizes=_OVERLAY,
        style=VIDEO,
    ),
    Screen("nothing-kept", "/recordings", act=_see("This server keeps nothing")),
    Screen("library-empty", "/recordings", kept={}, act=_see("Nothing is kept yet.")),
    Screen("library", "/recordings", kept=_SHELF, act=_see("Autumn figures.mp4")),
    Screen("library-found", "/recordings", kept=_SHELF, act=_search),
    Screen("library-reading", "/recordings", kept=_SHELF, prepare=_leave_under_way, act=_see("Waits for the server")),
    Screen("library-delete", "/recordings", kept=_SHELF, act=_click("Delete Autumn figures.mp4", "Delete for good")),
    Screen("recording", "/recordings/{id}", kept=_ONE, act=_play_along),
    Screen("recording-summary", "/recordings/{id}", kept=_ONE, act=_open_tab("Summary", "of the talking time")),
    Screen("recording-keys", "/recordings/{id}", kept=_ONE, act=_press_for_keys),
    Screen("not-there", "/recordings/nosuch", kept={}, act=_see("This recording is not kept here")),
)
