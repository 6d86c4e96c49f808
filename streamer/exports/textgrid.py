"""Praat's TextGrid: for each speaker a tier of words and a tier of emotions, gaps as empty intervals."""

from collections.abc import Iterator

from streamer.exports.wording import milliseconds, one_line, spans, word_for
from streamer.record import ConversationRecord, UtteranceRecord

_Interval = tuple[float, float, str]


def textgrid(record: ConversationRecord) -> str:
    """TextGrid in Praat's long text form. Where words have no times, the utterance's text is one interval.

    Praat opens no TextGrid without a tier or of no length: where nobody spoke there is one of a second, empty.
    """
    tiers = list(_tiers(record)) or [("speech", [])]
    laid = [(name, list(_without_gaps(intervals))) for name, intervals in tiers]
    end = max([1000, milliseconds(record.duration), *(ends for _, tier in laid for _, ends, _ in tier)])
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", *_extent(end), "tiers? <exists>"]
    lines += [f"size = {len(laid)}", "item []:"]
    for number, (name, intervals) in enumerate(laid, 1):
        lines += [f"    item [{number}]:", *_indented(2, _tier(name, intervals, end))]
    return "\n".join(lines) + "\n"


def _tiers(record: ConversationRecord) -> Iterator[tuple[str, list[_Interval]]]:
    for speaker in record.speakers:
        own = [one for one in record.utterances if one.speaker == speaker]
        yield f"{speaker} words", sorted(interval for one in own for interval in _words(one))
        yield f"{speaker} emotion", [(one.start, one.end, word_for(one.label, unsure=one.unsure)) for one in own]


def _words(one: UtteranceRecord) -> list[_Interval]:
    return [(word.start, word.end, word.text) for word in one.words] or [(one.start, one.end, one.text)]


def _without_gaps(intervals: list[_Interval]) -> Iterator[tuple[int, int, str]]:
    reached = 0
    for (start, end), (_, _, text) in zip(spans([(start, end) for start, end, _ in intervals]), intervals, strict=True):
        if start > reached:
            yield reached, start, ""
        yield start, end, text
        reached = end


def _tier(name: str, intervals: list[tuple[int, int, str]], end: int) -> list[str]:
    reached = intervals[-1][1] if intervals else 0
    whole = [*intervals, (reached, end, "")] if reached < end else intervals
    lines = ['class = "IntervalTier"', f"name = {_quoted(name)}", *_extent(end), f"intervals: size = {len(whole)}"]
    for number, (start, stop, text) in enumerate(whole, 1):
        lines.append(f"intervals [{number}]:")
        lines += _indented(1, [*_extent(stop, start), f"text = {_quoted(text)}"])
    return lines


def _extent(end: int, start: int = 0) -> list[str]:
    return [f"xmin = {start / 1000}", f"xmax = {end / 1000}"]


def _quoted(text: str) -> str:
    return '"' + one_line(text).replace('"', '""') + '"'


def _indented(depth: int, lines: list[str]) -> list[str]:
    return [4 * depth * " " + line for line in lines]
