"""Latency of a live call, by stage: the sample recording sent in real time, by one real process to another.

The clocks. Client and server run on one machine and share its wall clock. The client sends what ends at media time t
of the recording at the wall time `began + t`: sound in packets of 20 ms once each is over, pictures when they are
shown. The end of speech of an utterance is a media time t too: when its voice ceases, as the streamer's own voice
activity says of the sound that is sent (bench/ideal.py). A latency runs from `began + t` until the client has an event.

What a final waits for, in order; these add up to the whole:
- arrive: until the packet with the last of the voice has reached the streamer's ear;
- hangover: from then until the packet that makes the silence long enough has: 400 ms, as the server measures it;
- left: what was not done yet of recognition and encoding, which begin 200 ms into the silence;
- order: until no other track can close an utterance before this one; fuse: one step of the fusion;
- send: from the event's making, by the server's clock, until the client has it.
recognise and encode are the whole work of these two, most of it inside the hangover.

Over a WebSocket the server takes media times from the client, and `arrive` is the way through the socket. Over
WebRTC there are no common media times: RTP time stamps begin anywhere, and the server counts from when a track's first
packet comes. So utterances are found again by when they end, and pictures count from the first, which is always looked
at; tracks begin once both sides are connected, so that nothing is lost before. Opus's sound is 6.5 ms late in its own
packets. Opus and VP8 are encoded before: a browser's own capture, processing and encoding come on top.

Beside each figure stands the same for the algorithm alone ("computation-unaware"): what it would be if computing and
the network took no time, from media times alone (the earliest: see bench/ideal.py). What lies between is computing.
"""

import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.client import Job, Part, Seen, run
from bench.errors import CannotMeasure
from bench.figure import Figure
from bench.ideal import Spoken, utterances
from bench.judge import STAGES, WORK, Verdict, ideal_ms, judge
from bench.media import SILENT_SECONDS, Media, Transport, encode
from bench.record import Record, Setting
from bench.server import Counts, serving, watching

_ALONE_SECONDS: Final = 10.0
_ALONE: Final = "algorithm alone"
_NOTES: Final = (
    "From the end of speech in media time until the client has the event; 'final: in all' is the sum of its stages.",
    f"'{_ALONE}': computation-unaware, the same if computing and the network took no time.",
    "Client and server share the machine's cores. The first ten seconds, by one participant alone, are not counted.",
)


@dataclass(slots=True)
class _Pass:
    """One repetition, on a server of its own."""

    verdict: Verdict
    seen: Seen
    ready_seconds: float
    memory_alone: float
    memory: float
    cores: float
    counts: Counts


async def measure(
    bundle: str,
    recogniser: str,
    *,
    transport: Transport = "webrtc",
    seconds: float | None = None,
    repetitions: int = 1,
) -> Record:
    """Some 80 seconds a repetition. seconds: how much of the sample is sent; all of it if left out.

    Raises SampleError where the recording can't be composed, CannotMeasure where server or client fail.
    """
    with tempfile.TemporaryDirectory() as folder:
        media, path = prepare(Path(folder), transport, seconds)
        said = [utterances(media, speaker) for speaker in range(len(media.voices))]
        length = media.seconds - SILENT_SECONDS
        passes = [await _pass(bundle, recogniser, media, path, said, length) for _ in range(repetitions)]
    if not any(one.verdict.answers for one in passes):
        raise CannotMeasure(f"no utterance ends within {length:g} s of the sample; send more of it with --seconds")
    seen = passes[0].seen
    settings: dict[str, Setting] = {
        "bundle": seen.bundle,
        "recogniser": seen.recogniser,
        "transport": transport,
        "seconds": length,
    }
    figures = _figures(passes)
    stacks = {
        "final": [f"final: {stage}" for stage in STAGES],
        f"final, {_ALONE}": [f"final: {stage}, {_ALONE}" for stage in ("arrive", "hangover")],
    }
    return Record.of("undertone bench latency", settings, figures, stacks=stacks, notes=_NOTES, repetitions=repetitions)


def prepare(folder: Path, transport: Transport, seconds: float | None = None) -> tuple[Media, Path]:
    """The sample or the beginning of it as packets, and the file that they are in. Raises SampleError."""
    path = folder / "media.npz"
    media = encode(transport, seconds)
    media.write(path)
    return media, path


async def _pass(
    bundle: str, recogniser: str, media: Media, path: Path, said: list[list[Spoken]], seconds: float
) -> _Pass:
    async with serving(bundle, recogniser) as server:
        alone = Job(url=server.url, media=path, seconds=min(seconds, _ALONE_SECONDS), parts=[_part("alone", 0)])
        async with watching(server) as one:
            await run(alone)
        before = await server.counts()
        job = Job(url=server.url, media=path, seconds=seconds, parts=[_part("bench", i) for i in range(len(said))])
        async with watching(server) as usage:
            seen = await run(job)
        verdict = judge(job, media, said, seen)
        counts = await server.since(before)
        return _Pass(
            verdict, seen, server.ready_seconds, one.memory_mb, usage.memory_mb, usage.cores(*seen.span), counts
        )


def _part(conversation: str, speaker: int) -> Part:
    return Part(conversation=conversation, participant=f"speaker-{speaker + 1}", speaker=speaker, pictures=speaker == 0)


def _figures(passes: list[_Pass]) -> dict[str, Figure]:
    """In the order of the table: each figure, and below it the same for the algorithm alone."""
    measured: defaultdict[str, list[list[float]]] = defaultdict(list)
    for one in passes:
        answers = one.verdict.answers
        ideal = ideal_ms(answers)
        measured["final: in all"].append([answer.total for answer in answers])
        measured[f"final: in all, {_ALONE}"].append(ideal["total"])
        for stage in STAGES:
            measured[f"final: {stage}"].append([answer.stages[stage] for answer in answers])
            if stage in ideal:
                measured[f"final: {stage}, {_ALONE}"].append(ideal[stage])
        measured["final: beyond the hangover"].append([answer.beyond_hangover for answer in answers])
        for work in WORK:
            measured[f"work: {work}"].append([answer.work[work] for answer in answers])
        told = [answer.provisional for answer in answers if answer.provisional is not None]
        measured["first provisional that has heard all"].append(told)
        measured[f"first provisional that has heard all, {_ALONE}"].append(ideal["provisional"])
        measured["picture to faces"].append(one.verdict.faces)
    figures = {name: Figure.over(values) for name, values in measured.items() if any(values)}
    return figures | _single(passes) | guesses([one.counts for one in passes])


def _single(passes: list[_Pass]) -> dict[str, Figure]:
    dropped: Counter[str] = sum((Counter(dropped_by_kind(one.counts)) for one in passes), Counter())
    return {
        "utterances sent": _count(sum(one.verdict.sent for one in passes)),
        "finals lost": _count(sum(one.verdict.lost for one in passes)),
        **{f"dropped: {kind}": _count(number) for kind, number in sorted(dropped.items())},
        "process start to ready": Figure.of((one.ready_seconds for one in passes), "s"),
        "memory, one participant": Figure.of((one.memory_alone for one in passes), "MB"),
        "memory, all participants": Figure.of((one.memory for one in passes), "MB"),
        "server": Figure.of((one.cores for one in passes), "cores"),
        "client": Figure.of((one.seen.cores for one in passes), "cores"),
        "client: packets late by": Figure.of(1e3 * late for one in passes for late in one.seen.behind),
    }


def dropped_by_kind(counts: Counts) -> dict[str, int]:
    """What the server threw away."""
    return {labels[0]: int(n) for (name, labels), n in counts.items() if name == "undertone_dropped_total" and n}


def guesses(every: Iterable[Counts]) -> dict[str, Figure]:
    """Of the work that was begun inside the hangover: how often it stood, what it saved, what the rest had cost."""
    total: Counter[tuple[str, tuple[str, ...]]] = Counter()
    for counts in every:
        total.update(counts)

    def value(name: str, *labels: str) -> float:
        return total[f"undertone_{name}", labels]

    stood, dropped = value("guesses_total", "stood"), value("guesses_total", "dropped")
    figures = {
        "guesses that stood": _count(stood),
        "guesses dropped": _count(dropped),
        "guess dropped: sound heard again": Figure.of([value("guess_reheard_seconds_total")], "s"),
    }
    for what, count in (("saved", stood), ("wasted", dropped)):
        if count:
            figures[f"guess: {what}, mean"] = Figure.of([value(f"guess_{what}_milliseconds_sum") / count])
    return figures


def _count(number: float) -> Figure:
    return Figure.of([number], "count")
