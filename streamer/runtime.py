"""Puts the parts together: engine, recogniser and hub, opened and closed in order."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Final

import numpy as np

from engine import Engine
from engine.garbage import loaded_for_good
from streamer.audio import FRAME
from streamer.faces import FaceTracker
from streamer.hub import Hub
from streamer.recognise import Recogniser, RecogniserError, load_recogniser
from streamer.settings import Settings
from streamer.store.library import Library
from streamer.vad import VoiceActivity

_PROCESSES: Final = 2  # that recognise; each holds up to five decoders of 95 MB


@asynccontextmanager
async def running_hub(
    bundle: str, recogniser: str | Recogniser, settings: Settings, device: str = "auto"
) -> AsyncIterator[Hub]:
    """A hub on this bundle (name, folder or hub id) and recogniser; on leaving, what is under way is finished.

    recogniser: as `load_recogniser` takes it, or one that is there already, which is closed in the end. device: the
    engine's.

    Raises BundleError, DeviceError, streamer.recognise.RecogniserError and streamer.store.errors.StoreError.
    """
    async with AsyncExitStack() as stack:
        # Words are recognised in processes of their own: they start while the engine is loaded.
        loading = asyncio.create_task(_recogniser(recogniser))
        stack.push_async_callback(_close, loading)
        slots = settings.max_conversations
        engine = stack.enter_context(await asyncio.to_thread(Engine.load, bundle, device=device, slots=slots))
        words = await loading
        library = await Library.open(settings.store, settings.store_utterances) if settings.store else None
        hub = Hub(engine, words, settings, library=library)
        stack.push_async_callback(hub.close)
        await asyncio.to_thread(_warm_up)
        stack.enter_context(loaded_for_good())
        yield hub


async def _recogniser(asked: str | Recogniser) -> Recogniser:
    if not isinstance(asked, str):
        return asked
    return await asyncio.to_thread(load_recogniser, asked, processes=min(_PROCESSES, os.cpu_count() or 1))


async def _close(loading: asyncio.Task[Recogniser]) -> None:
    with suppress(RecogniserError):
        (await loading).close()


def _warm_up() -> None:
    """Runs what is slow the first time in a process, so that the first speaker does not wait for it."""
    VoiceActivity()(np.zeros((1, FRAME), np.float32))
    tracker = FaceTracker()
    tracker.track(np.zeros((48, 48, 3), np.uint8))
    tracker.close()
