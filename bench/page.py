"""What the page costs the browser: frames, work of its main thread and memory, through an hour of a conversation.

A real server, the built page in Chromium, watching; the conversation is told what nobody said (`bench.talk`). Up to
each mark of the way its events come as fast as the page takes them; there the heap is measured after a collection, and
then, traced, some seconds go by as they would in life: four speakers, their faces ten times a second.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import chain
from time import monotonic
from typing import TYPE_CHECKING, Final

from bench.errors import CannotMeasure
from bench.figure import Curve, Figure, Point
from bench.record import Record, Setting
from bench.talk import faces, turns
from bench.trace import CATEGORIES, PARTS, Frames, read
from streamer.conversation import Conversation
from streamer.protocol import Body, EmotionEvent
from streamer.runtime import running_hub
from streamer.server import create_app, running
from streamer.server.page import FOLDER
from streamer.settings import Settings

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

_NAME: Final = "bench"
_VIEWS: Final = ("Last minute", "All")
_BUDGET_MS: Final = 1000 / 60
_LATE_MS: Final = 1.5 * _BUDGET_MS
_BATCH: Final = 20
"""Turns told at once: some 300 events, fewer than a reader may fall behind."""
_TILES: Final = 4
_STAND_INS: Final = """(count) => {
    // Stand-ins for the pictures in the tiles, which nobody sends here: a moving one, and a box that glides over it.
    const row = document.createElement("div");
    row.style.cssText = "display: grid; grid-template-columns: repeat(2, 1fr); gap: 8px";
    const draw = [];
    for (let tile = document.querySelectorAll("video").length; tile < count; tile++) {
        const canvas = Object.assign(document.createElement("canvas"), {width: 320, height: 180});
        const context = canvas.getContext("2d");
        const video = Object.assign(document.createElement("video"), {muted: true, autoplay: true});
        const [frame, box] = [document.createElement("div"), document.createElement("div")];
        frame.style.cssText = "position: relative";
        video.style.cssText = "display: block; width: 100%";
        box.style.cssText = "position: absolute; width: 20%; height: 40%; border: 2px solid; border-radius: 8px";
        video.srcObject = canvas.captureStream(15);
        frame.append(video, box);
        row.append(frame);
        let drawn = 0;
        draw.push((now) => {
            if (now - drawn > 66) {
                context.fillStyle = `hsl(${(now / 20 + 90 * tile) % 360} 40% 50%)`;
                context.fillRect(0, 0, canvas.width, canvas.height);
                drawn = now;
            }
            box.style.left = `${40 + 20 * Math.sin(now / 700 + tile)}%`;
            box.style.top = `${30 + 10 * Math.cos(now / 900 + tile)}%`;
        });
    }
    document.querySelector("[role=slider]").closest("section").before(row);
    requestAnimationFrame(function each(now) {
        for (const one of draw) one(now);
        requestAnimationFrame(each);
    });
}"""


async def measure(bundle: str, *, minutes: int = 60, seconds: float = 8.0) -> Record:
    """At four marks of the way, each view for so many seconds. Raises CannotMeasure without a browser or a page."""
    if not (FOLDER / "index.html").is_file():
        raise CannotMeasure("the page is not built; run `make page`")
    marks = sorted({0, minutes // 4, minutes // 2, minutes})
    # The last of them go on in real time while they are traced.
    told = list(turns(minutes * 60 + len(marks) * len(_VIEWS) * (seconds + 2)))
    async with (
        running_hub(bundle, "none", Settings()) as hub,
        running(create_app(hub, page=FOLDER)) as server,
        _chromium() as browser,
    ):
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        conversation = hub.conversation(_NAME)
        await page.goto(f"{server.url}/?conversation={_NAME}&watch=1")
        await page.locator("[role=slider]").wait_for()
        await page.evaluate(_STAND_INS, _TILES)
        return await _through(browser, page, conversation, told, marks, seconds)


async def _through(
    browser: "Browser",
    page: "Page",
    conversation: Conversation,
    told: list[tuple[float, Body]],
    marks: list[int],
    seconds: float,
) -> Record:
    heap: list[Point] = []
    nodes: list[Point] = []
    traced: dict[str, list[tuple[int, Frames]]] = {view: [] for view in _VIEWS}
    way = _Way(conversation, told)
    for mark in marks:
        await way.hurry(page, mark * 60)
        used, count = await _memory(page)
        heap.append(Point(at=mark, figure=Figure.of([used], "MB")))
        nodes.append(Point(at=mark, figure=Figure.of([count], "count")))
        for view in _VIEWS:
            await page.get_by_role("button", name=view, exact=True).click()
            await browser.start_tracing(page=page, categories=CATEGORIES)
            await way.live(seconds)
            traced[view].append((mark, read(await browser.stop_tracing())))
    curves = [Curve(name="heap", over="minutes", points=heap), Curve(name="DOM nodes", over="minutes", points=nodes)]
    curves += [
        Curve(
            name=view, over="minutes", points=[Point(at=mark, figure=Figure.of(frames.work)) for mark, frames in seen]
        )
        for view, seen in traced.items()
    ]
    last = {view: seen[-1][1] for view, seen in traced.items()}
    figures = dict(chain.from_iterable(_figures(view, frames) for view, frames in last.items()))
    settings: dict[str, Setting] = {"minutes": marks[-1], "seconds": seconds, "tiles": _TILES}
    settings["browser"] = browser.version
    notes = [
        "Work: CPU time of the page's main thread in a frame, which has 16.7 ms. Frame to frame: wall time.",
        f"Beside the tiles of four speakers without pictures, {_TILES} canvases are played as video.",
    ]
    return Record.of("undertone bench page", settings, figures, curves, notes=notes)


class _Way:
    """Tells a conversation its events in order of media time: as fast as the page takes them, or as they would come."""

    def __init__(self, conversation: Conversation, told: list[tuple[float, Body]]) -> None:
        self._conversation = conversation
        self._told = told
        self._next = 0
        self._bars = 0
        self._now = 0.0

    async def hurry(self, page: "Page", until: float) -> None:
        """Up to a media time, without faces: of them the page keeps only the last."""
        finals = 0
        for body in self._until(until):
            self._conversation.publish(body)
            if isinstance(body, EmotionEvent) and body.final:
                self._bars += 1
                finals += 1
                if finals % _BATCH == 0:
                    await self._taken(page)
        await self._taken(page)
        self._now = max(self._now, until)

    async def live(self, seconds: float) -> None:
        """So many seconds in real time, faces included."""
        since, began = self._now, monotonic()
        self._now += seconds
        talk = ((at, body) for at, body in self._timed(self._now))
        for at, body in sorted(chain(talk, faces(since, self._now)), key=lambda event: event[0]):
            await asyncio.sleep(max(0.0, began + at - since - monotonic()))
            self._conversation.publish(body)
            self._bars += isinstance(body, EmotionEvent) and body.final

    async def _taken(self, page: "Page") -> None:
        await page.wait_for_function(
            "(bars) => document.querySelector('[role=slider]').ariaValueMax >= bars", arg=self._bars
        )

    def _until(self, until: float) -> Iterator[Body]:
        return (body for _, body in self._timed(until))

    def _timed(self, until: float) -> Iterator[tuple[float, Body]]:
        while self._next < len(self._told) and self._told[self._next][0] <= until:
            yield self._told[self._next]
            self._next += 1


def _figures(view: str, frames: Frames) -> Iterator[tuple[str, Figure]]:
    """Of one view, at the end of the way."""
    yield f"{view}: frame to frame", Figure.of(frames.intervals)
    yield f"{view}: frames later than 25 ms", _share(frames.intervals, _LATE_MS)
    yield f"{view}: work in a frame", Figure.of(frames.work)
    for part in PARTS:
        yield f"{view}: of it {part}", Figure.of(frames.parts[part])
    yield f"{view}: frames with over 16.7 ms of work", _share(frames.work, _BUDGET_MS)
    yield f"{view}: tasks of 50 ms and more", Figure.of([frames.long_tasks], "count")


def _share(values: list[float], limit: float) -> Figure:
    return Figure.of([100 * sum(value > limit for value in values) / len(values)], "%")


async def _memory(page: "Page") -> tuple[float, float]:
    """Megabytes (10**6) of JavaScript's heap after a collection, and nodes of the document."""
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("HeapProfiler.collectGarbage")
    usage = await devtools.send("Runtime.getHeapUsage")
    counters = await devtools.send("Memory.getDOMCounters")
    await devtools.detach()
    return usage["usedSize"] / 1e6, counters["nodes"]


@asynccontextmanager
async def _chromium() -> AsyncIterator["Browser"]:
    try:
        from playwright.async_api import async_playwright
    except ImportError as error:
        raise CannotMeasure("Playwright is missing; install it with `pip install 'undertone[dev]'`") from error
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        raise CannotMeasure("no Chromium on the PATH; install it with `apt-get install chromium`")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            await browser.close()
