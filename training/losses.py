"""The terms of the training losses."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F


def soft_cross_entropy(logits: Tensor, target: Tensor, smoothing: float = 0.0) -> Tensor:
    """Cross-entropy against probabilities [B, C], smoothed towards uniform."""
    target = target * (1.0 - smoothing) + smoothing / target.shape[-1]
    return -(target * F.log_softmax(logits.float(), dim=-1)).sum(dim=-1).mean()


def _pearson(a: Tensor, b: Tensor) -> Tensor:
    """Row-wise Pearson correlation of two [N, M]: [N]."""
    return F.cosine_similarity(a - a.mean(dim=-1, keepdim=True), b - b.mean(dim=-1, keepdim=True), dim=-1, eps=1e-6)


def dist_loss(student: Tensor, teacher: Tensor, temperature: float = 2.0) -> Tensor:
    """DIST (Huang et al., NeurIPS 2022): relations between classes and within a class, by Pearson. Logits [N, C]."""
    s, t = (student / temperature).softmax(dim=-1), (teacher / temperature).softmax(dim=-1)
    between, within = 1.0 - _pearson(s, t).mean(), 1.0 - _pearson(s.T, t.T).mean()
    return temperature**2 * (between + within)


def feature_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """MAGTKD's feature relations: who in the batch resembles whom. Embeddings [N, D] of one width.

    KL of softmax(teacher x student) from softmax(teacher x teacher), rows of length one.
    """
    s, t = F.normalize(student.float(), dim=-1), F.normalize(teacher.float(), dim=-1)
    return F.kl_div(
        (t @ s.T).log_softmax(dim=-1), (t @ t.T).log_softmax(dim=-1), reduction="batchmean", log_target=True
    )


@dataclass(frozen=True, slots=True)
class Distillation:
    """MAGTKD's L = CE + logit x L_logit + feature x L_feature; the published weights are 0.1 and 1."""

    logit: float = 0.1
    feature: float = 1.0

    def relations(self, student: tuple[Tensor, Tensor], teacher: tuple[Tensor, Tensor]) -> Tensor:
        """The two terms beside cross-entropy. Both: embeddings [N, D] and logits [N, C]."""
        (embedding, logits), (their_embedding, their_logits) = student, teacher
        terms = logits.new_zeros(())
        if self.logit:
            terms = terms + self.logit * dist_loss(logits.float(), their_logits.float())
        if self.feature:
            terms = terms + self.feature * feature_loss(embedding, their_embedding)
        return terms


@dataclass(frozen=True, slots=True)
class Imbalance:
    """What is done about rare labels: nothing, unless one of these is set.

    adjust: strength of logit adjustment (Menon et al., ICLR 2021). focal, effective: gamma and beta of class-balanced
    focal loss (Cui et al., CVPR 2019).
    """

    adjust: float = 0.0
    focal: float = 0.0
    effective: float = 0.0

    def loss(self, logits: Tensor, labels: Tensor, counts: Tensor, smoothing: float) -> Tensor:
        """Cross-entropy of logits [N, C] against labels [N]; counts: how often each of the C occurs in training."""
        shares = counts.clamp_min(1.0) / counts.sum()
        target = F.one_hot(labels, logits.shape[1]).float()
        target = target * (1.0 - smoothing) + smoothing / logits.shape[1]
        log_p = (logits + self.adjust * shares.log()).log_softmax(dim=-1)
        rows = -(target * log_p * (1.0 - log_p.exp()).pow(self.focal)).sum(dim=-1)
        if self.effective:
            weights = (1.0 - self.effective) / (1.0 - torch.pow(self.effective, counts.clamp_min(1.0)))
            rows = rows * (weights / (weights * shares).sum())[labels]
        return rows.mean()
