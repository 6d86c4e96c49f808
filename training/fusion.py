"""The fusion: MAGT on composed dialogues, with every set of modalities seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import torch
from torch import Tensor

from engine.calibration import SUBSETS
from engine.labels import EMOTIONS, MODALITIES, Modality
from engine.magt import Inputs, Magt, MagtOutput
from training.calibrate import adjusted, choose_adjustment
from training.compose import Composition, Pool
from training.losses import Distillation, Imbalance
from training.metrics import macro_f1, weighted_f1


@dataclass(frozen=True, slots=True)
class FusionSettings:
    """voice_f1, face_f1: the weighted F1 that voice and face alone reach on composed dialogues.

    whole: the share of training dialogues that keep all modalities; the others keep one of the six smaller sets.
    lost: the share of turns that lose each modality besides. lying: the share of dialogues in which voice, and of those
    in which face, says nothing of the labels. audio_loss, video_loss: weights of the auxiliary heads.
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
    lying: float = 0.15
    distillation: Distillation = field(default_factory=Distillation)
    imbalance: Imbalance = field(default_factory=Imbalance)

    @classmethod
    def of(cls, tables: dict[str, Any]) -> "FusionSettings":
        """From the tables of a config file."""
        return cls(
            **tables["fusion"],
            distillation=Distillation(**tables["distillation"]),
            imbalance=Imbalance(**tables["imbalance"]),
        )


HONEST: Final[Mapping[Modality, float]] = {"audio": 0.0, "video": 0.0}


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

    def compose(self, indices: Sequence[int], lying: Mapping[Modality, float] = HONEST) -> tuple[Inputs, Tensor]:
        """These dialogues as one batch, clips and faces drawn anew; and their labels [B, N], -1 where padded.

        lying: the share of dialogues in which a modality's clips are drawn without regard to the labels.
        """
        labels = _pad([self.labels[i] for i in indices], -1)
        padding = labels >= 0
        rows: dict[Modality, Tensor] = {"text": _pad([self.text[i] for i in indices], 0)}
        for modality, pool in self.pools.items():
            lies = (torch.rand(len(labels), 1) < lying[modality]).expand_as(labels)[padding]
            chance = torch.multinomial(torch.tensor(self.composition.prior), len(lies), replacement=True)
            shown = torch.where(lies, chance, labels[padding])
            drawn = pool.draw(shown, self.composition.matrix(modality))
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


def move(inputs: Inputs, device: torch.device) -> Inputs:
    """The same turns on a device."""
    rows = {m: value.to(device) for m, value in inputs.features.items()}
    return Inputs(rows, inputs.present.to(device), inputs.speaker.to(device), inputs.padding.to(device))


def fuse(model: Magt, inputs: Inputs) -> MagtOutput:
    """One causal pass over whole dialogues, where the model is; its output on the CPU."""
    out = model(move(inputs, model.speaker.weight.device))
    anchors = {m: rows.cpu() for m, rows in out.anchors.items()}
    return MagtOutput(out.logits.cpu(), out.audio_logits.cpu(), out.video_logits.cpu(), anchors, out.gates.cpu())


class FusionTask:
    """What `training.loop.fit` trains. Dev is composed once; all seven sets of modalities are scored."""

    best_by = "mean_adjusted_weighted_f1"

    def __init__(
        self, model: Magt, train: Composer, dev: tuple[Inputs, Tensor], batch: int, seed: int, settings: FusionSettings
    ) -> None:
        self.model, self.train, self.dev = model, train, dev
        self.batch, self.seed, self.settings = batch, seed, settings
        self.counts = torch.bincount(torch.cat(list(train.labels)), minlength=len(EMOTIONS)).float()

    def batches(self, epoch: int) -> list[Tensor]:
        generator = torch.Generator().manual_seed(self.seed * 1000 + epoch)
        return list(torch.randperm(len(self.train.text), generator=generator).split(self.batch))  # type: ignore[no-untyped-call]

    def loss(self, batch: Tensor) -> Tensor:
        lying: dict[Modality, float] = {"audio": self.settings.lying, "video": self.settings.lying}
        inputs, labels = self.train.compose(batch.tolist(), lying)
        device = self.model.speaker.weight.device
        output = self.model(move(self._thin(inputs), device))
        real, true, counts = inputs.padding.to(device), labels[inputs.padding].to(device), self.counts.to(device)
        main, imbalance = output.logits[real], self.settings.imbalance
        loss = imbalance.loss(main, true, counts, self.settings.smoothing)
        teacher = (output.anchors["text"][real].detach(), main.detach())
        for m, weight in (("audio", self.settings.audio_loss), ("video", self.settings.video_loss)):
            logits = (output.audio_logits if m == "audio" else output.video_logits)[real]
            student = (output.anchors[m][real], logits)
            told = imbalance.loss(logits, true, counts, 0.0) + self.settings.distillation.relations(student, teacher)
            loss = loss + weight * told
        return loss

    def evaluate(self) -> dict[str, float]:
        """Each set of modalities, as trained and with the logit adjustment that dev would choose for it."""
        inputs, labels = self.dev
        true, prior = labels[inputs.padding], torch.tensor(self.train.composition.prior)
        scores: dict[str, float] = {}
        for subset in SUBSETS:
            logits = fuse(self.model, with_subset(inputs, subset)).logits[inputs.padding]
            shifted = adjusted(logits, prior, choose_adjustment(logits, true, prior))
            for kind, answer in (("", logits), ("adjusted_", shifted)):
                said, name = answer.argmax(dim=-1).numpy(), "+".join(subset)
                scores[f"{kind}weighted_f1 {name}"] = weighted_f1(true.numpy(), said)
                scores[f"{kind}macro_f1 {name}"] = macro_f1(true.numpy(), said)
        means = {
            f"mean_{kind}": sum(scores[f"{kind} {'+'.join(subset)}"] for subset in SUBSETS) / len(SUBSETS)
            for kind in ("weighted_f1", "macro_f1", "adjusted_weighted_f1", "adjusted_macro_f1")
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
