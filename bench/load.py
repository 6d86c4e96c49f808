"""How many participants a server bears: each sends voice and video of the sample in real time, from another process.

The load has to be cheap, for it runs on the same cores as the server: sound and pictures are encoded once (Opus and
VP8, or PCM16 and JPEG), kept as packets, shared by all participants and sent as they are. Over WebRTC fewer pictures go
to a server that says it looks at fewer, as from the page. What the client used and how late its packets went out stands
beside the server's figures: where it is much, the load was no longer real time.

Conversations begin at different turns of the sample, and participants a fraction of 100 ms apart, as real ones would:
not all speak at once, and pictures do not come in volleys. Every size runs on a server of its own, so that none
inherits from another.
All figures are as in bench/latency.py. A final is lost if a whole utterance was sent and nothing final told of it.
"""

import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.client import Job, Part, Seen, run
from bench.errors import CannotMeasure
from bench.figure import Curve, Figure, Point
from bench.ideal import Spoken, utterances
from bench.judge import Verdict, judge
from bench.latency import dropped_by_kind, prepare
from bench.media import Media, Transport
from bench.record import Record, Setting
from bench.server import Usage, serving, watching
from streamer.listener import FRAME_SECONDS
from streamer.settings import Settings

MAX_SECONDS: Final = 600.0
_PHASES_SECONDS: Final = 0.1
_AFTER_SPEECH: Final = 0.2
_WARM_SECONDS: Final = 4.0
_AXIS: Final = "participants"


@dataclass(frozen=True, slots=True)
class Trial:
    """One size."""

    participants: int
    verdict: Verdict
    seen: Seen
    usage: Usage
    dropped: dict[str, int]

    def within(self, limit: float) -> bool:
        """Whether finals came within this many seconds of the end of speech (p95), and none was lost."""
        totals = [answer.total for answer in self.verdict.answers]
        return bool(totals) and not self.verdict.lost and Figure.of(totals).p95 <= 1e3 * limit


@dataclass(slots=True)
class Load:
    """What every size has in common. Made by `measure`."""

    bundle: str
    recogniser: str
    seconds: float
    per_conversation: int
    media: Media
    path: Path
    said: list[list[Spoken]]

    async def trial(self, participants: int) -> Trial:
        """Runs one size on a fresh server. Raises CannotMeasure."""
        async with serving(self.bundle, self.recogniser) as server:
            warm = Part(conversation="warm", participant="warm", speaker=0)
            await run(Job(url=server.url, media=self.path, seconds=_WARM_SECONDS, parts=[warm]))
            before = await server.counts()
            parts = spread(participants, self.per_conversation, self.said)
            job = Job(url=server.url, media=self.path, seconds=self.seconds, parts=parts)
            async with watching(server) as usage:
                seen = await run(job)
            verdict = judge(job, self.media, self.said, seen)
            return Trial(participants, verdict, seen, usage, dropped_by_kind(await server.since(before)))


async def measure(
    bundle: str,
    recogniser: str,
    *,
    participants: Sequence[int],
    seconds: float = 60.0,
    per_conversation: int = 1,
    transport: Transport = "webrtc",
    limit: float | None = None,
) -> Record:
    """Sizes one after the other, or, with a limit in seconds, a search for the largest within it, from the first on.

    A size at which server or client fails ends the row of sizes, or does not fit; what was measured is kept. Raises
    SampleError where the recording can't be composed, CannotMeasure where no size could be measured.
    """
    most = ceiling(per_conversation)
    if not 0 < seconds <= MAX_SECONDS:
        raise CannotMeasure(f"a run lasts above 0 and at most {MAX_SECONDS:g} s, not {seconds:g}; choose --seconds so")
    if not participants or not 0 < max(participants) <= most:
        raise CannotMeasure(
            f"the server takes 1 to {most} participants, {per_conversation} a conversation; choose -n within that"
        )
    trials: dict[int, Trial] = {}
    broken: dict[int, CannotMeasure] = {}
    with tempfile.TemporaryDirectory() as folder:
        media, path = prepare(Path(folder), transport)
        said = [utterances(media, speaker) for speaker in range(len(media.voices))]
        load = Load(bundle, recogniser, seconds, per_conversation, media, path, said)

        async def fits(number: int) -> bool:
            try:
                trials[number] = await load.trial(number)
            except CannotMeasure as error:
                broken[number] = error
                return False
            return limit is None or trials[number].within(limit)

        borne = None
        if limit is None:
            for number in participants:
                if not await fits(number):
                    break
        else:
            borne = await largest(fits, participants[0], most)
    if not trials:
        raise next(iter(broken.values()))
    ordered = [trials[number] for number in sorted(trials)]
    figures = {} if borne is None else {f"borne with p95 of finals within {limit:g} s": Figure.of([borne], _AXIS)}
    first = ordered[0].seen
    settings: dict[str, Setting] = {
        "bundle": first.bundle,
        "recogniser": first.recogniser,
        "transport": transport,
        "seconds": seconds,
        "per_conversation": per_conversation,
        "limit": limit,
    }
    notes = [
        "Server and participants share the machine's cores: what the participants used is shown beside.",
        "On each fresh server one participant speaks alone first, for some seconds that are not counted.",
    ]
    notes += [f"With {number} it could not be measured: {error}." for number, error in broken.items()]
    return Record.of("undertone bench load", settings, figures, curves(ordered), notes=notes)


def ceiling(per_conversation: int) -> int:
    """How many participants a server takes. Raises CannotMeasure where a conversation takes fewer."""
    bounds = Settings()
    if not 1 <= per_conversation <= bounds.max_participants:
        most = bounds.max_participants
        raise CannotMeasure(f"a conversation takes 1 to {most} participants; choose --per-conversation within that")
    return min(bounds.max_sessions, bounds.max_conversations * per_conversation)


async def largest(fits: Callable[[int], Awaitable[bool]], first: int, most: int) -> int:
    """The largest number up to `most` that fits, if smaller ones do: doubling, then bisection. 0 if none does."""
    good, bad = 0, most + 1
    number = min(first, most)
    while number < bad:
        if await fits(number):
            good = number
            number = min(2 * number, most) if number < most else bad
        else:
            bad = number
    while bad - good > 1:
        middle = (good + bad) // 2
        if await fits(middle):
            good = middle
        else:
            bad = middle
    return good


def spread(participants: int, per_conversation: int, said: list[list[Spoken]]) -> list[Part]:
    """Who begins where. Those of one conversation begin at the same turn."""
    turns = sorted(one.spoken for track in said for one in track)
    cuts = [0, *(round((spoken + _AFTER_SPEECH) / FRAME_SECONDS) for spoken in turns[:-1])]
    conversations = -(-participants // per_conversation)
    step = max(1, len(cuts) // conversations)
    parts = []
    for number in range(participants):
        conversation, seat = divmod(number, per_conversation)
        parts.append(
            Part(
                conversation=f"load-{conversation}",
                participant=f"participant-{number}",
                speaker=(seat if per_conversation > 1 else conversation) % len(said),
                shift=cuts[conversation * step % len(cuts)],
                phase=_PHASES_SECONDS * number / participants,
            )
        )
    return parts


def curves(trials: Sequence[Trial]) -> list[Curve]:
    """Everything over the number of participants; what has no value at any size is left out."""
    totals = [[answer.total for answer in trial.verdict.answers] for trial in trials]
    beyond = [[answer.beyond_hangover for answer in trial.verdict.answers] for trial in trials]
    made = [
        _curve("final", "ms", trials, totals),
        _curve("beyond the hangover", "ms", trials, beyond),
        _curve("picture to faces", "ms", trials, [trial.verdict.faces for trial in trials]),
        _curve("packets sent late by", "ms", trials, [[1e3 * late for late in trial.seen.behind] for trial in trials]),
        _curve("utterances sent", "count", trials, [[trial.verdict.sent] for trial in trials]),
        _curve("finals lost", "count", trials, [[trial.verdict.lost] for trial in trials]),
    ]
    kinds = sorted({kind for trial in trials for kind in trial.dropped})
    made += [
        _curve(f"dropped: {kind}", "count", trials, [[trial.dropped.get(kind, 0)] for trial in trials])
        for kind in kinds
    ]
    made += [
        _curve("last sound to last answer", "s", trials, [trial.verdict.drained for trial in trials]),
        _curve("server", "cores", trials, [[trial.usage.cores(*trial.seen.span)] for trial in trials]),
        _curve("participants' client", "cores", trials, [[trial.seen.cores] for trial in trials]),
        _curve("server's memory", "MB", trials, [[trial.usage.memory_mb] for trial in trials]),
    ]
    return [curve for curve in made if curve.points]


def _curve(name: str, unit: str, trials: Sequence[Trial], values: Sequence[Sequence[float]]) -> Curve:
    found = [(trial.participants, one) for trial, one in zip(trials, values, strict=True) if one]
    return Curve(name=name, over=_AXIS, points=[Point(at=at, figure=Figure.of(one, unit)) for at, one in found])
