"""Holds what the participants saw against what they sent: each final with its utterance, and what it waited for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bench.client import Job, Part, Reading, Seen, Track
from bench.ideal import Spoken
from bench.media import Media
from streamer.listener import FRAME_SECONDS
from streamer.segmenter import SegmenterConfig

STAGES: Final = ("arrive", "hangover", "left", "order", "fuse", "send")
"""They add up to the total."""
WORK: Final = ("recognise", "encode")
_TAIL: Final = SegmenterConfig().tail_frames * FRAME_SECONDS
_NEAR_SECONDS: Final = 0.15
_ROUNDING: Final = 1e-3


@dataclass(frozen=True, slots=True)
class Answer:
    """One utterance with its final event, in ms from the end of speech. stages: STAGES, which add up to `total`.

    provisional: to the first event that had heard all of it, None where the final was the first.
    """

    spoken: Spoken
    total: float
    stages: dict[str, float]
    work: dict[str, float]
    beyond_hangover: float
    provisional: float | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """answers: the finals whose utterance ended where it ended for us. lost: utterances that never got a final.
    faces: ms from a picture to its event. drained: seconds from the last sound of each to its last answer."""

    answers: list[Answer]
    sent: int
    lost: int
    faces: list[float]
    drained: list[float]


def judge(job: Job, media: Media, said: Sequence[Sequence[Spoken]], seen: Seen) -> Verdict:
    """said: what each speaker of the media says, `ideal.utterances`."""
    answers: list[Answer] = []
    sent = lost = 0
    for part, track in zip(job.parts, seen.tracks, strict=True):
        spoken = sent_by(part, said[part.speaker], media.seconds, job.seconds)
        finals = [reading for reading in track.readings if reading.final]
        offset = _offset(finals, spoken)
        sent += len(spoken)
        for one in spoken:
            lost += not any(final.start - offset < one.end and one.start < final.end - offset for final in finals)
            near = [final for final in finals if abs(final.end - offset - one.end) < _NEAR_SECONDS]
            answers += [_answer(one, near[0], track)] if near else []
    faces = [ms for track in seen.tracks for ms in _faces(track)]
    return Verdict(answers, sent, lost, faces, [track.over - track.left for track in seen.tracks])


def sent_by(part: Part, said: Iterable[Spoken], whole: float, seconds: float) -> list[Spoken]:
    """What a participant says in its time: whole utterances alone, those at the very edges left out."""
    shift = part.shift * FRAME_SECONDS
    found: list[Spoken] = []
    for one in said:
        by = next(lap * whole - shift for lap in range(3) if one.start + lap * whole - shift >= 0)
        while one.spoken + by < seconds - _NEAR_SECONDS:
            found.append(_moved(one, by))
            by += whole
    return sorted(found, key=lambda one: one.end)


def _moved(one: Spoken, by: float) -> Spoken:
    return Spoken(one.start + by, one.end + by, one.spoken + by, one.heard + by, one.told + by, one.closed + by)


def _offset(finals: Sequence[Reading], spoken: Sequence[Spoken]) -> float:
    """Conversation time of the sender's media time 0: the one under which most finals end where utterances do.

    A WebSocket's is 0; over WebRTC the server counts from when the first packet has come.
    """
    apart = np.array([[final.end - one.end for one in spoken] for final in finals]).reshape(-1)
    if not len(apart):
        return 0.0
    agree = (np.abs(apart[:, None] - apart[None]) < _NEAR_SECONDS).sum(axis=1)
    best = apart[agree.argmax()]
    return float(np.median(apart[np.abs(apart - best) < _NEAR_SECONDS]))


def _answer(one: Spoken, final: Reading, track: Track) -> Answer:
    spoken = track.began + one.spoken
    total, send = 1e3 * (final.received - spoken), 1e3 * (final.received - final.made)
    told = final.latency_ms
    stages = {
        "arrive": total - send - told["total"],
        "hangover": told["hangover"],
        "left": told["beyond_hangover"] - told["order"] - told["fuse"],
        "order": told["order"],
        "fuse": told["fuse"],
        "send": send,
    }
    first = [
        reading.received
        for reading in track.readings
        if reading.utterance == final.utterance and not reading.final and reading.end >= final.end - _TAIL - _ROUNDING
    ]
    provisional = 1e3 * (first[0] - spoken) if first else None
    work = {stage: told[stage] for stage in WORK}
    return Answer(one, total, stages, work, told["beyond_hangover"], provisional)


def _faces(track: Track) -> list[float]:
    """The first picture is always looked at, and the sender's media time 0 is its own: later ones count from it."""
    if not track.looks:
        return []
    first = track.looks[0].at
    return [1e3 * (look.received - track.began - (look.at - first)) for look in track.looks]


def ideal_ms(answers: Iterable[Answer]) -> dict[str, list[float]]:
    """The same by the algorithm alone: `total`, `arrive`, `hangover`, and `provisional`."""
    every = [answer.spoken for answer in answers]
    return {
        "total": [1e3 * (one.closed - one.spoken) for one in every],
        "arrive": [1e3 * (one.heard - one.spoken) for one in every],
        "hangover": [1e3 * (one.closed - one.heard) for one in every],
        "provisional": [1e3 * (one.told - one.spoken) for one in every],
    }
