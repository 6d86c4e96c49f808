"""The participants, in a process of their own: sends encoded media in real time and writes down what comes when.

It judges nothing. Run as `python -m bench.client` it reads a Job from its input and writes a Seen to its output.
"""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from time import process_time, time
from typing import Final

from pydantic import BaseModel, Field

from bench.errors import CannotMeasure
from bench.media import SILENT_SECONDS, Media
from bench.tracks import PacketTrack
from streamer.client import Call, Disconnected, Session, call, connect
from streamer.errors import Refused
from streamer.frame import FrameKind
from streamer.listener import FRAME_SECONDS
from streamer.loopback import keep_to_loopback
from streamer.protocol import Bye, EmotionEvent, Event, FacesEvent, Hello, Lag, ServerBye, ServerHello

_JOIN_SECONDS: Final = 60.0
_ANSWER_SECONDS: Final = 90.0
_JOINING: Final = 4
_SOON: Final = 0.2


class Part(BaseModel):
    """One participant. speaker: whose sound; shift: the packet of it that comes first (the media goes round);
    phase: seconds by which it begins after the others; pictures: whether it sends some."""

    conversation: str
    participant: str
    speaker: int
    shift: int = 0
    phase: float = 0.0
    pictures: bool = True


class Job(BaseModel):
    """What to send where. seconds: of media; silence follows, so that the last utterance closes as all others do."""

    url: str
    media: Path
    seconds: float
    parts: list[Part]


class Reading(BaseModel):
    """An emotion event. Wall times: received, by the client; made, by the server. end: conversation time."""

    utterance: str
    final: bool
    start: float
    end: float
    made: float
    received: float
    latency_ms: dict[str, float]


class Look(BaseModel):
    """A faces event. at: conversation time of its picture."""

    at: float
    received: float


class Track(BaseModel):
    """What one participant saw of itself. Wall times: began (its media time 0), left (bye sent), over (bye came)."""

    began: float = 0.0
    left: float = 0.0
    over: float = 0.0
    readings: list[Reading] = Field(default_factory=list)
    looks: list[Look] = Field(default_factory=list)


class Seen(BaseModel):
    """What all saw. behind: by how many seconds each packet went out late. cores: what the client itself used."""

    bundle: str
    recogniser: str
    tracks: list[Track]
    behind: list[float]
    cores: float

    @property
    def span(self) -> tuple[float, float]:
        """Wall times between which media was sent."""
        return min(track.began for track in self.tracks), max(track.left for track in self.tracks)


class _Sender:
    """One participant: its connection, its media, and what it hears back."""

    def __init__(self, media: Media, part: Part, seconds: float) -> None:
        self.track = Track()
        self.behind: list[float] = []
        self.greeting: asyncio.Future[ServerHello] = asyncio.get_running_loop().create_future()
        self._media = media
        self._part = part
        self._steps = round(seconds / FRAME_SECONDS)
        self._pictures = round(seconds / media.picture_seconds) if part.pictures else 0
        self._sound_steps = self._steps + round(SILENT_SECONDS / FRAME_SECONDS)
        self._shown: list[PacketTrack] = []

    def hello(self) -> Hello:
        origin = 0.0 if self._media.transport == "websocket" else None
        part = self._part
        return Hello(conversation=part.conversation, participant=part.participant, consent=True, origin=origin)

    def sound(self, number: int) -> bytes | None:
        voice = self._media.voices[self._part.speaker]
        if number < self._steps:
            return voice[(self._part.shift + number) % len(voice)]
        return voice[number - self._sound_steps] if number < self._sound_steps else None

    def picture(self, number: int) -> bytes | None:
        pictures = self._media.pictures
        return pictures[number % len(pictures)] if number < self._pictures else None

    async def listen(self, events: AsyncIterator[Event]) -> None:
        async for event in events:
            self._take(event, time())

    def _take(self, event: Event, now: float) -> None:
        body = event.body
        if isinstance(body, FacesEvent) and body.participant == self._part.participant:
            self.track.looks.append(Look(at=body.at, received=now))
        elif isinstance(body, EmotionEvent) and body.participant == self._part.participant:
            kept = body.model_dump(include={"utterance", "final", "start", "end", "latency_ms"})
            self.track.readings.append(Reading(**kept, made=event.time, received=now))
        elif isinstance(body, Lag) and body.faces_per_second is not None:
            for track in self._shown:
                track.every = self._media.fewer(body.faces_per_second)
        elif isinstance(body, ServerHello):
            self.greeting.set_result(body)
        elif isinstance(body, ServerBye):
            self.track.over = now

    # --- over a WebSocket ----------------------------------------------------------------------------------------

    async def stream(self, session: Session, began: float) -> None:
        self.track.began = began + self._part.phase
        for ends, kind, at, payload in self._in_order():
            due = self.track.began + ends
            await asyncio.sleep(max(0.0, due - time()))
            self.behind.append(time() - due)
            await session.send_encoded(kind, at, payload)
        self.track.left = time()
        await session.bye()

    def _in_order(self) -> Iterator[tuple[float, FrameKind, float, bytes]]:
        shown = 0
        for number in range(self._sound_steps):
            ends = (number + 1) * FRAME_SECONDS
            while (at := shown * self._media.picture_seconds) < ends and (jpeg := self.picture(shown)):
                yield at, FrameKind.VIDEO, at, jpeg
                shown += 1
            if pcm := self.sound(number):
                yield ends, FrameKind.AUDIO, number * FRAME_SECONDS, pcm

    # --- over WebRTC ---------------------------------------------------------------------------------------------

    def tracks(self) -> list[PacketTrack]:
        sound = PacketTrack("audio", self.sound, FRAME_SECONDS, FRAME_SECONDS)
        if self._part.pictures:
            self._shown = [PacketTrack("video", self.picture, self._media.picture_seconds, 0.0)]
        return [sound, *self._shown]

    async def talk(self, opened: Call, tracks: list[PacketTrack], began: float) -> None:
        self.track.began = began + self._part.phase
        for track in tracks:
            track.begin(self.track.began)
        await asyncio.gather(*(track.over.wait() for track in tracks))
        self.behind += [late for track in tracks for late in track.behind]
        self.track.left = time()
        opened.send(Bye())


async def play(job: Job) -> Seen:
    """Joins all participants, sends all at one time, and waits until all is answered."""
    keep_to_loopback()
    media = Media.read(job.media)
    senders = [_Sender(media, part, job.seconds) for part in job.parts]
    few = asyncio.Semaphore(_JOINING)
    async with (
        asyncio.timeout(_JOIN_SECONDS + job.seconds + _ANSWER_SECONDS),
        AsyncExitStack() as stack,
        asyncio.TaskGroup() as listening,
    ):
        streams = await asyncio.gather(*(_join(sender, media, job.url, stack, listening, few) for sender in senders))
        busy, began = process_time(), time() + _SOON
        await asyncio.gather(*(stream(began) for stream in streams))
        cores = (process_time() - busy) / (time() - began)
        hello = senders[0].greeting.result()
    return Seen(
        bundle=hello.bundle,
        recogniser=hello.recogniser,
        tracks=[sender.track for sender in senders],
        behind=[late for sender in senders for late in sender.behind],
        cores=cores,
    )


async def _join(
    sender: _Sender,
    media: Media,
    url: str,
    stack: AsyncExitStack,
    listening: asyncio.TaskGroup,
    few: asyncio.Semaphore,
) -> Callable[[float], Awaitable[None]]:
    """Opens a connection, and says how to stream over it once everybody has been greeted."""
    async with few, asyncio.timeout(_JOIN_SECONDS):
        if media.transport == "websocket":
            session = await stack.enter_async_context(connect(url, sender.hello()))
            listening.create_task(sender.listen(aiter(session)))
            stream = partial(sender.stream, session)
        else:
            tracks = sender.tracks()
            opened = await stack.enter_async_context(call(url, sender.hello(), tracks))
            listening.create_task(sender.listen(aiter(opened)))
            stream = partial(sender.talk, opened, tracks)
        await sender.greeting
    return stream


async def run(job: Job) -> Seen:
    """Plays a job in a process of its own. Raises CannotMeasure where that fails, with its last words."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.client", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        output, errors = await process.communicate(job.model_dump_json().encode())
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        last = (errors.decode().strip() or "it said nothing").splitlines()[-1]
        raise CannotMeasure(f"the participants could not be played: {last}")
    seen = Seen.model_validate_json(output)
    broken = [part.participant for part, track in zip(job.parts, seen.tracks, strict=True) if not track.over]
    if broken:
        raise CannotMeasure(f"the connection of {', '.join(broken)} broke; run `undertone serve` to see why")
    return seen


def main() -> None:
    """The process."""
    job = Job.model_validate_json(sys.stdin.read())
    failed = ""
    try:
        sys.stdout.write(asyncio.run(play(job)).model_dump_json())
    except* (Refused, Disconnected, OSError) as group:
        first: BaseException = group
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        failed = str(first) or "the server did not answer in time"
    if failed:
        sys.exit(failed)


if __name__ == "__main__":
    main()
