"""The terms of the training losses."""

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
