"""Latency, replay speed and memory, measured on the sample recording against a real server process.

The clocks: client and server run on one machine and share its wall clock. The client sends what ends at media time t at
the wall time `began + t`, so speech that ends at media time t came in at `began + t`.
"""

import asyncio
import heapq
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from itertools import islice
from pathlib import Path

import cv2
import psutil
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

from engine.utterance import SAMPLE_RATE
from streamer.client import Session, connect, finish
from streamer.listener import FRAME_SECONDS
from streamer.protocol import EmotionEvent, Event, FacesEvent, Hello
from streamer.replay import replay
from streamer.runtime import running_hub
from streamer.sample import write_sample_video
from streamer.segmenter import SegmenterConfig
from streamer.settings import Settings
from streamer.sources.file import AudioChunk, FileSource, VideoFrame

_STARTED = re.compile(r"http://\S+:\d+")
_START_SECONDS = 60.0
_CONVERSATION = "bench"
_TAIL_SECONDS = SegmenterConfig().tail_frames * FRAME_SECONDS


class Figure(BaseModel):
    """A distribution in milliseconds."""

    n: int
    p50: float
    p95: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Figure":
        """Percentiles of at least one value, by linear interpolation."""
        ordered = sorted(values)
        if len(ordered) == 1:
            return cls(n=1, p50=round(ordered[0], 1), p95=round(ordered[0], 1))
        cuts = statistics.quantiles(ordered, n=20, method="inclusive")
        return cls(n=len(ordered), p50=round(cuts[9], 1), p95=round(cuts[18], 1))


class Report(BaseModel):
    """One run of `undertone bench`."""

    commit: str
    machine: str
    cores: int
    versions: dict[str, str]
    bundle: str
    recogniser: str
    media_seconds: float
    finals: dict[str, Figure]
    provisional_after_speech: Figure
    faces: Figure
    memory_mb: float
    replay_times_real_time: float


async def measure(bundle: str, recogniser: str) -> Report:
    """Streams the sample recording in real time to a server of its own, then replays it: some two minutes.

    Raises SampleError where the recording can't be composed, RuntimeError where the server doesn't start.
    """
    with tempfile.TemporaryDirectory() as folder:
        recording = Path(folder) / "sample.mp4"
        await asyncio.to_thread(write_sample_video, recording)
        async with _server(bundle, recogniser) as (url, process):
            live = _Live(recording, url, process)
            await live.run()
        duration, name, words = live.duration, live.bundle, live.recogniser
        replayed = await _replay_seconds(recording, bundle, recogniser)
    return Report(
        commit=_commit(),
        machine=f"{platform.system()} {platform.machine()}, {_processor()}",
        cores=psutil.cpu_count() or 1,
        versions={package: version(package) for package in ("undertone", "torch", "av", "mediapipe", "onnxruntime")},
        bundle=name,
        recogniser=words,
        media_seconds=round(duration, 1),
        finals={stage: Figure.of(values) for stage, values in live.finals.items()},
        provisional_after_speech=Figure.of(live.provisional),
        faces=Figure.of(live.faces),
        memory_mb=round(live.memory / 2**20),
        replay_times_real_time=round(duration / replayed, 1),
    )


def print_report(report: Report, console: Console) -> None:
    """The report as a table."""
    table = Table("stage", "n", "p50", "p95", title=f"{report.bundle}, {report.recogniser}: milliseconds")
    rows = {f"final: {stage}": figure for stage, figure in report.finals.items()}
    rows["first provisional after speech"] = report.provisional_after_speech
    rows["frame to faces"] = report.faces
    for name, figure in rows.items():
        table.add_row(name, str(figure.n), f"{figure.p50:.0f}", f"{figure.p95:.0f}")
    console.print(table)
    console.print(f"replay {report.replay_times_real_time:.1f}× real time, memory {report.memory_mb:.0f} MB")
    console.print(f"{report.machine}, {report.cores} cores, commit {report.commit}")


class _Live:
    """One pass of the recording in real time: a WebSocket session for each speaker, and what came back."""

    def __init__(self, recording: Path, url: str, server: psutil.Process) -> None:
        self._recording = recording
        self._url = url
        self._server = server
        self._began = 0.0
        self._waiting: defaultdict[str, list[float]] = defaultdict(list)
        self.duration = 0.0
        self.bundle = self.recogniser = ""
        self.finals: defaultdict[str, list[float]] = defaultdict(list)
        self.provisional: list[float] = []
        self.faces: list[float] = []
        self.memory = 0

    async def run(self) -> None:
        """Streams everything, says bye, and waits until all is answered."""
        source = FileSource.open(self._recording)
        self.duration = source.info.duration or 0.0
        async with AsyncExitStack() as stack:
            watching = await stack.enter_async_context(connect(self._url, Hello(conversation=_CONVERSATION)))
            self.bundle, self.recogniser = watching.hello.bundle, watching.hello.recogniser
            listening = asyncio.create_task(self._listen(watching))
            sessions: dict[str, Session] = {}
            for name in source.info.speakers:
                hello = Hello(conversation=_CONVERSATION, participant=name, consent=True, origin=0.0)
                sessions[name] = await stack.enter_async_context(connect(self._url, hello))
            await self._send(source, sessions)
            await asyncio.gather(*map(finish, sessions.values()))
            await watching.bye()
            await listening

    async def _send(self, source: FileSource, sessions: dict[str, Session]) -> None:
        self._began = time.time()
        media = _in_sending_order(source)
        while batch := await asyncio.to_thread(lambda: list(islice(media, 4))):
            for item in batch:
                await asyncio.sleep(max(0.0, self._began + _ends(item) - time.time()))
                session = sessions[item.speaker]
                if isinstance(item, AudioChunk):
                    await session.send_audio(item.time, item.pcm)
                else:
                    await session.send_video(item.time, _jpeg(item))

    async def _listen(self, session: Session) -> None:
        async for event in session:
            self.memory = max(self.memory, self._server.memory_info().rss)
            self._take(event, time.time())

    def _take(self, event: Event, now: float) -> None:
        body = event.body
        if isinstance(body, FacesEvent):
            self.faces.append(1e3 * (now - self._began - body.at))
        elif isinstance(body, EmotionEvent) and body.final:
            for stage, milliseconds in body.latency_ms.items():
                self.finals[stage].append(milliseconds)
            self.finals["send"].append(1e3 * (now - event.time))
            spoken = self._began + body.end - _TAIL_SECONDS
            after = [at for at in self._waiting.pop(body.utterance, []) if at >= spoken]
            self.provisional += [1e3 * (after[0] - spoken)] if after else []
        elif isinstance(body, EmotionEvent):
            self._waiting[body.utterance].append(now)


@asynccontextmanager
async def _server(bundle: str, recogniser: str) -> AsyncIterator[tuple[str, psutil.Process]]:
    command = [sys.executable, "-m", "streamer.cli", "serve", "--port", "0"]
    process = await asyncio.create_subprocess_exec(
        *command, "--bundle", bundle, "--recogniser", recogniser, stdout=subprocess.PIPE
    )
    try:
        async with asyncio.timeout(_START_SECONDS):
            address = await _address(process)
        yield address, psutil.Process(process.pid)
    finally:
        process.terminate()
        await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    if process.stdout is None:
        raise RuntimeError("the server has no standard output")
    async for line in process.stdout:
        if found := _STARTED.search(line.decode()):
            return found.group()
    raise RuntimeError("the server ended before it was ready; run `undertone serve` to see why")


async def _replay_seconds(recording: Path, bundle: str, recogniser: str) -> float:
    settings = Settings(live=False)
    async with running_hub(bundle, recogniser, settings) as hub:
        source = FileSource.open(recording)
        began = time.perf_counter()
        await replay(source, hub.conversation(_CONVERSATION))
        return time.perf_counter() - began


def _ends(item: AudioChunk | VideoFrame) -> float:
    return item.time + (len(item.pcm) / SAMPLE_RATE if isinstance(item, AudioChunk) else 0.0)


def _in_sending_order(source: FileSource) -> Iterator[AudioChunk | VideoFrame]:
    """A live client can send a chunk once it has ended: pictures that come meanwhile go first."""
    waiting: list[tuple[float, int, AudioChunk | VideoFrame]] = []
    for number, item in enumerate(source):
        heapq.heappush(waiting, (_ends(item), number, item))
        while waiting[0][0] <= item.time:
            yield heapq.heappop(waiting)[2]
    yield from (item for _, _, item in sorted(waiting, key=lambda entry: entry[:2]))


def _jpeg(frame: VideoFrame) -> bytes:
    _, data = cv2.imencode(".jpg", cv2.cvtColor(frame.image, cv2.COLOR_RGB2BGR))
    return data.tobytes()


def _commit() -> str:
    git = subprocess.run(
        ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"],
        capture_output=True,
        text=True,
        check=False,
    )
    return git.stdout.strip() or "unknown"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.+)", info.read_text()) if info.exists() else []
    return names[0] if names else platform.processor()
