"""The audio student: a recurrent net on acted voices, split by speaker."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor

from engine.labels import EMOTIONS
from engine.mel import normalise
from engine.students import AudioConfig, AudioStudent, StudentOutput
from training.clips import Features
from training.lesson import Lesson
from training.losses import soft_cross_entropy
from training.metrics import unweighted_recall
from training.soundscape import Soundscape, change


@dataclass(frozen=True, slots=True)
class AudioSettings:
    """base: where the weights begin: a package that carries a GE2E speaker encoder as `pretrained.pt`, or such a file;
    "" for random ones. frames: the longest stretch that a training step reads of a clip, in 10 ms; mixup: the share of
    batches in which clips are laid over each other (Zhang et al., ICLR 2018); tuned: how far the net is left at what it
    learnt, the rest is what it began with; readout: strength of the second classifier's regression (`training.readout`
    says why both); left_out: a corpus that is scored and not trained on."""

    base: str = ""
    frames: int = 300
    smoothing: float = 0.1
    mixup: float = 0.3
    tuned: float = 1.0
    readout: float = 0.01
    left_out: str = ""
    soundscape: Soundscape = field(default_factory=Soundscape)

    @classmethod
    def of(cls, audio: dict[str, object], soundscape: dict[str, float]) -> "AudioSettings":
        """From the tables of a config file."""
        return cls(**audio, soundscape=Soundscape(**soundscape))  # type: ignore[arg-type]


def make_student(config: AudioConfig, base: str, seed: int) -> AudioStudent:
    """A student whose LSTM begins with the lower layers of the base's; what is new is drawn from the seed.

    Raises FileNotFoundError, saying what to install, if the base is not there.
    """
    torch.manual_seed(seed)
    student = AudioStudent(config)
    if base:
        # Published as .pt alone: weights_only refuses everything in it but tensors.
        kept = torch.load(_weights_file(base), map_location="cpu", weights_only=True)["model_state"]
        own = student.lstm.state_dict()
        student.lstm.load_state_dict({name: kept[f"lstm.{name}"] for name in own})
    return student


def _weights_file(base: str) -> Path:
    """Found without importing the package, which would want much that its weights do not need."""
    if Path(base).is_file():
        return Path(base)
    found = find_spec(base)
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError(f"the voice student begins with the weights of {base}: pip install --no-deps {base}")
    return Path(found.submodule_search_locations[0]) / "pretrained.pt"


class AudioTask:
    """What `training.loop.fit` trains. Every corpus, speaker and class weighs much the same, however many clips it has.

    Judged on the speakers kept from it, or on all of the corpus left out.
    """

    best_by = "uar"

    def __init__(
        self,
        model: AudioStudent,
        features: Features,
        batch: int,
        seed: int,
        settings: AudioSettings,
        lesson: Lesson | None = None,
    ) -> None:
        self.model, self.features, self.lesson = model, features, lesson
        self.batch, self.seed, self.settings = batch, seed, settings
        left, clips = settings.left_out, features.clips
        student = [i for i, clip in enumerate(clips) if clip.share == "student" and clip.corpus != left]
        self.train = torch.tensor(student)
        self.dev = [i for i, clip in enumerate(clips) if (clip.corpus == left if left else clip.share != "student")]
        self.weights = self._balance()

    def batches(self, epoch: int) -> list[Tensor]:
        generator = torch.Generator().manual_seed(self.seed * 1000 + epoch)
        drawn = torch.multinomial(self.weights, len(self.train), replacement=True, generator=generator)
        return list(self.train[drawn].split(self.batch))  # type: ignore[no-untyped-call]

    def loss(self, batch: Tensor) -> Tensor:
        device = next(self.model.parameters()).device
        mels = [change(self._stretch(self.features[i]), self.settings.soundscape) for i in batch.tolist()]
        mel, lengths = (tensor.to(device) for tensor in pad(mels))
        labels = self.features.labels[batch]
        target = torch.nn.functional.one_hot(labels, len(EMOTIONS)).float().to(device)
        if float(torch.rand(())) < self.settings.mixup:
            share = float(torch.distributions.Beta(0.4, 0.4).sample(()))
            mel, lengths = share * mel + (1 - share) * mel.flip(0), torch.maximum(lengths, lengths.flip(0))
            target = share * target + (1 - share) * target.flip(0)
            return soft_cross_entropy(self.model(mel, lengths).logits, target, self.settings.smoothing)
        out = self.model(mel, lengths)
        loss = soft_cross_entropy(out.logits, target, self.settings.smoothing)
        return loss if self.lesson is None else loss + self.lesson.loss(out.embedding, out.logits, labels)

    def evaluate(self) -> dict[str, float]:
        """UAR of each corpus on its dev speakers, the choice being among the corpus's labels; `uar` is their mean."""
        logits = read_clips(self.model, self.features, self.dev).logits
        true = self.features.labels[self.dev]
        corpora = [self.features.clips[index].corpus for index in self.dev]
        scores: dict[str, float] = {}
        for corpus in sorted(set(corpora)):
            mine = torch.tensor([name == corpus for name in corpora])
            said = among(logits[mine], true[mine]).argmax(dim=-1)
            scores[f"uar_{corpus}"] = unweighted_recall(true[mine].numpy(), said.numpy())
        return {"uar": sum(scores.values()) / len(scores), **scores}

    def _balance(self) -> Tensor:
        clips = [self.features.clips[index] for index in self.train.tolist()]
        groups = [(clip.corpus, clip.label) for clip in clips]
        speakers = [clip.speaker for clip in clips]
        # The root keeps a small group from being seen so often that it is learnt by heart.
        counts = [groups.count(g) * speakers.count(s) for g, s in zip(groups, speakers, strict=True)]
        return torch.tensor([float(count) for count in counts]).pow(-0.35)

    def _stretch(self, energy: Tensor) -> Tensor:
        """A random part of a clip, at least half of it: live utterances are cut at both ends too."""
        longest = min(len(energy), self.settings.frames)
        length = int(torch.randint(max(30, longest // 2), longest + 1, ()))
        start = int(torch.randint(0, len(energy) - length + 1, ()))
        return energy[start : start + length]


def among(logits: Tensor, true: Tensor) -> Tensor:
    """Logits [N, C] with the labels that never occur in `true` [N] ruled out."""
    absent = torch.bincount(true, minlength=logits.shape[1]) == 0
    return logits.masked_fill(absent, float("-inf"))


def pad(mels: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Utterances [T_i, 40] as one batch [B, T, 40] with their lengths [B]."""
    return torch.nn.utils.rnn.pad_sequence(list(mels), batch_first=True), torch.tensor([len(mel) for mel in mels])


def read_mels(model: AudioStudent, mels: Sequence[Tensor], batch: int = 64) -> StudentOutput:
    """The student's outputs for mel frames [T_i, 40] each, in their order."""
    model.eval()
    device = next(model.parameters()).device
    order = sorted(range(len(mels)), key=lambda index: len(mels[index]))
    embedding, logits = torch.empty(len(mels), model.config.embedding), torch.empty(len(mels), model.config.labels)
    with torch.inference_mode():
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            out = model(*(tensor.to(device) for tensor in pad([mels[index] for index in chosen])))
            embedding[chosen], logits[chosen] = out.embedding.float().cpu(), out.logits.float().cpu()
    return StudentOutput(embedding, logits)


def read_clips(model: AudioStudent, features: Features, indices: Sequence[int]) -> StudentOutput:
    """The student's outputs for these clips, in their order."""
    return read_mels(model, [normalise(features[index]) for index in indices])
