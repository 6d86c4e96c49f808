"""A recording through the same pipeline as a live call: as fast as the machine can, or in real time as a rehearsal."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import aclosing
from itertools import islice
from time import perf_counter

from streamer.conversation import Conversation
from streamer.faces import Seen
from streamer.participant import Participant
from streamer.sources.media import AudioChunk, Source, VideoFrame
from streamer.sources.speakers import SpeakersSource
from streamer.sources.together import Together
from streamer.transcripts.ear import CueListener
from streamer.transcripts.script import LONGEST_SECONDS, Scripted

_BATCH = 8
_Item = AudioChunk | VideoFrame


async def play(
    source: Source,
    conversation: Conversation,
    *,
    speed: float | None = None,
    faces: Mapping[int, str] | None = None,
    seen: Mapping[str, Seen] | None = None,
    pictures_from: float = 0.0,
    progress: Callable[[float], None] = lambda _: None,
) -> None:
    """Plays a recording's tracks into a conversation, a participant for each speaker, and waits until all is answered.

    speed: multiples of real time; None is as fast as the pipeline goes.
    faces: whose they are, by id; in real time pictures may be left out, and ids are others: then none are known.
    pictures_from: as `Source.read` takes it; seen: the faces that were followed up to there.
    progress: called with the media time reached.
    """
    speakers = await _join(source, conversation)
    if faces and source.info.video_speaker and speed is None:
        speakers[source.info.video_speaker].bind(faces)
    for name, known in (seen or {}).items():
        speakers[name].recall(known)
    began = perf_counter()
    try:
        async with aclosing(_batches(source.read(pictures_from))) as batches:
            async for batch in batches:
                for item in batch:
                    if speed is not None:
                        await asyncio.sleep(max(0.0, item.time / speed - (perf_counter() - began)))
                    await _hand_over(item, speakers[item.speaker], live=speed is not None)
                progress(batch[-1].time)
    except BaseException:
        for participant in speakers.values():
            participant.stop()  # What was not said to the end is not answered.
        raise
    # All end at once, since each may wait for what the others said before; then they leave, one by one.
    await asyncio.gather(*(participant.flush() for participant in speakers.values()))
    for participant in speakers.values():
        await conversation.leave(participant)


async def _batches(media: Iterator[_Item]) -> AsyncGenerator[list[_Item], None]:
    """Decoded in a thread, one batch ahead of what is played."""

    def read() -> asyncio.Task[list[_Item]]:
        return asyncio.create_task(asyncio.to_thread(lambda: list(islice(media, _BATCH))))

    coming = read()
    try:
        while batch := await asyncio.shield(coming):
            coming = read()
            yield batch
    finally:
        # Whoever stops waits for the thread, which cannot be stopped, so that the file is closed after it.
        await asyncio.gather(coming, return_exceptions=True)


async def _join(source: Source, conversation: Conversation) -> dict[str, Participant]:
    speakers: dict[str, Participant] = {}
    for name in source.info.speakers:
        if isinstance(source, Scripted):
            beside = source.seen_with(name)
            speakers[name] = await conversation.join(
                name,
                origin=0.0,
                ear=CueListener(source.cues[name], LONGEST_SECONDS),
                seen_with=speakers[beside] if beside else None,
            )
        else:
            turns = source.turns[name] if isinstance(source, SpeakersSource) else None
            alone = isinstance(source, Together)  # Its participants have pictures of their own.
            first = None if alone else speakers.get(source.info.speakers[0])
            speakers[name] = await conversation.join(name, origin=0.0, turns=turns, seen_with=first)
    return speakers


async def _hand_over(item: _Item, participant: Participant, *, live: bool) -> None:
    if isinstance(item, AudioChunk):
        participant.audio(item.time, item.pcm)
    else:
        participant.video(item.time, item.image)
    if not live:
        await participant.settled()
