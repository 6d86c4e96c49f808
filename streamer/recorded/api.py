"""Recordings from Python: events as they come, and a data frame of utterances."""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from queue import Queue
from typing import TYPE_CHECKING, Final

from streamer.exports.flat import COLUMNS, rows
from streamer.protocol import EmotionEvent, Event, TranscriptEvent
from streamer.record import ConversationRecord
from streamer.recorded.inputs import recordings
from streamer.recorded.request import Begun, Request
from streamer.recorded.run import replay_recording
from streamer.sources.file import Channels
from streamer.sources.media import MediaError

if TYPE_CHECKING:
    import pandas as pd

_AHEAD: Final = 256


def replay(
    *files: str | Path,
    together: bool = False,
    offsets: Mapping[str, float] | None = None,
    transcript: str | Path | None = None,
    channels: Channels = "auto",
    speakers: int | None = None,
    output: str | Path | None = None,
    bundle: str = "undertone-base",
    recogniser: str = "auto",
) -> "Replay":
    """A recording, or with `together` several files of one, a participant each; the word "sample" is the sample.

    offsets: by file name, the time of the conversation at which a file begins, in seconds. transcript: a file to read
    the words from, "none" to recognise them in any case; left out, it is looked for beside the recording and in it.
    channels: "split" gives each a speaker, "mixed" does not. speakers: how many speak in one mixed track, found out if
    left out. output: a file of all events (.jsonl), from which a run
    that was killed goes on. bundle, recogniser: as on the command line. Nothing is kept in the library.
    Raises MediaError; whatever else is wrong is raised when it runs.
    """
    given = [f"{name}={seconds}" for name, seconds in (offsets or {}).items()]
    found = recordings(
        [Path(file) for file in files],
        together=together,
        offsets=given,
        transcript=transcript,
        channels=channels,
        speakers=speakers,
    )
    if len(found) != 1:
        raise MediaError(f"These are {len(found)} recordings: replay them one by one, or as one with together=True.")
    return Replay(Request(found[0], (Path(output),) if output else (), bundle, recogniser))


class Replay:
    """Iterate over it for the events of the protocol, as they come; it runs in a thread and waits for its reader.

    Each iteration runs it anew. Raises what `replay_recording` raises.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._record: ConversationRecord | None = None

    def __iter__(self) -> Iterator[Event]:
        running = _Running(self._request)
        final: list[Event] = []
        try:
            for event in running.events():
                if not final or (isinstance(event.body, EmotionEvent | TranscriptEvent) and event.body.final):
                    final.append(event)
                yield event
        finally:
            running.stop()
        record = ConversationRecord.of(final, bundle=running.bundle, recogniser=running.recogniser)
        self._record = record.model_copy(update={"media": self._request.recording.media})

    def record(self) -> ConversationRecord:
        """What is final in the end. Runs the replay, unless it has been read to its end already."""
        if self._record is None:
            for _ in self:
                pass
        assert self._record is not None  # noqa: S101 (the loop has set it)
        return self._record

    def frame(self) -> "pd.DataFrame":
        """A row an utterance, the columns of the CSV export. Runs it as `record` does. Needs the extra `pandas`."""
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError("a data frame needs pandas: pip install 'undertone[pandas]'") from error
        return pd.DataFrame(list(rows(self.record())), columns=list(COLUMNS))


class _Stopped(Exception):
    """Nobody reads on."""


class _Running:
    """A watcher that hands events from the replay's thread to its reader."""

    def __init__(self, request: Request) -> None:
        self.bundle: str | None = None
        self.recogniser: str | None = None
        self._queue: Queue[Event | BaseException | None] = Queue(_AHEAD)
        self._stopped = False
        self._thread = threading.Thread(target=self._run, args=(request,), name="replay", daemon=True)

    def events(self) -> Iterator[Event]:
        self._thread.start()
        while (item := self._queue.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item

    def stop(self) -> None:
        """Ends the thread, whether the replay is over or not."""
        self._stopped = True
        while self._thread.is_alive():
            while not self._queue.empty():
                self._queue.get()
            self._thread.join(0.05)

    def listening(self, seconds: float, duration: float | None) -> None:  # noqa: ARG002 (as `reached`)
        self.reached(seconds)

    def begun(self, begun: Begun) -> None:
        self.bundle, self.recogniser = begun.bundle, begun.recogniser

    def take(self, event: Event) -> None:
        if self._stopped:
            raise _Stopped
        self._queue.put(event)

    def reached(self, seconds: float) -> None:  # noqa: ARG002 (how far it is, its reader sees by the events)
        if self._stopped:
            raise _Stopped

    def _run(self, request: Request) -> None:
        end: BaseException | None = None
        try:
            asyncio.run(replay_recording(request, self))
        except _Stopped:
            pass
        except Exception as error:
            end = error
        self._queue.put(end)
