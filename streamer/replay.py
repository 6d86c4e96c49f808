"""A file through the same pipeline as a live call: as fast as the machine can, or in real time as a rehearsal."""

import asyncio
from collections.abc import Callable
from itertools import islice
from time import perf_counter

from streamer.conversation import Conversation
from streamer.participant import Participant
from streamer.sources.file import AudioChunk, FileSource, VideoFrame
from streamer.sources.speakers import SpeakersSource

_BATCH = 8


async def replay(
    source: FileSource | SpeakersSource,
    conversation: Conversation,
    *,
    speed: float | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> None:
    """Plays a file's tracks into a conversation, a participant for each speaker, and waits until all is answered.

    speed: multiples of real time; None is as fast as the pipeline goes.
    progress: called with the media time reached.
    """
    turns = source.turns if isinstance(source, SpeakersSource) else {}
    speakers = {name: await conversation.join(name, origin=0.0, turns=turns.get(name)) for name in source.info.speakers}
    began = perf_counter()
    media = iter(source)
    try:
        while batch := await asyncio.to_thread(lambda: list(islice(media, _BATCH))):
            for item in batch:
                if speed is not None:
                    await asyncio.sleep(max(0.0, item.time / speed - (perf_counter() - began)))
                await _hand_over(item, speakers[item.speaker], live=speed is not None)
            progress(batch[-1].time)
    finally:
        await asyncio.gather(*(conversation.leave(participant) for participant in speakers.values()))


async def _hand_over(item: AudioChunk | VideoFrame, participant: Participant, *, live: bool) -> None:
    if isinstance(item, AudioChunk):
        participant.audio(item.time, item.pcm)
    else:
        participant.video(item.time, item.image)
    if not live:
        await participant.settled()
