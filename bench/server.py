"""A real `undertone serve` in a process of its own, and what it costs while it runs."""

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
from time import perf_counter, time
from typing import Final
from urllib.request import urlopen

import psutil
from prometheus_client.parser import text_string_to_metric_families

from bench.errors import CannotMeasure

_SERVE: Final = "from streamer import cli, loopback; loopback.keep_to_loopback(); cli.main()"
"""`undertone serve`, with no address but 127.0.0.1 for WebRTC: ICE would take any path of this machine."""
_ADDRESS: Final = re.compile(r"http://\S+:\d+")
_START_SECONDS: Final = 90.0
_STOP_SECONDS: Final = 30.0
_SAMPLE_SECONDS: Final = 0.1
_LOOKS_TO_MEMORY: Final = 10

Counts = dict[tuple[str, tuple[str, ...]], float]


@dataclass(slots=True)
class Server:
    """url: where it answers. ready_seconds: from the start of the process until it had printed that."""

    url: str
    ready_seconds: float
    process: psutil.Process

    def processes(self) -> list[psutil.Process]:
        """Its own, and those that it has started."""
        return [self.process, *self.process.children(recursive=True)]

    async def counts(self) -> Counts:
        """Its counters by name and values of labels, as `/metrics` tells them now."""
        text = await asyncio.to_thread(self._metrics)
        samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
        return {(sample.name, tuple(sample.labels.values())): sample.value for sample in samples}

    async def since(self, before: Counts) -> Counts:
        """By how much each has risen since then."""
        return {key: value - before.get(key, 0.0) for key, value in (await self.counts()).items()}

    def _metrics(self) -> str:
        with urlopen(f"{self.url}/metrics", timeout=_STOP_SECONDS) as answer:  # noqa: S310 (a server of our own)
            text: str = answer.read().decode()
            return text


@dataclass(slots=True)
class Usage:
    """What a process and its own processes used, taken together.

    memory_mb: highest resident size; busy: wall times with the CPU seconds used until then.
    """

    memory_mb: float = 0.0
    busy: list[tuple[float, float]] = field(default_factory=list)

    def cores(self, since: float, until: float) -> float:
        """Of one stretch of wall time: 1.0 is one core, all the time. Needs two looks within it, else it is 0."""
        within = [look for look in self.busy if since <= look[0] <= until]
        if len(within) < 2:
            return 0.0
        (began, before), (ended, after) = within[0], within[-1]
        return (after - before) / (ended - began)


@asynccontextmanager
async def serving(bundle: str, recogniser: str) -> AsyncIterator[Server]:
    """A server on a free port of 127.0.0.1; leaving stops it. Raises CannotMeasure where it does not start.

    It keeps conversations as a user's would, but in a library that is thrown away.
    """
    began = perf_counter()
    command = [sys.executable, "-c", _SERVE, "serve", "--port", "0", "--bundle", bundle, "--recogniser", recogniser]
    with TemporaryDirectory() as folder:
        command += ["--store", f"{folder}/library.db"]
        process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
        try:
            try:
                async with asyncio.timeout(_START_SECONDS):
                    url = await _address(process)
            except TimeoutError as error:
                raise CannotMeasure(
                    f"the server was not ready after {_START_SECONDS:g} s; try `undertone serve`"
                ) from error
            yield Server(url, perf_counter() - began, psutil.Process(process.pid))
        finally:
            await _stop(process)


@asynccontextmanager
async def watching(server: Server) -> AsyncIterator[Usage]:
    """Looks ten times a second at what the server has used, for the length of the block.

    Every second, and at the end, at its memory: that walks all its pages, which costs more than all else here.
    """
    usage = Usage()

    async def watch() -> None:
        while True:
            processes = server.processes()
            usage.memory_mb = max(usage.memory_mb, _memory(processes) / 2**20)
            for _ in range(_LOOKS_TO_MEMORY):
                usage.busy.append((time(), _seconds(processes)))
                await asyncio.sleep(_SAMPLE_SECONDS)

    task = asyncio.create_task(watch())
    try:
        yield usage
    finally:
        task.cancel()
        usage.memory_mb = max(usage.memory_mb, _memory(server.processes()) / 2**20)


def _seconds(processes: Iterable[psutil.Process]) -> float:
    """Of CPU time."""
    seconds = 0.0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            seconds += times.user + times.system
    return seconds


def _memory(processes: Iterable[psutil.Process]) -> int:
    """Bytes; what processes share is counted once."""
    memory = 0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            memory += process.memory_full_info().pss
    return memory


async def _address(process: asyncio.subprocess.Process) -> str:
    if process.stdout is not None:
        async for line in process.stdout:
            if found := _ADDRESS.search(line.decode()):
                return found.group()
    raise CannotMeasure("the server ended before it was ready; run `undertone serve` to see why")


async def _stop(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
