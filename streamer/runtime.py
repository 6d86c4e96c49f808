"""Puts the parts together: engine, recogniser and hub, opened and closed in order."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import numpy as np

from engine import Engine
from streamer.audio import FRAME
from streamer.faces import FaceTracker
from streamer.hub import Hub
from streamer.recognise import Recogniser, load_recogniser
from streamer.settings import Settings
from streamer.store.library import Library
from streamer.vad import VoiceActivity

_PROCESSES: Final = 2  # that recognise; each holds up to five decoders of 95 MB


@asynccontextmanager
async def running_hub(bundle: str, recogniser: str | Recogniser, settings: Settings) -> AsyncIterator[Hub]:
    """A hub on this bundle (name, folder or hub id) and recogniser; on leaving, what is under way is finished.

    recogniser: as `load_recogniser` takes it, or one that is there already, which is closed in the end.

    Raises engine.BundleError, streamer.recognise.RecogniserError and streamer.store.errors.StoreError.
    """
    engine = await asyncio.to_thread(Engine.load, bundle, slots=settings.max_conversations)
    try:
        words = await asyncio.to_thread(_loaded, recogniser) if isinstance(recogniser, str) else recogniser
        try:
            library = await Library.open(settings.store, settings.store_utterances) if settings.store else None
            hub = Hub(engine, words, settings, library=library)
            await asyncio.to_thread(_warm_up)
            try:
                yield hub
            finally:
                await hub.close()
        finally:
            words.close()
    finally:
        engine.close()


def _loaded(recogniser: str) -> Recogniser:
    return load_recogniser(recogniser, processes=min(_PROCESSES, os.cpu_count() or 1))


def _warm_up() -> None:
    """Runs what is slow the first time in a process, so that the first speaker does not wait for it."""
    VoiceActivity()(np.zeros(FRAME, np.float32))
    tracker = FaceTracker()
    tracker.track(np.zeros((48, 48, 3), np.uint8))
    tracker.close()
