"""What a bundle's students say of the turns of dialogues, with the files of each where there are any."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from engine.bundle import Bundle
from engine.labels import EMOTIONS, MODALITIES
from engine.prompt import Prompt, Turn
from engine.students import StudentOutput
from engine.textbundle import TextBundle
from engine.textreader import TextReader, text_reader
from engine.utterance import Utterance
from training.corpora.dialogue import Dialogue
from training.corpora.media import Media
from training.evaluation.causal import Turns
from training.evaluation.mesh import FaceFinder
from training.evaluation.progress import progress
from training.evaluation.recordings import Recording, read_recording
from training.evaluation.scores import CannotScore
from training.evaluation.students import face_outputs, spread_out, voice_outputs
from training.text import plain_text

MediaOf = Sequence[Sequence[Media]]


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """A text student with its labels, whichever bundle it comes from, read as the engine reads it."""

    labels: tuple[str, ...]
    text: TextReader
    prompt: Prompt
    temperature: float

    @classmethod
    def of(cls, bundle: Bundle | TextBundle) -> "Reader":
        """The student of either kind of bundle."""
        if isinstance(bundle, TextBundle):
            text = text_reader(bundle.text, bundle.prompt, None)
            return cls(bundle.labels, text, bundle.prompt, bundle.temperature)
        text = text_reader(bundle.text, bundle.prompt, bundle.graph)
        return cls(EMOTIONS, text, bundle.prompt, bundle.calibration.alone["text"])


def without_punctuation(dialogues: Sequence[Dialogue]) -> list[Dialogue]:
    """As a plain recogniser would write them: words alone, in lower case."""
    return [replace(d, turns=tuple(Turn(turn.speaker, plain_text(turn.text)) for turn in d.turns)) for d in dialogues]


def read_turns(bundle: Bundle, dialogues: Sequence[Dialogue], files: MediaOf) -> Turns:
    """What the students say of every turn; one dialogue's recordings are in memory at a time."""
    heard: list[int] = []
    seen: list[int] = []
    voices: list[StudentOutput] = []
    faces: list[StudentOutput] = []
    first = 0
    with FaceFinder() as finder:
        for dialogue, media in progress(list(zip(dialogues, files, strict=True)), "decoding recordings"):
            said = [_record(one, finder) for one in media]
            sounds = [i for i, one in enumerate(said) if one.sound is not None]
            sights = [i for i, one in enumerate(said) if len(one.faces)]
            spoken = (
                (str(dialogue.turns[i].speaker), sound)
                for i, one in enumerate(said)
                if (sound := one.sound) is not None
            )
            voices.append(voice_outputs(bundle, spoken))
            faces.append(face_outputs(bundle, (said[i].faces for i in sights)))
            heard += [first + i for i in sounds]
            seen += [first + i for i in sights]
            first += len(media)
    present = torch.zeros(first, len(MODALITIES), dtype=torch.bool)
    present[:, 0] = torch.tensor([bool(turn.text.strip()) for dialogue in dialogues for turn in dialogue.turns])
    present[heard, 1], present[seen, 2] = True, True
    text, speaker = read_text(Reader.of(bundle), dialogues, present.any(dim=1))
    audio, video = spread_out(voices, heard, first), spread_out(faces, seen, first)
    return Turns({"text": text, "audio": audio, "video": video}, present, speaker, [len(d.turns) for d in dialogues])


def _record(media: Media, finder: FaceFinder) -> Recording:
    """A turn's recording; one that no decoder opens, as a few of MELD's, is none: its words are there all the same."""
    try:
        return read_recording(media, finder)
    except CannotScore:
        return read_recording(Media(), finder)


def read_text(reader: Reader, dialogues: Sequence[Dialogue], there: Tensor) -> tuple[StudentOutput, Tensor]:
    """What the text student says of all turns [n], and the speakers [n], numbered from 0 by first appearance.

    there: bool [n]; a turn with nothing in it is read too, but is not in the others' past: live, it does not happen.
    """
    rows: list[list[int]] = []
    speakers: list[int] = []
    real = iter(there.tolist())
    for dialogue in dialogues:
        numbers: dict[int, int] = {}
        past: list[Turn] = []
        for turn in dialogue.turns:
            now = Turn(numbers.get(turn.speaker, len(numbers) + 1), turn.text)
            rows.append(reader.prompt.encode(past, now))
            speakers.append(now.speaker - 1)
            if next(real):
                numbers[turn.speaker] = now.speaker
                past += [now] if turn.text.strip() else []
    return reader.text(rows), torch.tensor(speakers)


def observed(
    dialogues: Sequence[Dialogue], files: MediaOf, finder: FaceFinder
) -> list[Callable[[], Iterator[Utterance | None]]]:
    """Each dialogue as the engine is to hear it, decoded as it goes."""

    def say(dialogue: Dialogue, media: Sequence[Media]) -> Iterator[Utterance | None]:
        for turn, files_of_turn in zip(dialogue.turns, media, strict=True):
            recording = _record(files_of_turn, finder)
            if not (turn.text.strip() or recording.sound is not None or len(recording.faces)):
                yield None
            else:
                yield Utterance(str(turn.speaker), turn.text, recording.sound, recording.faces)

    return [partial(say, dialogue, media) for dialogue, media in zip(dialogues, files, strict=True)]
