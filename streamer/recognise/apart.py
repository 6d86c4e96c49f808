"""Recognition in processes of its own: a decoder that holds Python's lock while it works then holds up nobody else."""

import logging
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from threading import Lock
from typing import Any, Final, Literal

import numpy as np

from streamer.audio import FRAME, Samples
from streamer.recognise.words import Recogniser, RecogniserError, Recognition, Transcript

_SENT: Final = 10 * FRAME  # how much sound waits here for a message to be worth it: 200 ms
_STOP_SECONDS: Final = 5.0
_NOTHING: Final = Transcript("", ())
_TUNABLES: Final = "GLIBC_TUNABLES"
_log = logging.getLogger(__name__)

Kind = Literal["expect", "feed", "partial", "finish"]


class ApartRecogniser:
    """One that streams, made anew in each of so many processes. An utterance stays in the one with fewest to answer.

    A process that dies takes the words of its utterances with it, and is replaced. Raises RecogniserError where the
    recogniser can't be made.
    """

    def __init__(self, name: str, make: Callable[[], Recogniser], processes: int, *, draft: bool) -> None:
        """make: called in each process, so a class or a function of a module."""
        self.name = name
        self.draft = draft
        self.streams = True
        self._make = make
        self._lock = Lock()
        self._numbers = 0
        self._speakers = 0
        self._closed = False
        self._processes = [_Process(make) for _ in range(processes)]
        try:
            for process in self._processes:
                process.wait_until_ready()
        except RecogniserError:
            self.close()
            raise

    @property
    def pids(self) -> list[int]:
        """Of its processes."""
        return [process.pid for process in self._processes]

    def open(self) -> "ApartRecognition":
        with self._lock:
            process = min(self._processes, key=lambda one: one.utterances)
            process.utterances += 1
            self._numbers += 1
            return ApartRecognition(self, process, self._numbers)

    def expect(self, speakers: int) -> None:
        with self._lock:
            before, self._speakers = self._share(), self._speakers + speakers
            more, processes = self._share() - before, tuple(self._processes)
        if more:
            for process in processes:
                self.ask(process, "expect", more)

    def close(self) -> None:
        with self._lock:
            self._closed = True
        for process in self._processes:
            process.stop()

    def ask(self, process: "_Process", kind: Kind, number: int, pcm: Samples | None = None) -> Any:
        """What a process answers; None where it only listens, or has died."""
        try:
            return process.call(kind, number, pcm)
        except (EOFError, OSError):
            self._lost(process)
            return None

    def over(self, process: "_Process") -> None:
        """An utterance of a process is over."""
        with self._lock:
            process.utterances -= 1

    def _lost(self, process: "_Process") -> None:
        """A process has died: another takes its place."""
        with self._lock:
            if process in self._processes and not self._closed:
                _log.error("a process that recognises speech has died; what it was hearing stays without words")
                self._processes[self._processes.index(process)] = _Process(self._make, self._share())

    def _share(self) -> int:
        """How many may speak to one process at once."""
        return -(-self._speakers // len(self._processes))


class ApartRecognition:
    """One utterance, recognised elsewhere. Sound is sent and not waited for; words are asked for."""

    def __init__(self, owner: ApartRecogniser, process: "_Process", number: int) -> None:
        self._owner = owner
        self._process = process
        self._number = number
        self._unsent: list[Samples] = []

    def feed(self, pcm: Samples) -> None:
        self._unsent.append(pcm)
        if sum(map(len, self._unsent)) >= _SENT:
            self._send()

    def partial(self) -> str:
        self._send()
        return str(self._owner.ask(self._process, "partial", self._number) or "")

    def finish(self) -> Transcript:
        self._send()
        try:
            found: Transcript | None = self._owner.ask(self._process, "finish", self._number)
        finally:
            self._owner.over(self._process)  # A file's next utterance does not wait behind one still being heard.
        return found or _NOTHING

    def _send(self) -> None:
        if self._unsent:
            pcm, self._unsent = np.concatenate(self._unsent), []
            self._owner.ask(self._process, "feed", self._number, pcm)


class _Process:
    """A process, and the one pipe to it."""

    def __init__(self, make: Callable[[], Recogniser], speakers: int = 0) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, there = context.Pipe()
        given = (there, make, speakers)
        self._process = context.Process(target=_serve, args=given, name="undertone-words", daemon=True)
        with _memory_in_huge_pages():
            self._process.start()
        there.close()
        self._lock = Lock()
        self._ready = False
        self.utterances = 0

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    def wait_until_ready(self) -> None:
        """Raises RecogniserError where its recogniser could not be made."""
        with self._lock:
            self._await()

    def call(self, kind: Kind, number: int, pcm: Samples | None) -> Any:
        """The answer, None to sound and to speakers. Raises EOFError or OSError where the process has died."""
        with self._lock:
            self._await()
            self._pipe.send((kind, number, pcm))
            return self._pipe.recv() if kind in {"partial", "finish"} else None

    def stop(self) -> None:
        """Ends the process; who still asks it gets OSError."""
        with self._lock:
            self._pipe.close()
        self._process.join(_STOP_SECONDS)
        if self._process.is_alive():
            self._process.kill()

    def _await(self) -> None:
        if not self._ready:
            if (failed := self._pipe.recv()) is not None:
                raise RecogniserError(failed)
            self._ready = True


@contextmanager
def _memory_in_huge_pages() -> Iterator[None]:
    """What is started meanwhile gets its memory in pages of 2 MiB, where glibc and Linux can; all else ignores it.

    A decoder walks lists that are all over its 95 MB: a tenth of its time went into finding where a page lies.
    """
    if _TUNABLES in os.environ:  # Whoever has set it knows better.
        yield
        return
    os.environ[_TUNABLES] = "glibc.malloc.hugetlb=1"
    try:
        yield
    finally:
        os.environ.pop(_TUNABLES, None)


def _serve(pipe: Connection, make: Callable[[], Recogniser], speakers: int) -> None:
    """What the process does: it answers until the pipe is closed. speakers: as many as are expected already."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the server, which still wants its last words
    try:
        recogniser = make()
    except RecogniserError as error:
        return pipe.send(str(error))
    pipe.send(None)
    under_way: dict[int, Recognition] = {}
    try:
        while True:
            if speakers and not under_way:  # It takes a while, in which nobody is heard.
                recogniser.expect(speakers)
                speakers = 0
            kind, number, pcm = pipe.recv()
            if kind == "expect":
                speakers += number
                continue
            if number not in under_way:
                under_way[number] = recogniser.open()
            match kind:
                case "feed":
                    under_way[number].feed(pcm)
                case "partial":
                    pipe.send(under_way[number].partial())
                case "finish":
                    pipe.send(under_way.pop(number).finish())
    except (EOFError, OSError):
        return None
