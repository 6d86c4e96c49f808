"""Any set of media files: sound by the voice student, pictures by the face student, video by both and their fusion."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import get_args

import torch
from torch import Tensor

from engine.bundle import Bundle
from engine.labels import EMOTIONS, MODALITIES, Modality
from engine.students import StudentOutput
from training.corpora.clipfile import ClipRow, Kind
from training.corpora.media import Media
from training.corpora.voices import Clip
from training.evaluation.causal import Turns, causal_pass, temperatures
from training.evaluation.mesh import FaceFinder
from training.evaluation.progress import progress
from training.evaluation.recordings import read_picture, read_recording, read_sound
from training.evaluation.scores import CannotScore, Scores, among, figures
from training.evaluation.students import Crops, Spoken, face_outputs, spread_out, voice_outputs


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """Logits [n, 7] and temperature [n] of n clips. A clip with nothing to read has equal logits: the first label."""

    logits: Tensor
    temperature: Tensor

    def put(self, places: Sequence[int], logits: Tensor, temperature: float | Tensor) -> None:
        """What was said of the clips at these places."""
        self.logits[list(places)], self.temperature[list(places)] = logits, torch.as_tensor(temperature)


def score_clips(bundle: Bundle, clips: Sequence[ClipRow], *, every_label: bool = False) -> Scores:
    """The figures of a choice among the labels that occur in `clips`, or among all seven.

    Clips are read in their order. `no_face`: pictures and videos in which no face was found; a picture without one is
    counted as read for neutral, or for the first label there is. Words are not read: clips bring none.
    """
    said = Said(torch.zeros(len(clips), len(EMOTIONS)), torch.ones(len(clips)))
    places = {kind: [i for i, clip in enumerate(clips) if clip.kind == kind] for kind in get_args(Kind)}
    _hear(bundle, clips, places["sound"], said)
    faceless = _look(bundle, clips, places["picture"], said)
    videos = _watch(bundle, clips, places["video"], said) if places["video"] else None
    true = torch.tensor([clip.label for clip in clips], dtype=torch.long)
    chosen = list(range(len(EMOTIONS))) if every_label else sorted(set(true.tolist()))
    if len(chosen) < 2:
        raise CannotScore("there is no choice to judge: clips of two labels are needed, or --labels all")

    def judge(rows: Sequence[int], logits: Tensor, temperature: Tensor) -> Scores:
        mine, few, names = among(true[list(rows)], logits, EMOTIONS, chosen)
        return figures(mine, few, names, temperature)

    scores = judge(range(len(clips)), said.logits, said.temperature)
    scores["speakers"] = len({clip.speaker for clip in clips})
    scores["kinds"] = {kind: len(rows) for kind, rows in places.items() if rows}
    scores["no_face"], scores["note"] = faceless, "words are not read"
    if videos is not None:
        scores["no_face"] = faceless + int((~videos.present[:, 2]).sum())
        scores["subsets"] = {
            "+".join(s): judge(places["video"], causal_pass(bundle, videos, s), temperatures(bundle, videos, s))
            for s in videos.subsets
        }
    if len([rows for rows in places.values() if rows]) > 1:
        scores["by_kind"] = {
            kind: judge(rows, said.logits[rows], said.temperature[rows]) for kind, rows in places.items() if rows
        }
    return scores


def clips_of(voices: Sequence[Clip], corpus: str, split: str) -> list[ClipRow]:
    """A voice corpus as clips: for dev the speakers kept from the student, for train those that it heard."""
    wanted = {"train": ("student",), "dev": ("fusion", "dev")}.get(split, ())
    return [
        ClipRow(clip.path, clip.label, clip.speaker, "sound")
        for clip in voices
        if clip.corpus == corpus and clip.share in wanted
    ]


def _hear(bundle: Bundle, clips: Sequence[ClipRow], places: Sequence[int], said: Said) -> None:
    spoken = ((clips[i].speaker, read_sound(clips[i].path)) for i in progress(places, "reading sounds"))
    said.put(places, voice_outputs(bundle, spoken).logits, bundle.calibration.alone["audio"])


def _look(bundle: Bundle, clips: Sequence[ClipRow], places: Sequence[int], said: Said) -> int:
    """Pictures; gives the number of those without a face."""
    found: list[int] = []
    with FaceFinder() as finder:

        def crops() -> Iterator[Crops]:
            for i in progress(places, "reading pictures"):
                if len(crop := read_picture(clips[i].path, finder)):
                    found.append(i)
                    yield crop

        logits = face_outputs(bundle, crops()).logits
    said.put(found, logits, bundle.calibration.alone["video"])
    return len(places) - len(found)


def _watch(bundle: Bundle, clips: Sequence[ClipRow], places: Sequence[int], said: Said) -> Turns:
    """Videos, each a dialogue of one turn."""
    heard: list[int] = []
    seen: list[int] = []
    shown: list[StudentOutput] = []
    with FaceFinder() as finder:

        def spoken() -> Iterator[Spoken]:
            for row, i in enumerate(progress(places, "reading videos")):
                recording = read_recording(Media(clips[i].path, clips[i].path), finder)
                if len(recording.faces):
                    seen.append(row)
                    shown.append(face_outputs(bundle, [recording.faces]))
                if recording.sound is not None:
                    heard.append(row)
                    yield clips[i].speaker, recording.sound

        voice = voice_outputs(bundle, spoken())
    present = torch.zeros(len(places), len(MODALITIES), dtype=torch.bool)
    present[heard, 1], present[seen, 2] = True, True
    outputs: dict[Modality, StudentOutput] = {
        "audio": spread_out([voice], heard, len(places)),
        "video": spread_out(shown, seen, len(places)),
    }
    turns = Turns(outputs, present, torch.zeros(len(places), dtype=torch.long), [1] * len(places))
    said.put(places, causal_pass(bundle, turns), temperatures(bundle, turns))
    return turns
