"""How a teacher is trained: cross-entropy on its corpus."""

from typing import TYPE_CHECKING

from torch import Tensor
from torch.nn import functional as F

from training.metrics import macro_f1, unweighted_recall, weighted_f1
from training.teachers.model import Lesson, read_all
from training.text import batches_by_length

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class TeacherTask:
    """What `training.loop.fit` trains. best_by: weighted_f1, macro_f1 or uar, on dev."""

    def __init__(self, lesson: Lesson, batch: int, seed: int, settings: "DataclassInstance", best_by: str) -> None:
        self.lesson, self.model = lesson, lesson.model
        self.batch, self.seed, self.settings, self.best_by = batch, seed, settings, best_by

    def batches(self, epoch: int) -> list[Tensor]:
        return batches_by_length(self.lesson.train.lengths, self.batch, self.seed * 1000 + epoch)

    def loss(self, batch: Tensor) -> Tensor:
        logits = self.model(self.lesson.train.batch(batch.tolist()).to(self.model.device)).logits
        return F.cross_entropy(logits.float(), self.lesson.train.labels[batch].to(self.model.device))

    def evaluate(self) -> dict[str, float]:
        classes, true = len(self.lesson.classes), self.lesson.dev.labels.numpy()
        said = read_all(self.model, self.lesson.dev, self.batch).logits.argmax(dim=-1).numpy()
        return {
            "weighted_f1": weighted_f1(true, said, classes),
            "macro_f1": macro_f1(true, said, classes),
            "uar": unweighted_recall(true, said, classes),
        }
