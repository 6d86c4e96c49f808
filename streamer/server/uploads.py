"""Recordings that were handed in: read one after the other by the pipeline of live calls, and then deleted."""

import asyncio
import logging
import secrets
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import time
from typing import Any, Final

from streamer.conversation import Conversation
from streamer.errors import Refused
from streamer.hub import Hub
from streamer.load import unhurried
from streamer.log import Subscription
from streamer.metrics import Metrics
from streamer.progress import RecordingError, RecordingProgress
from streamer.protocol import ErrorCode, Event, FacesEvent
from streamer.recognise.none import NoRecogniser
from streamer.record import ConversationRecord
from streamer.recorded.inputs import Opened, Recording, open_recording
from streamer.recorded.play import play
from streamer.sources.media import MediaError
from streamer.sources.together import participant_of
from streamer.store.entries import Entry, Kept
from streamer.store.errors import StoreError
from streamer.workers import Workers

_FINISHED: Final = 16
_KEEP_ALIVE_SECONDS: Final = 15.0
_TRUNCATED: Final = "The file ends before it says it does; what was there has been read."
_DAMAGED: Final = "Parts of the file are damaged and were left out; the rest has been read."
_SILENT: Final = "The file has no sound, so there are no utterances."
_log = logging.getLogger(__name__)


class Upload:
    """One recording. record: what was read of it, where that is held here and not in the library."""

    def __init__(self, name: str, file: Path, discard: Callable[[], None]) -> None:
        self.progress = RecordingProgress(id=secrets.token_hex(8), name=name)
        self.record: ConversationRecord | None = None
        self.file = file
        self.discard = discard
        self._changed = asyncio.Event()

    def tell(self, **change: Any) -> None:
        """A new state, for everyone who follows it."""
        self.progress = self.progress.model_copy(update=change)
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def states(self) -> AsyncIterator[RecordingProgress]:
        """The present state, then the newest whenever there is one, and now and then the same again, to the last."""
        while True:
            changed, told = self._changed, self.progress
            yield told
            if told.over:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(_KEEP_ALIVE_SECONDS):
                    await changed.wait()

    def kept(self) -> Kept:
        """What was read, as the library would show it. Raises Refused(NOT_FOUND)."""
        if (record := self.record) is None:
            raise Refused(ErrorCode.NOT_FOUND, "nothing of this recording is held here; look into the library")
        entry = Entry(
            id=self.progress.id,
            name=self.progress.name,
            title=self.progress.name,
            began=record.began or 0.0,
            duration=record.duration,
            speakers=record.speakers,
            utterances=len(record.utterances),
            bundle=record.bundle,
            recogniser=record.recogniser,
        )
        return Kept(entry=entry, record=record)


class Uploads:
    """The recordings of one server. They have threads of their own, so that no live conversation waits for them.

    What was read goes into the library in one piece. Without a library, or where it can't be written, it is held in
    memory: that of the last sixteen recordings. For the event loop's thread alone.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._workers = Workers(recognition=1)
        self._turn = asyncio.Lock()
        self._uploads: dict[str, Upload] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @property
    def all(self) -> tuple[RecordingProgress, ...]:
        """Those under way and the last that are finished, in the order in which they came."""
        return tuple(upload.progress for upload in self._uploads.values())

    def find(self, id: str) -> Upload:
        """Raises Refused(NOT_FOUND)."""
        try:
            return self._uploads[id]
        except KeyError:
            raise Refused(ErrorCode.NOT_FOUND, "there is no such recording here; hand it in again") from None

    def check_room(self) -> None:
        """Raises Refused where no more is taken: SERVER_FULL, SHUTTING_DOWN."""
        if self._hub.closing:
            raise Refused(ErrorCode.SHUTTING_DOWN, "the server is shutting down; hand the recording in again later")
        limit = self._hub.settings.max_recordings
        if len(self._tasks) >= limit:
            raise Refused(ErrorCode.SERVER_FULL, f"{limit} recordings wait to be read; try again when one is done")

    def add(self, upload: Upload) -> None:
        """Takes a recording, whose file is deleted as soon as it is read. Raises Refused as `check_room`."""
        self.check_room()
        id = upload.progress.id
        self._uploads[id] = upload
        self._tasks[id] = asyncio.create_task(self._serve(upload))
        self._tell_ahead()

    async def remove(self, id: str) -> None:
        """Ends the reading of a recording, or forgets what was read. Raises Refused(NOT_FOUND)."""
        self.find(id)
        if task := self._tasks.get(id):
            task.cancel()
            await asyncio.wait([task])
        self._uploads.pop(id, None)

    async def close(self) -> None:
        """Ends all readings and deletes the files."""
        tasks = tuple(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._workers.close()

    async def _serve(self, upload: Upload) -> None:
        try:
            async with self._turn:
                outcome = await self._outcome(upload)
        except asyncio.CancelledError:
            outcome = {"state": "cancelled"}
        await asyncio.to_thread(upload.discard)
        del self._tasks[upload.progress.id]
        upload.tell(ahead=0, **outcome)
        self._tell_ahead()
        finished = [id for id in self._uploads if id not in self._tasks]
        for id in finished[:-_FINISHED]:
            del self._uploads[id]

    async def _outcome(self, upload: Upload) -> dict[str, Any]:
        try:
            record, warnings = await self._read(upload)
        except MediaError as error:
            return _failed(ErrorCode.BAD_MEDIA, str(error).replace(str(upload.file), upload.progress.name))
        except Refused as refused:
            return _failed(refused.code, refused.message)
        except Exception:
            _log.exception("a recording could not be read")
            return _failed(ErrorCode.INTERNAL, "the recording could not be read; the log of the server says why")
        return {"state": "done", "utterances": len(record.utterances), **await self._keep(upload, record, warnings)}

    async def _read(self, upload: Upload) -> tuple[ConversationRecord, list[str]]:
        began = time()
        upload.tell(state="listening", began=began)
        recording = Recording((upload.file,), (participant_of(Path(upload.progress.name).stem),), (0.0,))
        opened = await _open(recording, upload)
        source = opened.source
        upload.tell(state="reading", at=0.0, duration=source.info.duration)
        most = max(self._hub.settings.max_participants, len(source.info.speakers))
        settings = replace(self._hub.settings, live=False, max_participants=most)
        recogniser = self._hub.recogniser if opened.words_from is None else NoRecogniser("transcript")
        # Metrics and load of its own: how long a file's utterances wait says nothing of the server's latency.
        conversation = Conversation(
            "recording", self._hub.engine, recogniser, self._workers, Metrics(), settings, unhurried()
        )
        events = conversation.subscribe()
        following = asyncio.create_task(_follow(events))
        try:
            await play(source, conversation, faces=opened.faces, progress=lambda at: upload.tell(at=at))
        finally:
            conversation.close()
        record = ConversationRecord.of(await following, bundle=self._hub.engine.bundle.name, recogniser=recogniser.name)
        warnings = [_TRUNCATED] if source.truncated else [_DAMAGED] * source.damaged
        warnings += [_SILENT] * (not source.info.has_audio)
        return record.model_copy(update={"began": began}), warnings

    async def _keep(self, upload: Upload, record: ConversationRecord, warnings: list[str]) -> dict[str, Any]:
        id = None
        if record.utterances and self._hub.library is not None:
            try:
                id = await asyncio.to_thread(self._hub.library.store.begin, record, upload.progress.name)
            except StoreError as error:
                warnings.append(f"What was read is in the server's memory only: {error}.")
        held = bool(record.utterances) and id is None
        upload.record = record if held else None
        return {"library": id, "held": held, "warnings": tuple(warnings)}

    def _tell_ahead(self) -> None:
        for ahead, id in enumerate(self._tasks):
            upload = self._uploads[id]
            if upload.progress.ahead != ahead:
                upload.tell(ahead=ahead)


class _Cancelled(Exception):
    """Nobody waits for it any more."""


async def _open(recording: Recording, upload: Upload) -> Opened:
    """In a thread, which ends soon after this task is cancelled."""
    loop, cancelled = asyncio.get_running_loop(), threading.Event()
    told = 0.0

    def listening(at: float, duration: float | None) -> None:
        nonlocal told
        if cancelled.is_set():
            raise _Cancelled
        if abs(at - told) >= 1.0:  # It begins anew where faces are looked at too.
            told = at
            loop.call_soon_threadsafe(lambda: upload.tell(at=at, duration=duration))

    opening = asyncio.ensure_future(asyncio.to_thread(open_recording, recording, listening))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        cancelled.set()
        await asyncio.gather(opening, return_exceptions=True)
        raise


async def _follow(events: Subscription) -> list[Event]:
    return [event async for event in events if not isinstance(event.body, FacesEvent)]


def _failed(code: ErrorCode, message: str) -> dict[str, Any]:
    return {"state": "failed", "error": RecordingError(code=code, message=message)}
