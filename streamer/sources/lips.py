"""A recording looked at once before it is replayed, for whose the faces in it are."""

from collections.abc import Callable, Mapping
from contextlib import closing

from streamer.binding import Evidence
from streamer.faces import FaceTracker
from streamer.observed import Observed, Spans
from streamer.sources.file import FileSource
from streamer.sources.media import AudioChunk, Source
from streamer.sources.speakers import SpeakersSource
from streamer.transcripts.script import Scripted


def whose_faces(
    source: FileSource | SpeakersSource | Scripted, file: FileSource, listened: Callable[[float], None]
) -> tuple[Source, dict[int, str]]:
    """A recording, and the speakers of the faces that a replay of it sees, by id, as far as there is evidence.

    Reads all of its file once where several people share its pictures; else there is nothing to find out. Voices that
    were told apart and are clearly one face's become one speaker. listened: as `tell_apart` takes it.
    """
    if not source.info.has_video or len(source.info.speakers) == 1:
        return source, {}
    observed = _observe(file, listened)
    evidence = Evidence(observed, _spans(source, observed))
    if isinstance(source, SpeakersSource) and (same := evidence.one_person()):
        joined = source.joined(same)
        if not isinstance(joined, SpeakersSource):
            return joined, {}
        source, evidence = joined, Evidence(observed, _spans(joined, observed))
    return source, evidence.whose()


def _observe(file: FileSource, listened: Callable[[float], None]) -> Observed:
    observed = Observed()
    with closing(FaceTracker()) as tracker:
        for item in file.read():
            if isinstance(item, AudioChunk):
                observed.hear(item.speaker, item.time, item.pcm)
                listened(item.time)
            else:
                observed.see(item.time, tracker.track(item.image, item.time))
    return observed


def _spans(source: FileSource | SpeakersSource | Scripted, observed: Observed) -> Mapping[str, Spans]:
    """When each speaks."""
    if isinstance(source, SpeakersSource):
        return {name: turns.spans for name, turns in source.turns.items()}
    if isinstance(source, Scripted):
        return {name: [(cue.start, cue.end) for cue in cues] for name, cues in source.cues.items()}
    return {name: observed.voiced(name) for name in source.info.speakers}
