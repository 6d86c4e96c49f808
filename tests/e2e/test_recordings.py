"""Recordings on the page: handed in and read, found again, played along, looked into, exported and deleted."""

import tempfile
import wave
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Download, Page, expect

from engine import Engine
from streamer.protocol import ModalityShare
from streamer.server.page import FOLDER as PAGE
from streamer.settings import Settings
from streamer.store.store import Store
from tests.conversations import conversation, shares, utterance
from tests.e2e.conftest import OpenPage, opening
from tests.e2e.media import write_voice
from tests.servers import Server, serving_beside

pytestmark = pytest.mark.alone

APART: Final = {
    "text": ModalityShare(weight=0.6, label="anger", probabilities=shares("anger", 0.8)),
    "audio": ModalityShare(weight=0.4, label="sadness", probabilities=shares("sadness", 0.7)),
}
RECORD: Final = conversation(
    utterance("Ada", 0.5, 3.0, "Good morning, did you sleep well?", "neutral"),
    utterance("Ben", 3.5, 6.0, "I got the job, I am so happy!", "joy").model_copy(update={"confidence": 0.95}),
    utterance("Ada", 6.5, 9.0, "You never told me of a job", "anger").model_copy(update={"modalities": APART}),
    utterance("Ben", 9.5, 11.0, "Well", "fear", unsure=True),
    *(utterance("Ada", 12.0 + 2 * n, 13.5 + 2 * n, f"And then this, number {n}", "neutral") for n in range(20)),
)
SAID: Final = "[data-utterance]"
CURRENT: Final = "[data-utterance][aria-current]"
POSITION: Final = "document.querySelector('video').currentTime"


def _silence(path: Path, seconds: float) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(round(seconds * 32_000)))
    return path


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where what is handed in lies until it is read."""
    folder = tmp_path_factory.mktemp("temporary")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(folder))
        yield folder


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library's."""
    return tmp_path_factory.mktemp("library") / "library.db"


@pytest.fixture(scope="module")
def library(engine: Engine, file: Path, temporary: Path) -> Iterator[Server]:
    """A server that keeps what is said."""
    with serving_beside(engine, recogniser="sphinx", page=PAGE, store=file) as server:
        yield server


@pytest.fixture
def visit(browser: Browser, library: Server) -> Iterator[OpenPage]:
    with opening(browser, library) as open_page:
        yield open_page


@pytest.fixture
def kept(library: Server, file: Path) -> Iterator[str]:
    """A conversation that is kept already; only it."""
    with closing(Store.open(str(file))) as store:
        id = store.begin(RECORD, "Monday")
        yield id
        for entry in store.list():
            store.delete(entry.id)


@pytest.fixture
def recording(visit: OpenPage, kept: str) -> Page:
    page = visit(f"/recordings/{kept}")
    expect(page.locator(SAID).first).to_be_visible()
    return page


@pytest.fixture
def played(recording: Page, tmp_path: Path) -> Page:
    """The same with a file that plays along."""
    recording.locator("input[type=file]").set_input_files(_silence(tmp_path / "talk.wav", 60))
    recording.wait_for_function("() => document.querySelector('video')?.readyState > 0")
    return recording


# --- handing in -----------------------------------------------------------------------------------------------------


def test_a_recording_is_read_with_progress_then_opened_and_played(
    visit: OpenPage, tmp_path: Path, temporary: Path, kept: str
) -> None:
    page = visit("/recordings")
    page.locator("input[type=file]").set_input_files(write_voice(tmp_path / "talk.wav"))
    expect(page.get_by_role("progressbar", name="talk.wav")).to_be_visible()
    expect(page.get_by_text("media is never kept")).to_be_visible()
    page.wait_for_url("**/recordings/*")
    expect(page.get_by_role("heading", name="talk.wav")).to_be_focused()
    expect(page.locator(SAID).first).to_contain_text("happy that you came")
    assert list(temporary.iterdir()) == []
    page.keyboard.press("Space")
    page.wait_for_function(f"() => {POSITION} > 0.2")
    page.keyboard.press("k")
    assert page.evaluate("document.querySelector('video').paused")
    page.go_back()
    expect(page.get_by_role("link", name="talk.wav")).to_be_visible()


def test_several_files_wait_for_one_another_and_each_can_be_cancelled(
    visit: OpenPage, tmp_path: Path, temporary: Path, kept: str
) -> None:
    page = visit("/recordings")
    files = [_silence(tmp_path / "long.wav", 900), _silence(tmp_path / "second.wav", 2)]
    page.locator("input[type=file]").set_input_files(files)
    uploads = page.get_by_role("list", name="Being read").get_by_role("listitem")
    expect(uploads).to_have_count(2)
    expect(uploads.nth(0)).to_contain_text("Listening for who speaks")
    expect(uploads.nth(1)).to_contain_text("Waits for the one before it")
    page.get_by_role("button", name="Cancel long.wav").click()
    expect(uploads).to_have_count(1)
    expect(uploads).to_contain_text("Nobody speaks in it")
    page.get_by_role("button", name="Put away second.wav").click()
    expect(uploads).to_have_count(0)
    expect(page.locator("[data-entry]")).to_have_count(1)
    assert list(temporary.iterdir()) == []


def test_a_reading_under_way_is_found_again_after_a_reload(visit: OpenPage, tmp_path: Path) -> None:
    page = visit("/recordings")
    page.locator("input[type=file]").set_input_files(_silence(tmp_path / "long.wav", 900))
    expect(page.locator("[data-stage=reading]")).to_contain_text("Listening for who speaks")
    page.reload()
    expect(page.locator("[data-stage=reading]")).to_contain_text("long.wav")
    page.get_by_role("button", name="Cancel long.wav").click()
    expect(page.locator("[data-stage=reading]")).to_have_count(0)


def test_a_file_that_is_no_recording_says_so_by_its_name(visit: OpenPage, tmp_path: Path) -> None:
    broken = tmp_path / "notes.mp4"
    broken.write_bytes(b"no film at all")
    page = visit("/recordings")
    page.locator("input[type=file]").set_input_files(broken)
    expect(page.locator("[data-stage=failed]")).to_contain_text("notes.mp4 is not a recording that can be read")


def test_a_file_that_is_dropped_is_read(visit: OpenPage) -> None:
    page = visit("/recordings")
    page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(["no sound"], "dropped.wav"));
            const how = { dataTransfer: data, bubbles: true, cancelable: true };
            for (const kind of ["dragenter", "dragover", "drop"])
                document.body.dispatchEvent(new DragEvent(kind, how));
        }"""
    )
    expect(page.locator("[data-stage=failed]")).to_contain_text("dropped.wav is not a recording")


def test_a_file_that_is_too_large_is_not_even_sent(browser: Browser, engine: Engine, tmp_path: Path) -> None:
    sent: list[str] = []
    small = Settings(max_recording_bytes=10_000)
    with (
        serving_beside(engine, small, recogniser="none", page=PAGE) as server,
        opening(browser, server) as open_page,
    ):
        page = open_page("/recordings", prepare=lambda page: page.on("request", lambda one: sent.append(one.method)))
        page.locator("input[type=file]").set_input_files(_silence(tmp_path / "long.wav", 10))
        expect(page.locator("[data-stage=failed]")).to_contain_text("larger than the")
        assert "POST" not in sent


def test_a_server_that_keeps_nothing_says_so_and_holds_what_it_read(
    browser: Browser, server: Server, tmp_path: Path
) -> None:
    with opening(browser, server) as open_page:
        page = open_page("/recordings")
        expect(page.get_by_text("This server keeps nothing")).to_be_visible()
        page.locator("input[type=file]").set_input_files(write_voice(tmp_path / "talk.wav"))
        page.wait_for_url("**/recordings/*")
        expect(page.locator(SAID).first).to_contain_text("happy that you came")
        expect(page.get_by_text("is in its memory, until it stops")).to_be_visible()
        assert "happy that you came" in _exported(page, "Captions, SRT").read_text()
        page.get_by_role("button", name="Delete").click()
        page.get_by_role("button", name="Delete for good").click()
        expect(page.get_by_text("This server keeps nothing")).to_be_visible()
        expect(page.locator("[data-entry]")).to_have_count(0)


# --- the library ----------------------------------------------------------------------------------------------------


def test_an_empty_library_says_what_to_do(visit: OpenPage, kept: str, file: Path) -> None:
    with closing(Store.open(str(file))) as store:
        store.delete(kept)
    expect(visit("/recordings").get_by_text("Nothing is kept yet. Drop a recording above")).to_be_visible()


def test_a_search_shows_what_was_said_and_leads_there(visit: OpenPage, kept: str) -> None:
    page = visit("/recordings")
    entry = page.locator("[data-entry]")
    expect(entry).to_contain_text("0:51 · 24 utterances")
    page.get_by_label("Search titles").fill("job happy")
    expect(entry.locator("mark")).to_have_text(["job", "happy"])
    entry.get_by_role("link", name="I got the job").click()
    expect(page.locator(CURRENT)).to_contain_text("I got the job")
    page.go_back()
    page.get_by_label("Search titles").fill("nowhere said")
    expect(page.get_by_text("Nothing of that was said")).to_be_visible()


def test_a_recording_is_renamed_and_deleted_once_confirmed(visit: OpenPage, kept: str) -> None:
    page = visit("/recordings")
    page.get_by_role("button", name="Rename Monday").click()
    page.get_by_label("Title", exact=True).fill("Tuesday, with Ben")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Tuesday, with Ben")).to_be_visible()
    delete = page.get_by_role("button", name="Delete Tuesday, with Ben")
    delete.click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(delete).to_be_focused()
    delete.click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.locator("[data-entry]")).to_have_count(0)


def test_an_address_of_what_is_not_kept_says_so(visit: OpenPage, kept: str) -> None:
    expect(visit("/recordings/nosuch").get_by_text("This recording is not kept here")).to_be_visible()


# --- a recording ----------------------------------------------------------------------------------------------------


def test_a_click_on_an_utterance_or_the_timeline_goes_there(played: Page) -> None:
    played.locator(SAID).nth(1).get_by_role("button").first.click()
    played.wait_for_function(f"() => Math.abs({POSITION} - 3.5) < 0.1")
    expect(played.locator(CURRENT)).to_contain_text("I got the job")
    area = played.locator(".u-over").bounding_box()
    assert area is not None
    played.locator(".u-over").click(position={"x": area["width"] / 2, "y": 20})
    played.wait_for_function(f"() => Math.abs({POSITION} - {RECORD.duration / 2}) < 1")


def test_what_is_heard_is_marked_and_kept_in_view(played: Page) -> None:
    played.evaluate("document.querySelector('video').currentTime = 50")
    expect(played.locator(CURRENT)).to_contain_text("number 19")
    expect(played.locator(CURRENT)).to_be_in_viewport()


def test_without_its_file_a_recording_still_has_a_cursor(recording: Page) -> None:
    expect(recording.get_by_text("Choose the file to play along")).to_be_visible()
    recording.keyboard.press("ArrowRight")
    expect(recording.get_by_label("Player")).to_contain_text("0:05 of 0:51")
    expect(recording.locator(CURRENT)).to_contain_text("I got the job")


def test_a_file_that_can_t_be_played_says_so_and_the_rest_works(recording: Page, tmp_path: Path) -> None:
    broken = tmp_path / "talk.wav"
    broken.write_bytes(b"no sound at all")
    recording.locator("input[type=file]").set_input_files(broken)
    expect(recording.get_by_role("alert")).to_contain_text("can’t play this file")
    recording.locator(SAID).nth(2).get_by_role("button").first.click()
    expect(recording.locator(CURRENT)).to_contain_text("never told me")


@pytest.mark.parametrize(
    ("group", "name", "words"),
    [
        ("Strongest", "0:03 Ben joy, 95 %", "I got the job"),
        ("Shifts", "0:06 Ada neutral to anger", "never told me"),
        ("Words and voice differ", "words anger, voice sadness", "never told me"),
    ],
)
def test_a_moment_is_a_click_away(played: Page, group: str, name: str, words: str) -> None:
    moments = played.get_by_role("region", name="Moments").get_by_role("group", name=group)
    moments.get_by_role("button", name=name).click()
    expect(played.locator(CURRENT)).to_contain_text(words)


def test_chips_leave_only_a_speaker_and_an_emotion(recording: Page) -> None:
    chips = recording.get_by_role("group", name="Show only")
    chips.get_by_role("button", name="Ben").click()
    expect(recording.locator(SAID)).to_have_count(2)
    expect(chips).to_contain_text("2 of 24")
    chips.get_by_role("button", name="unsure").click()
    expect(recording.locator(f"{SAID} .text")).to_have_text(["Well"])
    chips.get_by_role("button", name="Show all").click()
    expect(chips.get_by_role("button", name="Ben")).to_have_attribute("aria-pressed", "false")


def test_the_transcript_is_searched_by_the_keyboard_alone(recording: Page) -> None:
    recording.keyboard.press("/")
    recording.keyboard.type("JOB")
    bar = recording.get_by_role("search")
    expect(bar).to_contain_text("– of 2")
    expect(recording.locator(f"{SAID} mark")).to_have_text(["job", "job"])
    recording.keyboard.press("Enter")
    expect(bar).to_contain_text("1 of 2")
    expect(recording.locator(CURRENT)).to_contain_text("I got the job")
    recording.keyboard.press("Enter")
    expect(recording.locator(CURRENT)).to_contain_text("never told me")
    recording.keyboard.press("Enter")
    expect(bar).to_contain_text("1 of 2")
    recording.keyboard.press("Shift+Enter")
    expect(bar).to_contain_text("2 of 2")
    recording.keyboard.press("Escape")
    expect(recording.locator(f"{SAID} mark")).to_have_count(0)


def test_keys_move_and_letters_can_be_turned_off(recording: Page) -> None:
    player = recording.get_by_label("Player")
    for key, at in (("l", "0:10"), ("j", "0:00"), ("Shift+ArrowRight", "0:00"), ("Shift+ArrowRight", "0:03")):
        recording.keyboard.press(key)
        expect(player).to_contain_text(f"{at} of")
    recording.keyboard.press("?")
    expect(recording.get_by_role("dialog", name="Keys")).to_contain_text("10 seconds back, on")
    recording.get_by_label("Letters").uncheck()
    recording.keyboard.press("Escape")
    expect(recording.get_by_role("dialog", name="Keys")).to_be_hidden()
    recording.keyboard.press("l")
    recording.keyboard.press("ArrowRight")
    expect(player).to_contain_text("0:08 of")


def test_no_key_is_lost_that_is_pressed_as_a_dialog_closes(recording: Page) -> None:
    for at in (5, 10, 15, 20, 25, 30, 35, 40):
        recording.keyboard.press("?")
        recording.get_by_label("Letters").click(click_count=2)
        recording.keyboard.press("Escape")
        recording.keyboard.press("ArrowRight")
        expect(recording.get_by_label("Player")).to_contain_text(f"0:{at:02} of")
        expect(recording.locator("dialog")).to_have_count(0)


def test_the_summary_says_who_spoke_and_what_was_expressed(recording: Page) -> None:
    recording.get_by_role("tab", name="Summary").click()
    summary = recording.get_by_role("tabpanel")
    expect(summary).to_contain_text("Ben took 10 % of the talking time, mostly joy; joy was strongest at 0:03")
    expect(summary).to_contain_text("Ada’s expression shifted twice")
    expect(summary).to_contain_text("what is expressed, not what is felt")
    expect(summary.get_by_role("img", name="Ada: neutral from 0:00, anger from 0:06")).to_be_visible()


@pytest.mark.parametrize(("title", "words"), [("Report", "<!doctype html>"), ("Table, CSV", "I got the job")])
def test_an_export_is_a_click_away(recording: Page, title: str, words: str) -> None:
    assert words in _exported(recording, title).read_text()


@pytest.mark.parametrize("width", [390, 820, 1440])
def test_nothing_is_cut_off_at_any_width_light_and_dark(played: Page, width: int, artifacts: Path, kept: str) -> None:
    played.set_viewport_size({"width": width, "height": 900})
    _photograph(played, width, artifacts / "recording")
    played.get_by_role("link", name="Recordings").click()
    expect(played.locator("[data-entry]")).to_be_visible()
    _photograph(played, width, artifacts / "recordings")


def _photograph(page: Page, width: int, place: Path) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.screenshot(path=place.with_name(f"{place.name}-{width}-{scheme}.png"))


def _exported(page: Page, title: str) -> Path:
    page.locator("summary", has_text="Export").click()
    with page.expect_download() as waiting:
        page.get_by_role("link", name=title).click()
    download: Download = waiting.value
    return Path(download.path())
