"""How fast a recording is read: media time over the wall time from the first packet to the last answer.

The models are loaded before and do not count; decoding the file, voice activity, recognition, faces and the engine do.
"""

import asyncio
import tempfile
from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from time import perf_counter
from typing import Final

from bench.errors import CannotMeasure
from bench.figure import Figure
from bench.record import Record, Setting
from streamer.hub import Hub
from streamer.protocol import EmotionEvent
from streamer.recorded.play import play
from streamer.runtime import running_hub
from streamer.sample import write_sample_video
from streamer.settings import Settings
from streamer.sources.file import FileSource, MediaError

SAMPLE: Final = "sample"


async def measure(
    file: str, bundle: str, recogniser: str, *, sound_alone: bool = False, repetitions: int = 3
) -> Record:
    """A recording, or the word 'sample', several times over.

    Each time with models loaded anew: an engine remembers what it said of a picture, and reads none of a file twice.

    Raises SampleError where the sample can't be composed, CannotMeasure where the file can't be read.
    """
    with tempfile.TemporaryDirectory() if file == SAMPLE else nullcontext() as folder:
        path = Path(file)
        if folder is not None:
            path = Path(folder) / "sample.mp4"
            write_sample_video(path)
        source = _open(path, sound_alone=sound_alone)
        runs: list[tuple[float, float, int, int]] = []
        for _ in range(repetitions):
            async with running_hub(bundle, recogniser, Settings(live=False)) as hub:
                runs.append(await _once(source, hub))
                names = {"bundle": hub.engine.bundle.name, "recogniser": hub.recogniser.name}
    media, utterances, faces = runs[0][1:]
    figures = {
        "speed": Figure.over([[seconds / took] for took, seconds, _, _ in runs], "× real time"),
        "took": Figure.over([[took] for took, *_ in runs], "s"),
        "media": Figure.of([media], "s"),
        "utterances": Figure.of([utterances], "count"),
        "pictures looked at": Figure.of([faces], "count"),
    }
    asked: dict[str, Setting] = {"file": path.name, **names, "sound_alone": sound_alone}
    notes = ["Wall time from the first packet to the last answer; loading the models, anew each time, is not in it."]
    return Record.of("undertone bench replay", asked, figures, notes=notes, repetitions=repetitions)


def _open(path: Path, *, sound_alone: bool) -> FileSource:
    try:
        source = FileSource.open(path)
    except MediaError as error:
        raise CannotMeasure(str(error)) from error
    if sound_alone and not source.info.has_audio:
        raise CannotMeasure(f"{path} has no sound; leave --sound-alone out")
    return source.sound_alone() if sound_alone else source


async def _once(source: FileSource, hub: Hub) -> tuple[float, float, int, int]:
    """Wall seconds, seconds of media, utterances, pictures looked at."""
    opened = hub.conversation("replay")
    events = opened.subscribe()
    counted: Counter[str] = Counter()
    reached = 0.0

    async def count() -> None:
        async for event in events:
            final = not isinstance(event.body, EmotionEvent) or event.body.final
            counted[event.body.type] += final

    def progress(until: float) -> None:
        nonlocal reached
        reached = until

    counting = asyncio.create_task(count())
    began = perf_counter()
    await play(source, opened, progress=progress)
    took = perf_counter() - began
    events.close()
    await counting
    return took, source.info.duration or reached, counted["emotion"], counted["faces"]
