"""Composed dialogues: a real dialogue's text, with a voice clip and a face for each turn, drawn by its label.

They are drawn through a confusion matrix, so that voice and face are only as reliable as in natural conversation.
Without it the fusion would learn from acted clips that voice and face never lie.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.labels import EMOTIONS, Modality
from engine.magt import features
from engine.students import StudentOutput

_STEPS = 40  # of bisection


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """What a student says of clips or faces that it was not trained on. features: [n, D + 7]; labels: [n]."""

    features: Tensor
    labels: Tensor

    @classmethod
    def of(cls, output: StudentOutput, labels: Tensor) -> "Pool":
        """Raises ValueError if an emotion has nothing to draw from."""
        missing = [EMOTIONS[i] for i, count in enumerate(torch.bincount(labels, minlength=len(EMOTIONS))) if count == 0]
        if missing:
            raise ValueError(f"the pool has nothing for {', '.join(missing)}")
        return cls(features(output.embedding, output.logits), labels)

    def recall(self) -> Tensor:
        """[label, said]: how often the student says what of each label."""
        said = self.features[:, -len(EMOTIONS) :].argmax(dim=-1)
        table = torch.zeros(len(EMOTIONS), len(EMOTIONS))
        table.index_put_((self.labels, said), torch.ones(len(said)), accumulate=True)
        return table / table.sum(dim=1, keepdim=True)

    def draw(self, labels: Tensor, matrix: Tensor) -> Tensor:
        """For each label [n] the features [n, D + 7] of an item of a class drawn from its row of `matrix`."""
        shown = torch.multinomial(matrix[labels], 1).squeeze(1)
        order = self.labels.argsort(stable=True)
        count = torch.bincount(self.labels, minlength=len(EMOTIONS))
        within = (torch.rand(len(labels)) * count[shown]).long().clamp_max(count[shown] - 1)
        return self.features[order[count.cumsum(0)[shown] - count[shown] + within]]


def confusion_matrix(reliability: float, prior: Tensor) -> Tensor:
    """[label, shown]: with `reliability` the label itself is shown, else one as frequent as it is in conversation."""
    return reliability * torch.eye(len(prior)) + (1.0 - reliability) * prior.expand(len(prior), -1)


@dataclass(frozen=True, slots=True)
class Composition:
    """How dialogues are composed. audio, video: reliability of each; prior: label shares of conversation, [7]."""

    audio: float
    video: float
    prior: tuple[float, ...]

    def matrix(self, modality: Modality) -> Tensor:
        """The confusion matrix that this modality's items are drawn through."""
        return confusion_matrix(self.audio if modality == "audio" else self.video, torch.tensor(self.prior))


def best_weighted_f1(matrix: Tensor, recall: Tensor, prior: Tensor) -> float:
    """Weighted F1 of the best guess from the student's answer alone, when items are drawn through `matrix`."""
    joint = prior.unsqueeze(1) * (matrix @ recall)
    table = torch.zeros_like(joint)
    for said, guess in enumerate(joint.argmax(dim=0).tolist()):
        table[:, guess] += joint[:, said]
    hits, size = table.diag(), table.sum(dim=0) + table.sum(dim=1)
    return float((2.0 * hits / size.clamp_min(1e-9) * prior).sum())


def reliability_for(target: float, recall: Tensor, prior: Tensor) -> float:
    """The reliability at which the student alone reaches `target` weighted F1 on dialogues with these label shares.

    By bisection; raises ValueError if the student is too weak for it even on true labels.
    """
    reachable = best_weighted_f1(confusion_matrix(1.0, prior), recall, prior)
    if reachable < target:
        raise ValueError(f"the student reaches {reachable:.3f} weighted F1 at best, not {target}")
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if best_weighted_f1(confusion_matrix(middle, prior), recall, prior) < target:
            low = middle
        else:
            high = middle
    return high
