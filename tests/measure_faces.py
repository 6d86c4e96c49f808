"""How often an utterance gets its own speaker's face: `python -m tests.measure_faces DATA`.

Voices: the sample conversation's, and nine composed dialogues of acted clips, two to four speakers (DATA as `undertone
eval --corpus diarization --split composed` has it). Faces are composed too: portraits side by side whose mouths open as
loud as their voice is; restless listeners move theirs as well, for a third of the time.
"""

import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import numpy as np

from engine.speakers import Diariser, SpeakerModels
from engine.utterance import SAMPLE_RATE
from streamer.audio import Samples
from streamer.binding import Evidence
from streamer.faces import Face, FaceTracker
from streamer.mouths import talking
from streamer.observed import Observed, Spans
from streamer.sources.file import AudioChunk, FileSource
from tests.films import PICTURES_PER_SECOND, lips, write_call
from tests.mixed import CUES, mixed_conversation
from training.evaluation.diarization.composed import compose

_WAYS: Final = ("lips", "bound, told", "bound, heard")
_SHORTEST: Final = 1.0


def measure(
    sound: Samples, spoken: Sequence[tuple[float, float, str]], heard: Mapping[str, Spans], *, restless: bool
) -> Counter[str]:
    """For each way, of how many utterances the right face is chosen, and the wrong one ("… wrong"); `n`: of how many.

    heard: who speaks when, as it was told apart by the voices.
    """
    who = sorted({speaker for *_, speaker in spoken})
    with tempfile.TemporaryDirectory() as folder:
        film = write_call(Path(folder) / "film.mkv", sound, _mouths(sound, spoken, who, restless))
        observed, looked = _watch(FileSource.open(film))
    told = {speaker: [(start, end) for start, end, one in spoken if one == speaker] for speaker in who}
    by_voice = Evidence(observed, told).whose()
    by_sound = Evidence(observed, heard).whose()
    counts: Counter[str] = Counter()
    for start, end, speaker in (one for one in spoken if one[1] - one[0] >= _SHORTEST):
        pictures = [faces for at, faces in looked if start <= at < end]
        label = max(heard, key=lambda one: _shared(heard[one], start, end))
        chosen = {
            "lips": talking(pictures),
            "bound, told": _bound(pictures, by_voice, speaker),
            "bound, heard": _bound(pictures, by_sound, label),
        }
        counts["n"] += 1
        for way, face in chosen.items():
            if face is not None:
                right = _tile(pictures, face, len(who)) == who.index(speaker)
                counts[way if right else f"{way} wrong"] += 1
    return counts


def _told_apart(sound: Samples) -> dict[str, Spans]:
    diariser = Diariser(SpeakerModels.load())
    diariser.push(sound)
    spans: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for turn in diariser.finish().turns:
        spans[str(turn.speaker)].append((turn.start, turn.end))
    return dict(spans)


def _mouths(
    sound: Samples, spoken: Sequence[tuple[float, float, str]], who: Sequence[str], restless: bool
) -> list[list[int]]:
    pictures = len(sound) * PICTURES_PER_SECOND // SAMPLE_RATE
    times = np.arange(pictures) / PICTURES_PER_SECOND
    draw = np.random.default_rng(1)
    found = []
    for speaker in who:
        own = np.zeros_like(sound)
        for start, end, _ in (one for one in spoken if one[2] == speaker):
            span = slice(round(start * SAMPLE_RATE), round(end * SAMPLE_RATE))
            own[span] = sound[span]
        gaps = np.array(lips(own, pictures))
        listens = np.array([not any(s <= at < e for s, e, one in spoken if one == speaker) for at in times])
        if restless:
            moves = np.repeat(draw.random(pictures // 10 + 1) < 1 / 3, 10)[:pictures]
            gaps = np.where(listens & moves, draw.integers(0, 15, pictures), gaps)
        found.append(gaps.tolist())
    return found


def _watch(film: FileSource) -> tuple[Observed, list[tuple[float, list[Face]]]]:
    observed = Observed()
    looked: list[tuple[float, list[Face]]] = []
    with closing(FaceTracker()) as tracker:
        for item in film.read():
            if isinstance(item, AudioChunk):
                observed.hear(item.speaker, item.time, item.pcm)
            else:
                looked.append((item.time, tracker.track(item.image, item.time)))
                observed.see(*looked[-1])
    return observed, looked


def _bound(pictures: Sequence[Sequence[Face]], whose: dict[int, str], speaker: str) -> int | None:
    """As `Sight.crops` chooses."""
    own = [face.id for faces in pictures for face in faces if whose.get(face.id) == speaker]
    return own[0] if own else talking([face for face in faces if face.id not in whose] for faces in pictures)


def _tile(pictures: Sequence[Sequence[Face]], id: int, tiles: int) -> int:
    middles = [face.x + face.width / 2 for faces in pictures for face in faces if face.id == id]
    return int(tiles * float(np.median(middles)))


def _shared(spans: Spans, start: float, end: float) -> float:
    return sum(max(0.0, min(end, stop) - max(start, begin)) for begin, stop in spans)


def main(data: Path) -> None:
    """Prints the sums so far after each dialogue."""
    dialogues = [("sample", mixed_conversation(), [(start, end, str(who)) for start, end, who in CUES])]
    for name, sound, turns in compose(data):
        dialogues.append((name, sound, [(one.start, one.end, one.speaker) for one in turns]))
    totals: dict[str, Counter[str]] = {"still": Counter(), "restless": Counter()}
    for name, sound, spoken in dialogues:
        heard = _told_apart(sound)
        for listeners, total in totals.items():
            total.update(measure(sound, spoken, heard, restless=listeners == "restless"))
            shares = ", ".join(f"{way} {total[way]} (wrong {total[f'{way} wrong']})" for way in _WAYS)
            print(f"up to {name}, listeners {listeners}: n={total['n']}: {shares}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
