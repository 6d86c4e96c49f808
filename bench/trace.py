"""Chromium's own tracing, read for what a page's main thread does in each of its frames."""

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

CATEGORIES: Final = [
    "devtools.timeline",
    "disabled-by-default-devtools.timeline",
    "disabled-by-default-devtools.timeline.frame",
    "v8",
]
_PARTS: Final = {
    "script": {"EvaluateScript", "FunctionCall", "FireAnimationFrame", "TimerFire", "EventDispatch", "RunMicrotasks"},
    "garbage": {"MinorGC", "MajorGC", "V8.GC_MC_BACKGROUND_MARKING"},
    "layout": {"UpdateLayoutTree", "Layout"},
    "paint": {"PrePaint", "Paint", "Layerize", "Commit", "UpdateLayer"},
}
PARTS: Final = (*_PARTS, "other")
_PART_OF: Final = {name: part for part, names in _PARTS.items() for name in names}
_LONG_MS: Final = 50.0


@dataclass(frozen=True, slots=True)
class Frames:
    """Of the page's main thread, in ms. intervals: from one frame to the next, wall time; work: its CPU time in each;
    parts: the same by what it was for; long_tasks: how many tasks took 50 ms of wall time and more."""

    intervals: list[float]
    work: list[float]
    parts: dict[str, list[float]]
    long_tasks: int


def read(trace: bytes) -> Frames:
    """Raises ValueError where the trace holds fewer than two frames."""
    events: list[dict[str, Any]] = json.loads(trace)["traceEvents"]
    thread = _main_thread(events)
    own = [event for event in events if (event["pid"], event["tid"]) == thread]
    starts = sorted(event["ts"] for event in own if event["name"] == "BeginMainThreadFrame")
    if len(starts) < 2:
        raise ValueError("the trace holds no frames")
    parts = {part: [0.0] * (len(starts) - 1) for part in PARTS}
    for at, part, ms in _shares(event for event in own if event["ph"] == "X"):
        frame = bisect_right(starts, at) - 1
        if 0 <= frame < len(starts) - 1:
            parts[part][frame] += ms
    return Frames(
        intervals=[(after - before) / 1000 for before, after in pairwise(starts)],
        work=[sum(of_frame) for of_frame in zip(*parts.values(), strict=True)],
        parts=parts,
        long_tasks=sum(event["name"] == "RunTask" and event.get("dur", 0) >= _LONG_MS * 1000 for event in own),
    )


def _main_thread(events: Iterable[dict[str, Any]]) -> tuple[int, int]:
    """That of the page, which is the one with frames: other pages of the browser have a thread of this name too."""
    framed = [(event["pid"], event["tid"]) for event in events if event["name"] == "BeginMainThreadFrame"]
    return max(set(framed), key=framed.count, default=(0, 0))


def _shares(events: Iterable[dict[str, Any]]) -> Iterator[tuple[float, str, float]]:
    """Start, part and own CPU milliseconds of each event: without those inside it, whose part is theirs or else its."""
    inside: list[tuple[dict[str, Any], str, float]] = []

    def done() -> tuple[float, str, float]:
        event, part, children = inside.pop()
        spent = event.get("tdur", 0)
        if inside:
            outer, its_part, known = inside[-1]
            inside[-1] = outer, its_part, known + spent
        return event["ts"], part, max(0.0, spent - children) / 1000

    for event in sorted(events, key=lambda event: (event["ts"], -event.get("dur", 0))):
        while inside and inside[-1][0]["ts"] + inside[-1][0].get("dur", 0) <= event["ts"]:
            yield done()
        part = _PART_OF.get(event["name"]) or (inside[-1][1] if inside else "other")
        inside.append((event, part, 0.0))
    while inside:
        yield done()
