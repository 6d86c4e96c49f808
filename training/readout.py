"""What is done to the voice student when it is trained: its net goes back a little to where it began, and another
classifier, logistic regression on its pooled state, takes the place of the head that it was trained with.

A net between its pre-trained and its fine-tuned weights hears strange voices better (WiSE-FT, Wortsman et al., CVPR
2022). Features learnt under strong augmentation know more than the head that was learnt with them says (Kang et al.,
"Decoupling representation and classifier", ICLR 2020).
"""

from collections.abc import Mapping

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from engine.labels import EMOTIONS
from engine.mel import normalise
from engine.students import AudioStudent
from training.audio import AudioSettings, pad
from training.clips import Features

_BATCH = 64


def finish(
    student: AudioStudent, begun: Mapping[str, Tensor], voices: Features, train: list[int], settings: AudioSettings
) -> None:
    """begun: the weights of its net before training, as `net` gives them; train: the clips that it was trained on."""
    state = {name: begun[name].lerp(weight, settings.tuned) for name, weight in net(student).items()}
    student.load_state_dict(state, strict=False)
    torch.nn.init.zeros_(student.head.weight)
    torch.nn.init.zeros_(student.head.bias)
    fit_readout(student, voices, train, settings.readout)


def net(student: AudioStudent) -> dict[str, Tensor]:
    """A copy of the weights that make the pooled state."""
    return {n: w.detach().clone() for n, w in student.state_dict().items() if n.startswith(("lstm.", "attend."))}


def fit_readout(student: AudioStudent, voices: Features, train: list[int], strength: float) -> None:
    """Sets `student.readout` from the clips `train` that the student was trained on, every class counting the same.

    strength: of the regression, the inverse of its regularisation, for features of unit spread.
    """
    features = pooled(student, voices, train).double().numpy()
    labels = voices.labels[train].numpy()
    centre, spread = features.mean(axis=0), features.std(axis=0) + 1e-6
    model = LogisticRegression(C=strength, max_iter=300, class_weight="balanced").fit(
        (features - centre) / spread, labels
    )
    weight = np.zeros((len(EMOTIONS), features.shape[1]))
    bias = np.full(len(EMOTIONS), model.intercept_.min())
    weight[model.classes_] = model.coef_ / spread
    bias[model.classes_] = model.intercept_ - weight[model.classes_] @ centre
    with torch.no_grad():
        student.readout.weight.copy_(torch.from_numpy(weight))
        student.readout.bias.copy_(torch.from_numpy(bias))


def pooled(student: AudioStudent, voices: Features, indices: list[int]) -> Tensor:
    """The pooled state of these clips, [n, 2 x hidden]."""
    student.eval()
    order = sorted(
        range(len(indices)), key=lambda row: int(voices.starts[indices[row] + 1] - voices.starts[indices[row]])
    )
    out = torch.empty(len(indices), 2 * student.config.hidden)
    with torch.inference_mode():
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            out[rows] = student.pool(*pad([normalise(voices[indices[row]]) for row in rows]))
    return out
