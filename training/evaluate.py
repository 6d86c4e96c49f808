"""The figures of a bundle, on dev, through the bundle as it is shipped."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from pydantic import JsonValue
from torch import Tensor

from engine.bundle import Bundle
from engine.calibration import SUBSETS
from engine.labels import EMOTIONS
from engine.magt import Inputs
from training import metrics
from training.audio import read_clips
from training.calibrate import crossfit_probabilities, selective_accuracy
from training.clips import Features
from training.corpora.faces import Faces
from training.corpora.meld import Dialogue
from training.fusion import with_subset
from training.text import make_rows, read_rows
from training.video import read_faces_with

Scores = dict[str, JsonValue]


@dataclass(frozen=True, slots=True, eq=False)
class DevSet:
    """All that a bundle is judged on: real dialogues of text, acted voices, faces."""

    dialogues: Sequence[Dialogue]
    voices: Features
    faces: Faces


def evaluate(bundle: Bundle, dev: DevSet, compose: Callable[[Bundle, DevSet], tuple[Inputs, Tensor]]) -> Scores:
    """Every figure of the card. `compose` makes the composed dev dialogues from what the bundle's students say."""
    with torch.inference_mode():
        composed = compose(bundle, dev)
        return {
            "text": _text(bundle, dev.dialogues),
            "voice": _voice(bundle, dev.voices),
            "face": _face(bundle, dev.faces),
            "composed": _composed(bundle, *composed),
        }


def _text(bundle: Bundle, dialogues: Sequence[Dialogue]) -> Scores:
    rows = make_rows(dialogues, bundle.prompt)
    true, logits = rows.labels, read_rows(bundle.text, bundle.prompt, rows.rows).logits
    bare = read_rows(bundle.text, bundle.prompt, rows.plain).logits.argmax(dim=-1)
    groups = torch.tensor([index for index, dialogue in enumerate(dialogues) for _ in dialogue.turns])
    return {
        **_figures(true, logits, groups),
        "unpunctuated_weighted_f1": metrics.weighted_f1(true.numpy(), bare.numpy()),
        "unpunctuated_macro_f1": metrics.macro_f1(true.numpy(), bare.numpy()),
    }


def _voice(bundle: Bundle, voices: Features) -> Scores:
    scores: Scores = {}
    for corpus, share in (("ravdess", "dev"), ("nemo", "dev"), ("tess", "fusion")):
        chosen = [i for i, clip in enumerate(voices.clips) if (clip.corpus, clip.share) == (corpus, share)]
        true, logits = voices.labels[chosen], read_clips(bundle.audio, voices, chosen).logits
        figures = _figures(true, logits, _speakers(voices, chosen))
        classes = int((torch.bincount(true) > 0).sum())
        recall = metrics.unweighted_recall(true.numpy(), logits.argmax(dim=-1).numpy())
        scores[corpus] = {**figures, "uar": recall, "chance_uar": 1.0 / classes}
    return scores


def _speakers(voices: Features, chosen: Sequence[int]) -> Tensor:
    names = sorted({voices.clips[i].speaker for i in chosen})
    if len(names) == 1:  # one speaker can't be held against another: odd clips against even ones
        return torch.arange(len(chosen))
    return torch.tensor([names.index(voices.clips[i].speaker) for i in chosen])


def _face(bundle: Bundle, faces: Faces) -> Scores:
    logits = read_faces_with(bundle.video, faces.images).logits
    return _figures(faces.labels, logits, torch.arange(len(logits)))


def _composed(bundle: Bundle, inputs: Inputs, labels: Tensor) -> Scores:
    real = inputs.padding
    groups = torch.arange(len(labels)).unsqueeze(1).expand_as(labels)[real]
    scores: Scores = {}
    for subset in SUBSETS:
        logits = bundle.fusion(with_subset(inputs, subset)).logits[real]
        scores["+".join(subset)] = _figures(labels[real], logits, groups)
    temperature = bundle.calibration.fused["+".join(SUBSETS[-1])]
    confidence, said = (logits / temperature).softmax(dim=-1).max(dim=-1)
    scores["unsure"] = {**selective_accuracy(confidence, said == labels[real], bundle.calibration.unsure_below)}
    return scores


def _figures(true: Tensor, logits: Tensor, groups: Tensor) -> Scores:
    """groups: which dialogue, speaker or image each row is from; `ece` is told across halves of them."""
    labels, said = true.numpy(), logits.argmax(dim=-1).numpy()
    probabilities = crossfit_probabilities(logits, true, groups).double().numpy()
    table = metrics.confusion(labels, said)
    common: npt.NDArray[np.int64] = np.full_like(labels, np.bincount(labels).argmax())
    return {
        "n": len(labels),
        "accuracy": metrics.accuracy(labels, said),
        "weighted_f1": metrics.weighted_f1(labels, said),
        "macro_f1": metrics.macro_f1(labels, said),
        "majority_accuracy": metrics.accuracy(labels, common),
        "majority_weighted_f1": metrics.weighted_f1(labels, common),
        "majority_macro_f1": metrics.macro_f1(labels, common),
        "ece_uncalibrated": metrics.calibration_error(labels, logits.softmax(dim=-1).double().numpy()),
        "ece": metrics.calibration_error(labels, probabilities),
        "f1": dict(zip(EMOTIONS, metrics.f1_per_class(table).tolist(), strict=True)),
        "counts": dict(zip(EMOTIONS, table.sum(axis=1).tolist(), strict=True)),
    }


def bundle_bytes(folder: Path) -> int:
    """The size of all files of a bundle."""
    return sum(path.stat().st_size for path in folder.iterdir())


def summary(scores: Scores) -> Mapping[str, Mapping[str, JsonValue]]:
    """The figures by name, one row each: for a table."""
    rows: dict[str, Mapping[str, JsonValue]] = {}
    for part, figures in scores.items():
        assert isinstance(figures, dict)  # noqa: S101 - `evaluate` made it
        if "n" in figures:
            rows[part] = figures
        else:
            rows |= {f"{part}: {name}": row for name, row in figures.items() if isinstance(row, dict) and "n" in row}
    return rows
