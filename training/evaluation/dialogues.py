"""MELD and IEMOCAP: dialogues of text, and their sound and pictures where they are on the machine."""

from collections.abc import Sequence

import torch
from torch import Tensor

from engine.bundle import Bundle
from engine.calibration import probabilities
from engine.labels import EMOTIONS, MODALITIES, Modality
from engine.textbundle import TextBundle
from training.corpora.dialogue import Dialogue
from training.corpora.media import Media
from training.evaluation.causal import Turns, causal_pass, temperatures
from training.evaluation.mesh import FaceFinder
from training.evaluation.scores import CannotScore, Scores, figures
from training.evaluation.streaming import Streamed, logits_of, stream
from training.evaluation.turns import MediaOf, Reader, observed, read_text, read_turns


def score_text(bundle: Bundle | TextBundle, dialogues: Sequence[Dialogue]) -> Scores:
    """The text student alone."""
    reader = Reader.of(bundle)
    output, _ = read_text(reader, dialogues, torch.tensor([bool(t.text.strip()) for d in dialogues for t in d.turns]))
    return figures(_labels(dialogues), output.logits, reader.labels, reader.temperature)


def score_meld(bundle: Bundle, dialogues: Sequence[Dialogue], media: MediaOf | None, *, streaming: bool) -> Scores:
    """The text student alone; under `subsets` the fusion with each set of modalities; under `alone` each student.

    media: each turn's files, or None where there are none. streaming: from the readings of the incremental engine;
    `max_difference` is then how far its probabilities are from the offline causal pass.
    """
    files = media or [[Media()] * len(dialogue.turns) for dialogue in dialogues]
    true, turns = _labels(dialogues), read_turns(bundle, dialogues, files)
    if not turns.modalities:
        raise CannotScore("there is nothing to score: no utterance has words, sound or a face")
    if streaming:
        with FaceFinder() as finder:
            return _streamed(bundle, true, turns, stream(bundle, observed(dialogues, files, finder)))
    alone: Scores = {m: _alone(bundle, true, turns, m, turns.outputs[m].logits) for m in turns.modalities}
    subsets: Scores = {
        "+".join(s): figures(true, causal_pass(bundle, turns, s), EMOTIONS, temperatures(bundle, turns, s))
        for s in turns.subsets
    }
    headline = figures(true, turns.outputs["text"].logits, EMOTIONS, bundle.calibration.alone["text"])
    return {**headline, "subsets": subsets, "alone": alone, "with": _counts(turns)}


def _streamed(bundle: Bundle, true: Tensor, turns: Turns, said: Streamed) -> Scores:
    whole, scale = turns.subsets[-1], temperatures(bundle, turns)
    offline = probabilities(causal_pass(bundle, turns).double(), scale.double().unsqueeze(1))
    apart = [(said.fused - offline)[turns.present.any(dim=1)].abs().max()]
    alone: Scores = {}
    for m in turns.modalities:
        there, temperature = turns.present[:, MODALITIES.index(m)], bundle.calibration.alone[m]
        quiet = probabilities(turns.outputs[m].logits.double(), temperature)
        apart.append((said.alone[m] - quiet)[there].abs().max())
        alone[m] = _alone(bundle, true, turns, m, logits_of(said.alone[m], temperature))
    temperature = bundle.calibration.alone["text"]
    return {
        **figures(true, logits_of(said.alone["text"], temperature), EMOTIONS, temperature),
        "max_difference": float(torch.stack(apart).max()),
        "subsets": {"+".join(whole): figures(true, logits_of(said.fused, scale), EMOTIONS, scale)},
        "alone": alone,
        "with": _counts(turns),
    }


def _alone(bundle: Bundle, true: Tensor, turns: Turns, modality: Modality, logits: Tensor) -> Scores:
    """A student on the turns that have its modality."""
    there = turns.present[:, MODALITIES.index(modality)]
    return figures(true[there], logits[there], EMOTIONS, bundle.calibration.alone[modality])


def _counts(turns: Turns) -> Scores:
    """How many turns have each modality."""
    return {m: int(turns.present[:, i].sum()) for i, m in enumerate(MODALITIES)}


def _labels(dialogues: Sequence[Dialogue]) -> Tensor:
    labels = torch.tensor([label for dialogue in dialogues for label in dialogue.labels], dtype=torch.long)
    if not len(labels):
        raise CannotScore("there is nothing to score: the corpus has no utterances")
    return labels
