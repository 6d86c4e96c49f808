"""The fusion: MAGT on composed dialogues, with every set of modalities seen."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.calibration import SUBSETS
from engine.labels import EMOTIONS, MODALITIES, Modality
from engine.magt import Inputs, Magt
from training.compose import Composition, Pool
from training.losses import dist_loss
from training.metrics import macro_f1, weighted_f1


@dataclass(frozen=True, slots=True)
class FusionSettings:
    """voice_f1, face_f1: the weighted F1 that voice and face alone reach on composed dialogues.

    whole: the share of training dialogues that keep all modalities; the others keep one of the six smaller sets.
    lost: the share of turns that lose each modality besides. audio_loss, video_loss: weights of the auxiliary heads.
    adjust: strength of logit adjustment (Menon et al., ICLR 2021), 0 for none.
    """

    voice_f1: float = 0.45
    face_f1: float = 0.38
    width: int = 128
    heads: int = 4
    window: int = 64
    dropout: float = 0.3
    whole: float = 0.4
    lost: float = 0.1
    audio_loss: float = 0.1
    video_loss: float = 0.1
    smoothing: float = 0.05
    adjust: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Composer:
    """Where the turns of composed dialogues come from.

    text: what the text student says of each dialogue's turns, [N, D + 7] each; labels, speakers: long [N] each.
    pools: what to draw audio and video from; composition: how faithfully.
    """

    text: Sequence[Tensor]
    labels: Sequence[Tensor]
    speakers: Sequence[Tensor]
    pools: dict[Modality, Pool]
    composition: Composition

    def compose(self, indices: Sequence[int]) -> tuple[Inputs, Tensor]:
        """These dialogues as one batch, clips and faces drawn anew; and their labels [B, N], -1 where padded."""
        labels = _pad([self.labels[i] for i in indices], -1)
        padding = labels >= 0
        rows: dict[Modality, Tensor] = {"text": _pad([self.text[i] for i in indices], 0)}
        for modality, pool in self.pools.items():
            drawn = pool.draw(labels[padding], self.composition.matrix(modality))
            rows[modality] = labels.new_zeros(*labels.shape, drawn.shape[-1], dtype=drawn.dtype)
            rows[modality][padding] = drawn
        present = padding.unsqueeze(-1).expand(-1, -1, len(MODALITIES)).clone()
        return Inputs(rows, present, _pad([self.speakers[i] for i in indices], 0), padding), labels


def _pad(rows: Sequence[Tensor], value: int) -> Tensor:
    return torch.nn.utils.rnn.pad_sequence(list(rows), batch_first=True, padding_value=value)


def with_subset(inputs: Inputs, subset: Sequence[Modality]) -> Inputs:
    """The same turns with only these modalities."""
    kept = torch.tensor([m in subset for m in MODALITIES])
    return Inputs(inputs.features, inputs.present & kept, inputs.speaker, inputs.padding)


class FusionTask:
    """What `training.loop.fit` trains. Dev is composed once; all seven sets of modalities are scored."""

    best_by = "mean_weighted_f1"

    def __init__(
        self, model: Magt, train: Composer, dev: tuple[Inputs, Tensor], batch: int, seed: int, settings: FusionSettings
    ) -> None:
        self.model, self.train, self.dev = model, train, dev
        self.batch, self.seed, self.settings = batch, seed, settings
        counts = torch.bincount(torch.cat(list(train.labels)), minlength=len(EMOTIONS)).float()
        self.adjustment = settings.adjust * (counts.clamp_min(1.0) / counts.sum()).log()

    def batches(self, epoch: int) -> list[Tensor]:
        generator = torch.Generator().manual_seed(self.seed * 1000 + epoch)
        return list(torch.randperm(len(self.train.text), generator=generator).split(self.batch))  # type: ignore[no-untyped-call]

    def loss(self, batch: Tensor) -> Tensor:
        inputs, labels = self.train.compose(batch.tolist())
        output = self.model(self._thin(inputs))
        real, adjustment = inputs.padding, self.adjustment
        true, main = labels[real], output.logits[real]
        loss = F.cross_entropy(main + adjustment, true, label_smoothing=self.settings.smoothing)
        weights = (self.settings.audio_loss, self.settings.video_loss)
        for weight, logits in zip(weights, (output.audio_logits[real], output.video_logits[real]), strict=True):
            # As MAGTKD's stage 2, without the feature term: the auxiliary heads learn from labels and from text.
            loss = loss + weight * (F.cross_entropy(logits + adjustment, true) + 0.1 * dist_loss(logits, main.detach()))
        return loss

    def evaluate(self) -> dict[str, float]:
        inputs, labels = self.dev
        true = labels[inputs.padding].numpy()
        scores: dict[str, float] = {}
        for subset in SUBSETS:
            said = self.model(with_subset(inputs, subset)).logits[inputs.padding].argmax(dim=-1).numpy()
            name = "+".join(subset)
            scores |= {f"weighted_f1 {name}": weighted_f1(true, said), f"macro_f1 {name}": macro_f1(true, said)}
        means = {
            f"mean_{kind}": sum(scores[f"{kind} {'+'.join(subset)}"] for subset in SUBSETS) / len(SUBSETS)
            for kind in ("weighted_f1", "macro_f1")
        }
        return means | scores

    def _thin(self, inputs: Inputs) -> Inputs:
        """Modality dropout by dialogue and by turn, and speakers in shuffled slots, none of which has a meaning."""
        rows = len(inputs.present)
        smaller = torch.tensor([[m in subset for m in MODALITIES] for subset in SUBSETS[:-1]])
        sets = smaller[torch.randint(len(smaller), (rows,))]
        sets[torch.rand(rows) < self.settings.whole] = True
        present = inputs.present & sets.unsqueeze(1) & (torch.rand(inputs.present.shape) >= self.settings.lost)
        slots = torch.stack([torch.randperm(self.model.config.speakers) for _ in range(rows)])
        speaker = slots.gather(1, inputs.speaker % self.model.config.speakers)
        return Inputs(inputs.features, present, speaker, inputs.padding)
