"""The page for everyone: axe-core, the keyboard, a screen reader, large text, less motion."""

from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.axe import violations
from tests.e2e.conftest import OpenPage, Publish, Show
from tests.e2e.screens import SCHEMES, SCREENS, SIZES, Screen
from tests.e2e.scripts import lines

BY_NAME: Final = {screen.name: screen for screen in SCREENS}
# What the Tab key reaches: its name, and whether one can see that it has the focus. Null where it left the page.
FOCUSED: Final = """() => {
    const element = document.activeElement;
    if (!element || element === document.body) return null;
    const style = getComputedStyle(element), box = element.getBoundingClientRect();
    const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && box.width > 0;
    const name = element.ariaLabel || element.labels?.[0]?.innerText || element.innerText || element.className;
    return [name.replaceAll(/\\s+/g, " ").trim(), seen];
}"""
# Everything that can be operated and is not one of a group through which arrows move.
OPERABLE: Final = """() => [...document.querySelectorAll("a[href], button, input, select, [role=slider]")]
    .filter((element) => !element.disabled && element.tabIndex >= 0 && element.checkVisibility()).length"""
CUT_OFF: Final = """() => [...document.querySelectorAll("body *")].filter((element) => {
    const style = getComputedStyle(element);
    const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const hidden = ["hidden", "clip"].includes(style.overflowX) && style.textOverflow !== "ellipsis";
    return text && !element.closest(".unseen") && hidden && element.scrollWidth > element.clientWidth + 1;
}).map((element) => element.outerHTML.slice(0, 120))"""
WATCH_ANNOUNCEMENTS: Final = """() => {
    window.announced = [];
    const region = document.querySelector(".unseen[aria-live=polite]");
    const changes = {subtree: true, childList: true, characterData: true};
    new MutationObserver(() => announced.push(region.textContent)).observe(region, changes);
}"""

WATCH_SHIFTS: Final = """() => {
    window.shifts = [];
    new PerformanceObserver((list) => shifts.push(...list.getEntries())).observe({type: "layout-shift"});
}"""


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
def test_axe_finds_nothing_in_either_theme(screen: Screen, show: Show) -> None:
    page = show(screen)
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        assert violations(page) == [], scheme


def test_axe_would_find_a_fault(open_page: OpenPage) -> None:
    page = open_page("conversation=faulty")
    page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    assert [found.partition(":")[0] for found in violations(page)] == ["button-name"]


@pytest.mark.parametrize("name", ["start", "talk"])
def test_the_tab_key_reaches_everything_and_shows_where_it_is(name: str, show: Show) -> None:
    page = show(BY_NAME[name])
    wanted = page.evaluate(OPERABLE)
    reached: list[tuple[str, bool]] = []
    # Round once: it begins where the page has put the focus, and the browser itself lies between last stop and first.
    while len(reached) < wanted:
        page.keyboard.press("Tab")
        if (focused := page.evaluate(FOCUSED)) is None:
            page.keyboard.press("Tab")
            focused = page.evaluate(FOCUSED)
        assert focused not in reached, reached
        reached.append(focused)
    assert [where for where, seen in reached if not seen] == []


def test_arrows_walk_through_the_timeline_and_read_out_what_was_said(show: Show) -> None:
    page = show(BY_NAME["talk"])
    timeline = page.get_by_role("slider")
    timeline.focus()
    page.keyboard.press("Home")
    expect(timeline).to_have_attribute(
        "aria-valuetext", "Ada, 0:00, neutral 70 %. Good morning, shall we begin with the figures of the autumn?"
    )
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    expect(timeline).to_have_attribute(
        "aria-valuetext", "Ada, 0:08, surprise 70 %, a shift from neutral. Oh. I had not seen that coming at all."
    )
    page.keyboard.press("Enter")
    expect(page.locator("li.marked")).to_contain_text("I had not seen that coming")
    expect(timeline).to_be_focused()


def test_keys_zoom_the_timeline(show: Show) -> None:
    page = show(BY_NAME["scrolled"])
    page.get_by_role("button", name="Last minute").click()
    timeline = page.get_by_role("slider")
    timeline.focus()
    width = (
        "() => { const {from, to} = document.querySelector('[role=slider]').dataset; return Math.round(to - from); }"
    )
    assert page.evaluate(width) == 60
    page.keyboard.press("+")
    page.wait_for_function(f"({width})() === 30")
    page.keyboard.press("-")
    page.keyboard.press("-")
    page.wait_for_function(f"({width})() === 120")


def test_arrows_walk_through_a_transcript_that_is_mostly_not_in_the_page(show: Show) -> None:
    page = show(BY_NAME["scrolled"])
    assert page.locator("li[data-utterance]").count() < 40
    page.locator("li[data-utterance] .why[tabindex='0']").focus()
    page.keyboard.press("Home")
    expect(page.locator("li:focus-within")).to_have_attribute("aria-posinset", "1")
    page.keyboard.press("End")
    expect(page.locator("li:focus-within")).to_have_attribute("aria-posinset", "60")
    page.keyboard.press("ArrowUp")
    expect(page.locator("li:focus-within")).to_have_attribute("aria-posinset", "59")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What it was read from")).to_be_visible()


def test_a_screen_reader_is_told_finals_and_is_not_flooded(open_page: OpenPage, publish: Publish) -> None:
    page = open_page("conversation=read-out&watch=1")
    expect(page.get_by_text("Listening.")).to_be_visible()
    page.evaluate(WATCH_ANNOUNCEMENTS)
    publish("read-out", lines(30))
    expect(page.locator(".unseen[aria-live=polite]")).to_contain_text("Ada: Well then, page two")
    told = page.evaluate("window.announced")
    assert 1 <= len(told) <= 2, told


@pytest.mark.parametrize("name", [screen.name for screen in SCREENS if screen.sizes == SIZES])
def test_text_of_twice_the_size_loses_nothing(name: str, show: Show) -> None:
    page = show(BY_NAME[name])
    page.set_viewport_size({"width": 1280, "height": 900})
    page.add_style_tag(content="html { font-size: 200%; }")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert page.evaluate(CUT_OFF) == []


def test_less_motion_means_none(show: Show) -> None:
    page = show(BY_NAME["away"])
    assert page.evaluate("document.getAnimations().length") > 0
    page.emulate_media(reduced_motion="reduce")
    page.wait_for_function("document.getAnimations().length === 0")


def test_nothing_moves_as_text_arrives(open_page: OpenPage, publish: Publish) -> None:
    page = open_page("conversation=steady&watch=1")
    publish("steady", lines(6))
    _settled(page, 6)
    page.evaluate(WATCH_SHIFTS)
    publish("steady", list(lines(7))[-4:])
    _settled(page, 7)
    assert page.evaluate("window.shifts.reduce((sum, shift) => sum + shift.value, 0)") < 0.01


def _settled(page: Page, count: int) -> None:
    expect(page.locator("li[data-final=true]:has([data-emotion])")).to_have_count(count)
