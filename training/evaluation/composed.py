"""Composed dialogues through the fusion: every set of modalities, what a lying voice or face does, and the gates."""

from collections.abc import Callable, Mapping
from typing import Final

import torch
from torch import Tensor

from engine.bundle import Bundle
from engine.calibration import SUBSETS
from engine.labels import EMOTIONS, MODALITIES, Modality
from engine.magt import PATHS, Inputs
from training.calibrate import risk_coverage, selective_accuracy
from training.evaluation.scores import Scores, figures
from training.fusion import HONEST, fuse, with_subset

_LIARS: Final[Mapping[Modality, Mapping[Modality, float]]] = {
    "audio": {"audio": 1.0, "video": 0.0},
    "video": {"audio": 0.0, "video": 1.0},
}
_WHOLE: Final = SUBSETS[-1]

Draw = Callable[[Mapping[Modality, float]], tuple[Inputs, Tensor]]


@torch.inference_mode()
def score_composed(bundle: Bundle, draw: Draw) -> Scores:
    """`draw` gives the dialogues, with the share of them in which a voice or a face lies.

    At the top level all three modalities. `subsets`: the fusion by set of modalities; `alone`: each student by itself
    on the same rows; `lying`: all three when every voice, or every face, is drawn without regard to the labels, beside
    the two that stay honest.
    """
    inputs, labels = draw(HONEST)
    true = labels[inputs.padding]
    subsets = {subset: _fused(bundle, inputs, subset) for subset in SUBSETS}
    scored: Scores = {
        "+".join(subset): figures(true, logits, EMOTIONS, _temperature(bundle, subset))
        for subset, logits in subsets.items()
    }
    scores: Scores = {
        **figures(true, subsets[_WHOLE], EMOTIONS, _temperature(bundle, _WHOLE)),
        "subsets": scored,
        "alone": {
            m: figures(true, inputs.features[m][inputs.padding][:, -len(EMOTIONS) :], EMOTIONS) for m in MODALITIES
        },
    }
    confidence, said = (subsets[_WHOLE] / _temperature(bundle, _WHOLE)).softmax(dim=-1).max(dim=-1)
    scores["unsure"] = {**selective_accuracy(confidence, said == true, bundle.calibration.unsure_below)}
    scores["risk_coverage"] = [[coverage, risk] for coverage, risk in risk_coverage(confidence, said == true)]
    scores["gates"] = {"honest": _gates(bundle, inputs)}
    scores["lying"] = {liar: _lied(bundle, draw(lying), liar) for liar, lying in _LIARS.items()}
    return scores


def _lied(bundle: Bundle, drawn: tuple[Inputs, Tensor], liar: Modality) -> Scores:
    inputs, labels = drawn
    true, honest = labels[inputs.padding], tuple(m for m in MODALITIES if m != liar)
    whole, without = _fused(bundle, inputs, _WHOLE), _fused(bundle, inputs, honest)
    return {
        "with_liar": figures(true, whole, EMOTIONS, _temperature(bundle, _WHOLE)),
        "without_liar": figures(true, without, EMOTIONS, _temperature(bundle, honest)),
        "labels_changed": float((whole.argmax(-1) != without.argmax(-1)).float().mean()),
        "gates": _gates(bundle, inputs),
    }


def _fused(bundle: Bundle, inputs: Inputs, subset: tuple[Modality, ...]) -> Tensor:
    return fuse(bundle.fusion, with_subset(inputs, subset)).logits[inputs.padding]


def _temperature(bundle: Bundle, subset: tuple[Modality, ...]) -> float:
    return bundle.calibration.fused["+".join(subset)]


def _gates(bundle: Bundle, inputs: Inputs) -> Scores:
    """How far each path's gate is open on average, 0 to 1."""
    gates = fuse(bundle.fusion, inputs).gates[inputs.padding].mean(dim=0)
    return {f"{source} to {anchor}": float(gates[i]) for i, (source, anchor) in enumerate(PATHS)}
