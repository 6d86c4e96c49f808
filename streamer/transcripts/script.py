"""A recording with its transcript: the cues say who speaks on its tracks, and the words."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from streamer.sources.file import FileSource
from streamer.sources.media import AudioChunk, MediaInfo, Source, VideoFrame
from streamer.transcripts.cues import Cue, in_turns

LONGEST_SECONDS: Final = 12.0
"""No utterance is longer, as where voice activity finds them."""


class Scripted:
    """A source whose speakers are those of a transcript, each on a track of the recording. Made by `follow`.

    cues: each speaker's, in order. tracks: on which track of the recording each speaker is.
    """

    def __init__(self, source: Source, cues: Mapping[str, Sequence[Cue]], tracks: Mapping[str, str]) -> None:
        self.cues = cues
        self._source = source
        self._on = {track: [name for name in cues if tracks[name] == track] for track in source.info.speakers}
        # In one file all are in the same pictures, whichever their channel.
        everybody = [next(iter(cues))] if isinstance(source, FileSource) else None
        self._watched_by = {track: (everybody or names)[0] for track, names in self._on.items()}

    @property
    def name(self) -> str:
        """The recording's."""
        return self._source.name

    @property
    def info(self) -> MediaInfo:
        """The recording's, with the transcript's speakers."""
        video = self._source.info.video_speaker
        return replace(
            self._source.info, speakers=tuple(self.cues), video_speaker=self._watched_by[video] if video else None
        )

    @property
    def truncated(self) -> bool:
        """The recording's."""
        return self._source.truncated

    @property
    def damaged(self) -> bool:
        """The recording's."""
        return self._source.damaged

    def seen_with(self, speaker: str) -> str | None:
        """Who gets the pictures that a speaker is in, where that is somebody else."""
        first = next(self._watched_by[track] for track, names in self._on.items() if speaker in names)
        return None if first == speaker else first

    def read(self, pictures_from: float = 0.0) -> Iterator[AudioChunk | VideoFrame]:
        """As `Source.read`: the sound of a track goes to all who speak on it, its pictures to one for all."""
        for item in self._source.read(pictures_from):
            if isinstance(item, VideoFrame):
                yield replace(item, speaker=self._watched_by[item.speaker])
                continue
            for name in self._on[item.speaker]:
                yield replace(item, speaker=name)


def follow(source: Source, cues: Sequence[Cue]) -> Scripted:
    """Puts each speaker of a transcript on a track: the one of the same name, else the one that is loudest meanwhile.

    A cue that names nobody is of the track's own speaker. On a single track is everybody. A track on which nobody
    speaks keeps its own speaker, who says nothing.
    """
    tracks = source.info.speakers
    cues, at = _place(source, cues) if len(tracks) > 1 else (_named_after(cues, [0] * len(cues), tracks), {})
    turns = {
        name: in_turns([cue for cue in cues if cue.speaker == name], LONGEST_SECONDS)
        for name in dict.fromkeys(cue.speaker or tracks[0] for cue in cues)
    }
    on = {name: at.get(name, tracks[0]) for name in turns}
    for track in tracks:
        if track not in on.values():
            turns[track], on[track] = [], track
    return Scripted(source, turns, on)


def _place(source: Source, cues: Sequence[Cue]) -> tuple[list[Cue], dict[str, str]]:
    tracks = source.info.speakers
    by_name = {_squashed(track): track for track in tracks}
    unsure = [cue for cue in cues if cue.speaker is None or _squashed(cue.speaker) not in by_name]
    loudness = _loudness(source, cues) if unsure else np.zeros((len(cues), len(tracks)))
    named = _named_after(cues, loudness.argmax(axis=1).tolist(), tracks)
    at: dict[str, str] = {}
    for name in dict.fromkeys(cue.speaker for cue in named if cue.speaker):
        total = loudness[[cue.speaker == name for cue in named]].sum(axis=0)
        at[name] = by_name.get(_squashed(name)) or tracks[int(total.argmax())]
    return named, at


def _named_after(cues: Sequence[Cue], places: Sequence[int], tracks: Sequence[str]) -> list[Cue]:
    """Who is not named is called as the track on which they are."""
    return [
        cue if cue.speaker else replace(cue, speaker=tracks[place]) for cue, place in zip(cues, places, strict=True)
    ]


def _loudness(source: Source, cues: Sequence[Cue]) -> npt.NDArray[np.float64]:
    """The energy of each track during each cue, [cues, tracks]; one pass over the sound."""
    tracks = source.info.speakers
    ends: dict[str, list[float]] = {track: [] for track in tracks}
    energy: dict[str, list[float]] = {track: [0.0] for track in tracks}
    for item in source.read(pictures_from=float("inf")):
        if isinstance(item, AudioChunk):
            ends[item.speaker].append(item.time)
            energy[item.speaker].append(energy[item.speaker][-1] + float(np.square(item.pcm).sum()))
    return np.array(
        [
            [
                energy[track][bisect_left(ends[track], cue.end)] - energy[track][bisect_left(ends[track], cue.start)]
                for track in tracks
            ]
            for cue in cues
        ]
    )


def _squashed(name: str) -> str:
    """Letters and digits alone, in small letters: `Ann Smith` is Zoom's `AnnSmith`."""
    return "".join(char for char in name.casefold() if char.isalnum())
