"""The report's picture of a conversation over time: lanes of bars, their places reckoned here and drawn in the page.

Lengths are units of a box 360 wide, which is a phone's width, so that its letters need no enlarging there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from engine.labels import Emotion
from streamer.record import ConversationRecord, UtteranceRecord

PANEL_SECONDS: Final = 20.0
WIDTH: Final = 360.0
BAR: Final = 40.0  # height of a bar of full confidence
NAME: Final = 24.0  # above the bars: who speaks
CAPTION: Final = 20.0  # below them: shape and word
LANE: Final = NAME + BAR + CAPTION
AXIS: Final = 18.0
SHAPE: Final = 11.0
_TICK_SECONDS: Final = 5.0
_LETTER: Final = 6.6  # an upper bound of a letter's mean width at 11 units
_GAP: Final = 4.0


@dataclass(frozen=True, slots=True)
class Bar:
    """An utterance, or what of it lies in the panel. `word` is empty where there is no room for it.

    caption: where its shape begins, and the word after that.
    """

    utterance: UtteranceRecord
    x: float
    width: float
    height: float
    caption: float
    word: str

    @property
    def label(self) -> Emotion:
        """Its colour and shape."""
        return self.utterance.label


@dataclass(frozen=True, slots=True)
class Lane:
    """One speaker's bars; y is the lane's upper edge."""

    speaker: str
    y: float
    bars: list[Bar]


@dataclass(frozen=True, slots=True)
class Panel:
    """A stretch of the conversation in which somebody speaks, with a lane for each who does."""

    start: float
    end: float
    lanes: list[Lane]

    @property
    def height(self) -> float:
        """Of the whole panel, its axis included."""
        return LANE * len(self.lanes) + AXIS

    @property
    def ticks(self) -> list[tuple[float, float]]:
        """Place and media time of the axis' marks."""
        number = round((self.end - self.start) / _TICK_SECONDS)
        return [(_x(self.start, time), time) for time in (self.start + _TICK_SECONDS * n for n in range(number))]


def panels(record: ConversationRecord) -> Iterator[Panel]:
    """The conversation cut in panels of equal length; those in which nobody speaks are left out."""
    for number in range(int(record.duration // PANEL_SECONDS) + 1):
        start = number * PANEL_SECONDS
        end = start + PANEL_SECONDS
        inside = [one for one in record.utterances if one.start < end and one.end > start]
        speakers = [speaker for speaker in record.speakers if any(one.speaker == speaker for one in inside)]
        if speakers:
            lanes = [
                Lane(speaker, LANE * row, _bars([one for one in inside if one.speaker == speaker], start, end))
                for row, speaker in enumerate(speakers)
            ]
            yield Panel(start, end, lanes)


def _bars(utterances: list[UtteranceRecord], start: float, end: float) -> list[Bar]:
    lefts = [_x(start, max(start, one.start)) for one in utterances]
    bars: list[Bar] = []
    reached = 0.0
    for one, left, limit in zip(utterances, lefts, [*lefts[1:], WIDTH], strict=True):
        width = max(2.0, _x(start, min(end, one.end)) - left)
        word = f"{one.label}?" if one.unsure else one.label
        needed = SHAPE + _GAP + len(word) * _LETTER
        # At the right edge a caption may begin before its bar, where the one before it leaves room.
        caption = max(reached, min(left, WIDTH - needed)) if limit == WIDTH else left
        if caption + needed > limit:
            caption, word, needed = min(left, WIDTH - SHAPE), "", SHAPE
        bars.append(Bar(one, left, width, BAR * one.confidence, caption, word))
        reached = caption + needed + _GAP
    return bars


def _x(start: float, time: float) -> float:
    return (time - start) / PANEL_SECONDS * WIDTH
