"""Several recordings side by side: a process and an engine for each, and a line of progress."""

import asyncio
import logging
import os
import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from time import monotonic
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from streamer.protocol import Event
from streamer.recorded.mistakes import MISTAKES
from streamer.recorded.request import Begun, Request, Summary
from streamer.recorded.view import clock, conclusion, introduction

_TOLD_SECONDS: Final = 0.2
_NAME_WIDTH: Final = 28


@dataclass(frozen=True, slots=True)
class _Failed:
    """A sentence on why a recording could not be replayed."""

    reason: str


@dataclass(frozen=True, slots=True)
class _Listening:
    """How far a recording has been listened to for who speaks, of how much."""

    seconds: float
    duration: float | None


_Message = _Listening | Begun | float | Summary | _Failed


def replay_all(requests: Sequence[Request], jobs: int, console: Console) -> int:
    """Replays them, `jobs` at once, and shows how far each is. Returns how many failed; they hold no other one up."""
    progress = Progress(
        TextColumn("{task.description}"),
        TextColumn("{task.fields[clock]}"),
        BarColumn(None),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
    with progress, ThreadPoolExecutor(jobs) as pool:
        runs = [_Run(request, progress) for request in requests]
        try:
            return sum(not ok for ok in pool.map(_Run.supervise, runs))
        except KeyboardInterrupt:
            for run in runs:
                run.stop()
            raise


class _Run:
    """One recording's process, followed from a thread of this one."""

    def __init__(self, request: Request, progress: Progress) -> None:
        self._request = request
        self._progress = progress
        self._name = request.recording.name
        self._stopped = False
        self._process: SpawnProcess | None = None

    def supervise(self) -> bool:
        """Runs it to its end. False if it failed."""
        if self._stopped:
            return False
        task = self._progress.add_task(self._name[:_NAME_WIDTH], total=None, clock="loading")
        context = get_context("spawn")
        receiving, sending = context.Pipe(duplex=False)
        self._process = process = context.Process(target=_work, args=(self._request, sending))
        process.start()
        sending.close()
        last: _Message | None = None
        while True:
            try:
                last = receiving.recv()
            except EOFError:
                break
            self._show(task, last)
        process.join()
        self._progress.remove_task(task)
        return self._conclude(last, process.exitcode)

    def stop(self) -> None:
        """Ends it as Ctrl-C does."""
        self._stopped = True
        if self._process is not None and self._process.pid is not None and self._process.is_alive():
            os.kill(self._process.pid, signal.SIGINT)

    def _show(self, task: TaskID, message: _Message) -> None:
        if isinstance(message, Begun):
            self._progress.reset(task, total=message.duration, clock=clock(0))
            for line in introduction(message):
                self._say(line, "dim")
        elif isinstance(message, _Listening):
            at = f"who speaks {clock(message.seconds)}"
            self._progress.update(task, total=message.duration, completed=message.seconds, clock=at)
        elif isinstance(message, float):
            self._progress.update(task, completed=message, clock=clock(message))

    def _conclude(self, last: _Message | None, exitcode: int | None) -> bool:
        match last:
            case Summary() as summary:
                for note in summary.notes:
                    self._say(note, "yellow")
                self._say(conclusion(summary, self._request.outputs), "")
                return True
            case _Failed(reason):
                self._say(reason, "red")
            case _ if not self._stopped:
                self._say(f"its process ended with {exitcode}; the same command goes on with it", "red")
        return False

    def _say(self, text: str, style: str) -> None:
        self._progress.console.print(Text(f"{self._name}: ").append(text, style), soft_wrap=True)


class _Teller:
    """A watcher that tells the supervising process how far it is."""

    def __init__(self, sending: "Connection[_Message, None]") -> None:
        self._sending = sending
        self._told = 0.0

    def listening(self, seconds: float, duration: float | None) -> None:
        if monotonic() - self._told > _TOLD_SECONDS:
            self._told = monotonic()
            self._sending.send(_Listening(seconds, duration))

    def begun(self, begun: Begun) -> None:
        self._sending.send(begun)

    def take(self, event: Event) -> None:
        """The supervisor shows no events."""

    def reached(self, seconds: float) -> None:
        if monotonic() - self._told > _TOLD_SECONDS:
            self._told = monotonic()
            self._sending.send(seconds)


def _work(request: Request, sending: "Connection[_Message, None]") -> None:
    """The process. It ends when nobody listens to it any more."""
    from streamer.recorded.run import replay_recording  # Here alone: the supervisor needs no models.

    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    try:
        sending.send(asyncio.run(replay_recording(request, _Teller(sending))))
    except MISTAKES as error:
        if not isinstance(error, BrokenPipeError):
            sending.send(_Failed(str(error)))
    except KeyboardInterrupt:
        pass
    finally:
        sending.close()
