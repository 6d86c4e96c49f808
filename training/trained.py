"""The trained students, their heads settled on dev: what the fusion reads and what a bundle carries."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from engine.labels import EMOTIONS
from engine.prompt import Prompt
from engine.students import AudioStudent, TextStudent, VideoStudent
from training import pools
from training.audio import read_clips
from training.calibrate import choose_adjustment, fit_temperature
from training.clips import Features, load_features
from training.corpora.dialogue import Dialogue
from training.corpora.faces import Faces, read_faces, with_emotion
from training.corpora.meld import read_meld
from training.corpora.voices import read_voices
from training.stages import read_config
from training.text import TextSettings, make_rows, read_rows
from training.video import judge_faces


@dataclass(frozen=True, slots=True, eq=False)
class Corpora:
    """Everything that the fusion is made of and judged on.

    faces: FER2013's public test, which the student never learns from. Those with one of our emotions are shared out:
    every other one composes training dialogues, the others dev.
    """

    train: list[Dialogue]
    dev: list[Dialogue]
    voices: Features
    faces: Faces

    @classmethod
    def read(cls, data: Path, runs: Path) -> "Corpora":
        """Raises MissingCorpus."""
        voices = load_features(read_voices(data), runs / "voices.npz")
        return cls(read_meld(data, "train"), read_meld(data, "dev"), voices, read_faces(data, "dev"))

    @property
    def shown(self) -> Faces:
        """Faces of which the majority chose one of our emotions."""
        return with_emotion(self.faces)

    @property
    def fusion_faces(self) -> Faces:
        """Those that training dialogues are composed of."""
        return self.shown.take(torch.arange(0, len(self.shown.images), 2))

    @property
    def dev_faces(self) -> Faces:
        """Those that dev dialogues are composed of."""
        return self.shown.take(torch.arange(1, len(self.shown.images), 2))


@dataclass(frozen=True, slots=True)
class Settled:
    """What dev chose for the heads. adjust: strength of logit adjustment on text (Menon et al., ICLR 2021), after
    training; text, audio, video, original: temperatures."""

    adjust: float
    text: float
    audio: float
    video: float
    original: float


@dataclass(frozen=True, slots=True, eq=False)
class Students:
    """The three students, and the prompt that the text student reads. What they say is calibrated already."""

    text: TextStudent
    prompt: Prompt
    audio: AudioStudent
    video: VideoStudent
    settled: Settled

    @classmethod
    def load(cls, corpora: Corpora, runs: Path, configs: Path) -> "Students":
        """Those that `undertone train` left under `runs`; raises FileNotFoundError naming the stage to run."""
        settings = TextSettings(**read_config("text", configs)["text"])
        text = pools.load_text(runs / "text")
        prompt = pools.load_prompt(runs / "text", settings.turns, settings.max_tokens)
        audio, video = pools.load_audio(runs / "audio"), pools.load_video(runs / "video")
        rows = make_rows(corpora.dev, prompt)
        words = read_rows(text, prompt, rows.rows).logits
        adjust = choose_adjustment(words, rows.labels, prior := label_prior(corpora.train))
        shift = -adjust * prior.log()
        heard = [i for i, clip in enumerate(corpora.voices.clips) if clip.share != "student"]
        spoken = read_clips(audio, corpora.voices, heard).logits
        shown = corpora.shown
        seen = judge_faces(video, shown.images)
        settled = Settled(
            adjust=adjust,
            text=fit_temperature(words + shift, rows.labels),
            audio=fit_temperature(spoken, corpora.voices.labels[heard]),
            video=fit_temperature(seen.votes[:, : len(EMOTIONS)], shown.majority),
            original=fit_temperature(seen.original, shown.original),
        )
        settle(text.head, settled.text, shift)
        settle(audio.head, settled.audio)
        settle(audio.readout, settled.audio)
        settle(video.votes, settled.video)
        settle(video.original, settled.original)
        return cls(text, prompt, audio, video, settled)


def settle(head: nn.Linear, temperature: float, shift: Tensor | None = None) -> None:
    """Change a head in place so that its logits are (logits + shift) / temperature."""
    with torch.no_grad():
        if shift is not None:
            head.bias.add_(shift)
        head.weight.div_(temperature)
        head.bias.div_(temperature)


def label_prior(dialogues: Sequence[Dialogue], labels: int = len(EMOTIONS)) -> Tensor:
    """The share of each label among all turns, [labels]."""
    said = torch.tensor([label for dialogue in dialogues for label in dialogue.labels])
    return torch.bincount(said, minlength=labels).float().clamp_min(1.0) / len(said)
