"""A conversation that nobody held: the events of people who take turns, as the streamer tells them."""

from collections.abc import Iterator
from random import Random
from typing import Final

from engine.labels import EMOTIONS, MODALITIES, Emotion
from streamer.protocol import (
    Body,
    EmotionEvent,
    FaceBox,
    FacesEvent,
    ModalityShare,
    Participants,
    Speech,
    TranscriptEvent,
    Word,
)

SPEAKERS: Final = ("Ada", "Ben", "Cleo", "Dev")
_WORDS: Final = (
    "so",
    "we",
    "would",
    "have",
    "to",
    "look",
    "at",
    "what",
    "they",
    "said",
    "about",
    "it",
    "before",
    "the",
    "week",
    "ends",
)
_WORDS_PER_SECOND: Final = 2.5
_GLANCE_SECONDS: Final = 0.5
_FACES_PER_SECOND: Final = 10
_STAGES: Final = ("hangover", "recognise", "encode", "order", "fuse", "computed", "beyond_hangover", "total")


def turns(seconds: float, seed: int = 0) -> Iterator[tuple[float, Body]]:
    """Media time and body of each event, in order: turns of 2 to 6 s, with guesses every half second."""
    random = Random(seed)  # noqa: S311 (no secret)
    yield 0.0, Participants(present=SPEAKERS, muted=())
    now, number = 0.5, 0
    while now < seconds:
        length = random.uniform(2.0, 6.0)
        number += 1
        yield from _turn(random, SPEAKERS[random.randrange(len(SPEAKERS))], number, now, length)
        now += length + random.uniform(0.2, 0.8)


def faces(since: float, until: float, seed: int = 0) -> Iterator[tuple[float, Body]]:
    """Of everyone ten a second, a little elsewhere each time."""
    random = Random(seed)  # noqa: S311 (no secret)
    for step in range(round((until - since) * _FACES_PER_SECOND)):
        at = since + step / _FACES_PER_SECOND
        for speaker in SPEAKERS:
            x, y = 0.4 + random.uniform(-0.05, 0.05), 0.3 + random.uniform(-0.05, 0.05)
            label = random.choice(EMOTIONS)
            box = FaceBox(id=1, x=x, y=y, width=0.2, height=0.3, label=label, unsure=False, confidence=0.6)
            yield at, FacesEvent(participant=speaker, at=at, faces=(box,), latency_ms=20.0)


def _turn(random: Random, who: str, number: int, start: float, length: float) -> Iterator[tuple[float, Body]]:
    key, label, end = f"{who}-{number}", random.choice(EMOTIONS), start + length
    yield start, Speech(participant=who, state="started", at=start)
    glances = int(length / _GLANCE_SECONDS)
    for revision in range(1, glances + 1):
        heard = start + revision * _GLANCE_SECONDS
        yield heard, _transcript(who, key, start, heard, final=False)
        yield heard, _emotion(random, who, key, start, heard, label, revision)
    yield end, Speech(participant=who, state="ended", at=end)
    yield end, _transcript(who, key, start, end, final=True)
    yield end, _emotion(random, who, key, start, end, label, glances + 1, final=True)


def _transcript(who: str, key: str, start: float, end: float, *, final: bool) -> TranscriptEvent:
    step = 1 / _WORDS_PER_SECOND
    said = [_WORDS[n % len(_WORDS)] for n in range(max(1, int((end - start) / step)))]
    words = tuple(Word(text=word, start=start + n * step, end=start + (n + 1) * step) for n, word in enumerate(said))
    return TranscriptEvent(
        utterance=key, participant=who, start=start, end=end, final=final, draft=False, text=" ".join(said), words=words
    )


def _emotion(
    random: Random, who: str, key: str, start: float, end: float, label: Emotion, revision: int, *, final: bool = False
) -> EmotionEvent:
    confidence = random.uniform(0.35, 0.95)
    modalities = {
        modality: ModalityShare(weight=1 / 3, label=label, probabilities=_probabilities(random))
        for modality in MODALITIES
    }
    return EmotionEvent(
        utterance=key,
        participant=who,
        start=start,
        end=end,
        revision=revision,
        final=final,
        label=label,
        unsure=confidence < 0.45,
        probabilities=_probabilities(random),
        confidence=confidence,
        valence=random.uniform(-1, 1),
        arousal=random.uniform(-1, 1),
        modalities=modalities,
        latency_ms={stage: random.uniform(1, 500) for stage in _STAGES},
    )


def _probabilities(random: Random) -> dict[Emotion, float]:
    shares = [random.random() for _ in EMOTIONS]
    return {label: share / sum(shares) for label, share in zip(EMOTIONS, shares, strict=True)}
