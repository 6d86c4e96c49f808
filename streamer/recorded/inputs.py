"""What a replay is given: files, folders, participants, offsets, a transcript; and the recordings that this makes."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from streamer.samples import SAMPLE
from streamer.sources.file import Channels, FileSource
from streamer.sources.lips import whose_faces
from streamer.sources.media import MediaError, Source
from streamer.sources.speakers import tell_apart
from streamer.sources.together import Part, Together, participant_of
from streamer.transcripts.finding import transcript_beside
from streamer.transcripts.reading import embedded_transcript, read_transcript
from streamer.transcripts.script import Scripted, follow

MEDIA_SUFFIXES: Final = frozenset(
    (
        *(".aac", ".ac3", ".aif", ".aiff", ".amr", ".au", ".caf", ".flac", ".m4a", ".mka", ".mp2", ".mp3", ".oga"),
        *(".ogg", ".opus", ".w64", ".wav", ".wma", ".wv"),
        *(".3gp", ".asf", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".mxf"),
        *(".ogv", ".ts", ".webm", ".wmv"),
    )
)

Listening = Callable[[float, float | None], None]


@dataclass(frozen=True, slots=True)
class Recording:
    """One conversation to replay, not opened yet. Several files are a participant each.

    participants, offsets: one for each file; the offset is the conversation's time at which a file begins, in seconds.
    transcript: a file, None to look for one, or "none" to recognise speech in any case.
    speakers: how many speak in one mixed track that has no transcript, None to find out, 1 for one.
    """

    files: tuple[Path, ...]
    participants: tuple[str, ...]
    offsets: tuple[float, ...]
    transcript: Path | str | None = None
    channels: Channels = "auto"
    speakers: int | None = None

    @property
    def name(self) -> str:
        """What to call it: its file's name, or its participants'."""
        return ", ".join(self.participants) if self.media is None else self.media.name

    @property
    def media(self) -> Path | None:
        """Its file, None where it is several."""
        return self.files[0] if len(self.files) == 1 else None


@dataclass(frozen=True, slots=True)
class Opened:
    """A recording that can be played.

    words_from: the transcript that its words are read from, None if recognised. files: all that is read for it.
    faces: whose they are, by id.
    """

    source: Source
    words_from: str | None
    files: tuple[Path, ...]
    faces: Mapping[int, str] = field(default_factory=dict)


def recordings(
    paths: Sequence[Path],
    *,
    together: bool = False,
    offsets: Sequence[str] = (),
    transcript: Path | str | None = None,
    channels: Channels = "auto",
    speakers: int | None = None,
) -> list[Recording]:
    """Each file a recording of its own, or all of them together one; a folder stands for the media files in it.

    The word `sample` is the sample conversation, whose own transcript is not looked for.

    offsets: `NAME=SECONDS`, where NAME is a file's name, its stem or its participant. Raises MediaError.
    """
    files = tuple(file for path in paths for file in _files_at(path))
    if not together:
        if offsets:
            raise MediaError("An offset is that of one file beside others: give it with --together.")
        if transcript not in {None, "none"} and len(files) > 1:
            raise MediaError("One transcript cannot be that of several recordings: give them one by one.")
        return [replace(_alone(file, transcript, channels), speakers=speakers) for file in files]
    if speakers is not None:
        raise MediaError("Together each file is one participant, so that none are told apart: leave --speakers out.")
    if channels == "split":
        raise MediaError("Together each file is one participant, so that no channels are split: leave one of them out.")
    participants = _unique([participant_of(file.stem) for file in files])
    return [Recording(files, participants, _offsets(files, participants, offsets), transcript, channels)]


def open_recording(recording: Recording, listening: Listening = lambda _seconds, _of: None) -> Opened:
    """Looks into the files, finds the transcript, else who speaks. Raises MediaError and engine.BundleError.

    listening: called while it listens for who speaks, with the media time so far and the duration, where it is known;
    what it raises ends it.
    """
    transcript = _transcript_of(recording)
    files = (*recording.files, transcript) if transcript else recording.files
    if len(recording.files) == 1:
        file = FileSource.open(recording.files[0], recording.channels)
        duration = file.info.duration

        def listened(time: float) -> None:
            listening(time, duration)

        followed, words_from = _scripted(file, transcript)
        if followed is None and recording.transcript != "none":
            followed, words_from = _with_subtitles(file, recording.files[0])
        told = followed or tell_apart(file, recording.speakers, listened)
        source, faces = whose_faces(told, file, listened)
        return Opened(source, words_from, files, faces)
    parts = [
        Part(participant, FileSource.open(file, "mixed"), offset)
        for file, participant, offset in zip(recording.files, recording.participants, recording.offsets, strict=True)
    ]
    together = Together(parts)
    followed, words_from = _scripted(together, transcript)
    return Opened(followed or together, words_from, files)


def _transcript_of(recording: Recording) -> Path | None:
    """The file of it that is given, or found."""
    if recording.transcript is not None:
        return None if recording.transcript == "none" else Path(recording.transcript)
    return transcript_beside(recording.media) if recording.media else None


def _scripted(source: Source, transcript: Path | None) -> tuple[Scripted | None, str | None]:
    """The source as a transcript has it, and what that is called; nothing where there is none, or no sound to it."""
    if transcript is None or not source.info.has_audio:
        return None, None
    return follow(source, read_transcript(transcript)), transcript.name


def _with_subtitles(source: FileSource, media: Path) -> tuple[Scripted | None, str | None]:
    """Likewise with the first track of text inside it."""
    cues = embedded_transcript(media, source.origin) if source.info.has_audio else []
    return (follow(source, cues), f"the subtitles in {media.name}") if cues else (None, None)


def _alone(file: Path, transcript: Path | str | None, channels: Channels) -> Recording:
    if file == SAMPLE and transcript is None:
        transcript = "none"  # The sample shows all that the pipeline does.
    return Recording((file,), (participant_of(file.stem),), (0.0,), transcript, channels)


def _files_at(path: Path) -> list[Path]:
    if path == Path("sample") and not path.exists():
        return [SAMPLE]
    return _files_in(path) if path.is_dir() else [path]


def _files_in(folder: Path) -> list[Path]:
    found = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in MEDIA_SUFFIXES and not path.name.startswith(".") and not path.is_dir()
    )
    if not found:
        raise MediaError(f"There is no recording in the folder {folder}. Name the files themselves.")
    return found


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    taken: list[str] = []
    for name in names:
        number, free = 2, name
        while free in taken:
            number, free = number + 1, f"{name}-{number}"
        taken.append(free)
    return tuple(taken)


def _offsets(files: Sequence[Path], participants: Sequence[str], given: Sequence[str]) -> tuple[float, ...]:
    offsets = [0.0] * len(files)
    for one in given:
        name, _, seconds = one.rpartition("=")
        try:
            value = float(seconds)
        except ValueError:
            value = math.nan
        if not name or not math.isfinite(value):
            raise MediaError(f"The offset '{one}' is not NAME=SECONDS, such as ben.mp4=1.25.")
        meant = [
            index
            for index, (file, participant) in enumerate(zip(files, participants, strict=True))
            if name in {str(file), file.name, file.stem, participant}
        ]
        if len(meant) != 1:
            names = ", ".join(file.name for file in files)
            raise MediaError(f"The offset '{one}' is of {'no' if not meant else 'more than one'} file among {names}.")
        offsets[meant[0]] = value
    return tuple(offsets)
