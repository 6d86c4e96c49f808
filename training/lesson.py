"""What the text teacher says, for a student of voices or faces to learn from: distillation across modalities.

No recording here has words, voice and face together. So each clip is taught by the words of some utterance with the
clip's label: what is passed on is which emotions are near each other, and which utterances, not what this one said.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.labels import EMOTIONS
from training.compose import Pool
from training.losses import Distillation


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """pool: what the teacher says of labelled utterances, its embeddings as wide as the student's."""

    pool: Pool
    distillation: Distillation

    @classmethod
    def of(cls, pool: Pool, width: int, distillation: Distillation) -> "Lesson":
        """With the teacher's embeddings on their first `width` principal axes, on which they differ most."""
        embedding, log_p = pool.features[:, : -len(EMOTIONS)], pool.features[:, -len(EMOTIONS) :]
        centred = embedding - embedding.mean(dim=0)
        axes = torch.linalg.svd(centred, full_matrices=False).Vh[:width]
        return cls(Pool(torch.cat([centred @ axes.T, log_p], dim=1), pool.labels), distillation)

    def loss(self, embedding: Tensor, logits: Tensor, labels: Tensor) -> Tensor:
        """MAGTKD's terms beside cross-entropy. embedding [B, D], logits [B, 7], labels [B] on the CPU."""
        drawn = self.pool.draw(labels, torch.eye(len(EMOTIONS))).to(logits.device)
        teacher = (drawn[:, : -len(EMOTIONS)], drawn[:, -len(EMOTIONS) :])
        return self.distillation.relations((embedding, logits), teacher)
