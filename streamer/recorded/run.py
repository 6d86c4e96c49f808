"""One recording, from its files to what is made of it."""

import asyncio
import contextlib
from dataclasses import replace

from streamer.conversation import Conversation
from streamer.hub import Hub
from streamer.protocol import EmotionEvent
from streamer.recognise.none import NoRecogniser
from streamer.recorded.bookmark import Bookmark
from streamer.recorded.files import ReplayFiles
from streamer.recorded.fingerprint import fingerprint
from streamer.recorded.inputs import Opened, open_recording
from streamer.recorded.play import play
from streamer.recorded.request import Begun, Request, Summary, Watcher
from streamer.runtime import running_hub
from streamer.settings import Settings


def settings_for(opened: Opened, *, live: bool, store: str | None) -> Settings:
    """With room for all who speak."""
    settings = Settings(live=live, store=store)
    return replace(settings, max_participants=max(settings.max_participants, len(opened.source.info.speakers)))


def recogniser_for(opened: Opened, name: str) -> str | NoRecogniser:
    """None where a transcript has the words."""
    return name if opened.words_from is None else NoRecogniser("transcript")


async def replay_recording(request: Request, watcher: Watcher) -> Summary:
    """As fast as it goes. Where the same was begun into the same file of events, and killed, it goes on from there.

    Raises MediaError, ExportError, CannotResume, engine.BundleError, RecogniserError, StoreError and OSError, each with
    a sentence for the user.
    """
    recording = request.recording
    files = ReplayFiles(request.outputs, media=recording.media)
    opened = await asyncio.to_thread(open_recording, recording, watcher.listening)
    files.spare(opened.files)
    settings = settings_for(opened, live=False, store=request.store)
    async with running_hub(request.bundle, recogniser_for(opened, request.recogniser), settings) as hub:
        bookmark = Bookmark.open(files.events, fingerprint(recording, opened, hub)) if files.events else None
        return await follow(opened, recording.name, hub, files, watcher, bookmark=bookmark)


async def follow(
    opened: Opened,
    title: str,
    hub: Hub,
    files: ReplayFiles,
    watcher: Watcher,
    *,
    speed: float | None = None,
    bookmark: Bookmark | None = None,
) -> Summary:
    """Plays a recording into the hub's conversation `replay`, and hands its events to the files and the watcher."""
    conversation = hub.conversation("replay", title)
    files.read_by(bundle=hub.engine.bundle.name, recogniser=hub.recogniser.name, bookmark=bookmark)
    utterances = 0
    with files:
        events = conversation.subscribe()

        async def hand_out() -> None:
            nonlocal utterances
            async for event in events:
                files.take(event)
                watcher.take(event)
                utterances += isinstance(event.body, EmotionEvent) and event.body.final

        watcher.begun(_begun(opened, hub, bookmark))
        handing = asyncio.create_task(hand_out())
        playing = asyncio.create_task(_play(opened, conversation, watcher, speed, bookmark))
        try:
            await asyncio.wait({handing, playing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not playing.done():
                playing.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await playing
            events.close()
            await handing
        await playing
    return Summary(utterances, tuple(_notes(opened)))


async def _play(
    opened: Opened, conversation: Conversation, watcher: Watcher, speed: float | None, bookmark: Bookmark | None
) -> None:
    if bookmark is None:
        await play(opened.source, conversation, speed=speed, faces=opened.faces, progress=watcher.reached)
        return
    await conversation.go_on(bookmark, bookmark.memory(), bookmark.events())
    await play(
        opened.source,
        conversation,
        faces=opened.faces,
        seen=bookmark.seen(),
        pictures_from=bookmark.pictures_from,
        progress=watcher.reached,
    )


def _begun(opened: Opened, hub: Hub, bookmark: Bookmark | None) -> Begun:
    resumed = bookmark if bookmark is not None and bookmark.count else None
    return Begun(
        duration=opened.source.info.duration,
        words_from=opened.words_from,
        bundle=hub.engine.bundle.name,
        recogniser=hub.recogniser.name,
        draft=hub.recogniser.draft,
        before=resumed.count if resumed else 0,
        resumed_at=resumed.reached if resumed else None,
        seq=resumed.seq if resumed else 0,
    )


def _notes(opened: Opened) -> list[str]:
    notes = []
    if opened.source.truncated:
        notes.append("the recording ends before it says it does; what was there has been read")
    elif opened.source.damaged:
        notes.append("parts of the recording are damaged and were left out; the rest has been read")
    if not opened.source.info.has_audio:
        notes.append("the recording has no sound: only its faces were read, and there are no utterances")
    return notes
