"""What is drawn on a picture of the recording: the faces seen then, and who says what."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from textwrap import wrap
from typing import Final

import matplotlib
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from streamer.exports.palette import DARK
from streamer.exports.report import percent
from streamer.exports.wording import one_line, word_for
from streamer.protocol import EmotionEvent, Event, FaceBox, FacesEvent, TranscriptEvent
from streamer.record import ConversationRecord, UtteranceRecord

Picture = npt.NDArray[np.uint8]

_FACE_SECONDS: Final = 0.5  # Faces are read at most ten times a second; older ones have moved on.
_CAPTIONS: Final = 2
_LINES: Final = 3
_INK: Final = "#ffffff"
_GROUND: Final = (14, 19, 21, 200)


class Overlay:
    """All that was read of a recording, drawn on its pictures by their time."""

    def __init__(self, events: Iterable[Event], origin: float) -> None:
        """origin: the time stamp of the recording that is media time 0."""
        self._origin = origin
        faces: defaultdict[str, list[FacesEvent]] = defaultdict(list)
        final: list[Event] = []
        for event in events:
            if isinstance(event.body, FacesEvent):
                faces[event.body.participant].append(event.body)
            elif not final or (isinstance(event.body, EmotionEvent | TranscriptEvent) and event.body.final):
                final.append(event)
        self._faces = dict(faces)
        self._utterances = ConversationRecord.of(final).utterances if final else ()

    def draw(self, picture: Picture, stamp: float) -> Picture:
        """The picture, uint8 [height, width, 3] RGB, with what belongs to the recording's time stamp."""
        time = stamp - self._origin
        image = Image.fromarray(picture)
        canvas = ImageDraw.Draw(image, "RGBA")
        for box in self.faces_at(time):
            _draw_face(canvas, box, image.size)
        _draw_captions(canvas, [_caption(one) for one in self.spoken_at(time)], image.size)
        return np.asarray(image)

    def faces_at(self, time: float) -> list[FaceBox]:
        """The faces last seen of everyone by then, unless that is too long ago."""
        found: list[FaceBox] = []
        for seen in self._faces.values():
            place = bisect_right(seen, time, key=lambda event: event.at)
            if place and time - seen[place - 1].at <= _FACE_SECONDS:
                found += seen[place - 1].faces
        return found

    def spoken_at(self, time: float) -> list[UtteranceRecord]:
        """Who is speaking then: the last to begin comes last."""
        return [one for one in self._utterances if one.start <= time < one.end][-_CAPTIONS:]


def _caption(one: UtteranceRecord) -> tuple[str, str]:
    word = word_for(one.label, unsure=one.unsure)
    return f"{one_line(one.speaker)} ({word}): {one_line(one.text)}".rstrip(), DARK[one.label]


def _draw_face(canvas: ImageDraw.ImageDraw, box: FaceBox, size: tuple[int, int]) -> None:
    width, height = size
    left, top = box.x * width, box.y * height
    right, bottom = left + max(1.0, box.width * width), top + max(1.0, box.height * height)
    colour = DARK[box.label]
    canvas.rectangle((left, top, right, bottom), outline=colour, width=1 if box.unsure else max(2, height // 240))
    font = _font(max(12, height // 28))
    text = f"{word_for(box.label, unsure=box.unsure)} {percent(box.confidence)}"
    if box.speaker is not None:
        text = f"{one_line(box.speaker)}: {text}"
    high = font.size * 1.4
    above = top - high if top > high else bottom
    canvas.rectangle((left, above, left + font.getlength(text) + font.size, above + high), fill=_GROUND)
    canvas.text((left + font.size / 2, above + high / 2), text, fill=colour, font=font, anchor="lm")


def _draw_captions(canvas: ImageDraw.ImageDraw, captions: list[tuple[str, str]], size: tuple[int, int]) -> None:
    width, height = size
    font = _font(max(13, height // 22))
    columns = max(16, int(0.9 * width / (0.58 * font.size)))
    lines = [(line, colour) for text, colour in captions for line in wrap(text, columns, max_lines=_LINES)]
    step = font.size * 1.35
    base = height - step * len(lines) - 0.03 * height
    for number, (line, colour) in enumerate(lines):
        middle = base + step * (number + 0.5)
        half = font.getlength(line) / 2 + font.size / 2
        canvas.rectangle((width / 2 - half, middle - step / 2, width / 2 + half, middle + step / 2), fill=_GROUND)
        head, bracket, rest = line.partition("): ")
        start = width / 2 - font.getlength(line) / 2
        canvas.text((start, middle), head + bracket, fill=colour if bracket else _INK, font=font, anchor="lm")
        canvas.text((start + font.getlength(head + bracket), middle), rest, fill=_INK, font=font, anchor="lm")


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), size)
