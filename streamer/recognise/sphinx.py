"""PocketSphinx: streaming recognition whose English model is inside its package. Draft quality."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final, Protocol, cast

import numpy as np
import pocketsphinx

from streamer.audio import FRAME, Samples
from streamer.recognise.words import RecogniserError, Transcript, Word

# The second pass (fwdflat) costs 100 ms at the end of an utterance and gained no word on flite speech; the search for
# the best path costs 10 ms and does. Where sound is unclear the search widens without end: limits (maxhmmpf, maxwpf)
# took a third off what people's speech costs, for a word in 500. To look further ahead (pl_window, pl_weight) and a
# little less wide (pbeam) than by default took a quarter off what is searched, for one in 300 (docs/performance.md).
SETTINGS: Final[dict[str, bool | int | float]] = {
    "fwdflat": False,
    "maxhmmpf": 6_000,
    "maxwpf": 40,
    "pbeam": 1e-46,
    "pl_window": 8,
    "pl_weight": 4.0,
}

_STEP_SECONDS: Final = 0.01
_VARIANT: Final = re.compile(r"\(\d+\)$")
_MARKS: Final = ("<", "[", "+")


class _Segment(Protocol):
    word: str
    start_frame: int
    end_frame: int


class _Hypothesis(Protocol):
    hypstr: str


class _Decoder(Protocol):
    def reinit_feat(self) -> None: ...
    def start_utt(self) -> None: ...
    def process_raw(self, data: bytes) -> int: ...
    def end_utt(self) -> None: ...
    def hyp(self) -> _Hypothesis | None: ...
    def seg(self) -> Iterable[_Segment] | None: ...


class SphinxRecogniser:
    """At most `decoders` utterances are recognised while they are spoken, each by a decoder of its own (95 MB).

    When all are taken, an utterance is kept and recognised whole when it finishes, by one decoder more that is lent for
    the call alone: nobody ever waits for a speaker to end.
    """

    name = "sphinx"
    draft = True
    streams = True

    def __init__(self, decoders: int = 4) -> None:
        self._most, self._made, self._speakers = decoders, 1, 0
        self._lock = Lock()
        self._idle = [_make_decoder()]
        self._lent: _Decoder | None = None
        self._lending = Lock()

    def open(self) -> "SphinxRecognition":
        return SphinxRecognition(self)

    def expect(self, speakers: int) -> None:
        with self._lock:
            self._speakers += speakers
            missing = max(0, min(self._speakers, self._most) - self._made)
            self._made += missing
        for _ in range(missing):
            self.give(_make_decoder())

    def close(self) -> None:
        with self._lock:
            self._idle.clear()
            self._made = self._most
            self._lent = None

    def take(self) -> _Decoder | None:
        """A decoder for one utterance, None if all are taken."""
        with self._lock:
            if self._idle:
                return self._idle.pop()
            if self._made >= self._most:
                return None
            self._made += 1
        return _make_decoder()

    def give(self, decoder: _Decoder) -> None:
        """Takes a decoder back, its utterance over."""
        with self._lock:
            self._idle.append(decoder)

    @contextmanager
    def lend(self) -> Iterator[_Decoder]:
        """A decoder for an utterance that got none, for the length of one call; one caller at a time."""
        with self._lending:
            if self._lent is None:
                self._lent = _make_decoder()
            yield self._lent


class SphinxRecognition:
    """One utterance. Its decoder is taken with the first audio that finds one free."""

    def __init__(self, owner: SphinxRecogniser) -> None:
        self._owner = owner
        self._decoder: _Decoder | None = None
        self._waiting: list[Samples] = []

    def feed(self, pcm: Samples) -> None:
        self._waiting.append(pcm)
        if self._decoder is None:
            self._decoder = self._owner.take()
            if self._decoder is None:
                return
            _begin(self._decoder)
        self._hear(self._decoder)

    def partial(self) -> str:
        if self._decoder is None:
            return ""
        hypothesis = self._decoder.hyp()
        return hypothesis.hypstr if hypothesis else ""

    def finish(self) -> Transcript:
        if self._decoder is not None:
            decoder, self._decoder = self._decoder, None
            transcript = _end(decoder)
            self._owner.give(decoder)
            return transcript
        if not self._waiting:
            return Transcript("", ())
        with self._owner.lend() as decoder:
            _begin(decoder)
            self._hear(decoder)
            return _end(decoder)

    def _hear(self, decoder: _Decoder) -> None:
        # PocketSphinx holds the interpreter's lock while it works: one frame a call lets other threads have their turn.
        for pcm in self._waiting:
            for first in range(0, len(pcm), FRAME):
                decoder.process_raw(_pcm16(pcm[first : first + FRAME]))
        self._waiting.clear()


def _make_decoder() -> _Decoder:
    try:
        decoder = cast(_Decoder, pocketsphinx.Decoder(**SETTINGS, loglevel="FATAL"))
    except RuntimeError as error:
        raise RecogniserError(
            "PocketSphinx cannot load its English model: reinstall the pocketsphinx package"
        ) from error
    # A decoder's very first utterance is scored a little differently from all later ones: let it be this one.
    _begin(decoder)
    decoder.process_raw(bytes(20 * FRAME))
    decoder.end_utt()
    return decoder


def _begin(decoder: _Decoder) -> None:
    decoder.reinit_feat()  # Forgets the cepstral mean of earlier utterances: same audio, same words.
    decoder.start_utt()


def _end(decoder: _Decoder) -> Transcript:
    so_far = _words(decoder)
    decoder.end_utt()
    # There is no best path where the limits left out the end of the sentence: then what it had heard stands.
    words = _words(decoder)
    words = so_far or () if words is None else words
    return Transcript(" ".join(word.text for word in words), words)


def _words(decoder: _Decoder) -> tuple[Word, ...] | None:
    """What a decoder has heard; None where it finds no way through it."""
    segments = decoder.seg()
    if segments is None:
        return None
    return tuple(
        Word(
            _VARIANT.sub("", segment.word),
            round(segment.start_frame * _STEP_SECONDS, 2),
            round((segment.end_frame + 1) * _STEP_SECONDS, 2),
        )
        for segment in segments
        if not segment.word.startswith(_MARKS)
    )


def _pcm16(pcm: Samples) -> bytes:
    return (np.clip(pcm, -1.0, 1.0) * 32767).astype("<i2").tobytes()
