"""The text teacher: any masked language model, with the prompt of MAGTKD over all the past that fits."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch

from engine.prompt import SPEAKERS, Turn, speaker_token
from training.corpora import iemocap, meld
from training.corpora.dialogue import Dialogue
from training.teachers.model import Batch, Lesson, Teacher
from training.teachers.weights import NoWeights, fetch, load_encoder


@dataclass(frozen=True, slots=True)
class TextTeacherSettings:
    """model: an encoder with a mask token; corpus: "meld" or "iemocap"; embedding: its width; max_tokens: a prompt's
    length at most, or what the encoder takes if that is less."""

    model: str
    corpus: Literal["meld", "iemocap"] = "meld"
    embedding: int = 768
    max_tokens: int = 511


class TeacherPrompt:
    """Turns in, token rows out: `<s> <s1> .. <s2> .. </s> Now <s2> feels <mask> </s>`, in the tokenizer's own tokens.

    tokenizer: of transformers; it gets the speaker tokens. Raises ValueError if it lacks a special token or a word of
    the prompt, or if max_tokens leaves no room for a turn.
    """

    def __init__(self, tokenizer: Any, max_tokens: int) -> None:
        lacking = [name for name in ("cls", "sep", "mask", "pad") if getattr(tokenizer, f"{name}_token_id") is None]
        if lacking:
            raise ValueError(f"its tokenizer has no {' and no '.join(lacking)} token")
        names = [speaker_token(number) for number in range(1, SPEAKERS + 1)]
        tokenizer.add_tokens(names, special_tokens=True)
        self._tokenizer, self._room = tokenizer, max_tokens - 1
        self._speakers: list[int] = tokenizer.convert_tokens_to_ids(names)
        self._now, self._feels = self._words("Now"), self._words("feels")
        if tokenizer.unk_token_id in {*self._now, *self._feels}:  # transformers makes an empty one where there is none
            raise ValueError("it brings no tokenizer, or one without the words of the prompt")
        if self._room < len(self._question(1)) + 2:
            raise ValueError(f"max_tokens {max_tokens} leaves no room for a turn")

    def rows(self, turns: Sequence[Turn]) -> list[list[int]]:
        """One row for each turn, with all that was said before it, cut from the left where it is too long."""
        said = [[self._speaker(turn.speaker), *self._words(turn.text)] for turn in turns]
        past: list[int] = []
        rows: list[list[int]] = []
        for turn, tokens in zip(turns, said, strict=True):
            question = self._question(turn.speaker)
            room = self._room - len(question)
            now = [tokens[0], *tokens[1:][-(room - 1) :]]
            before = past[max(0, len(past) + len(now) - room) :]
            rows.append([self._tokenizer.cls_token_id, *before, *now, *question])
            past += tokens
        return rows

    def batch(self, rows: Sequence[list[int]]) -> Batch:
        """Padded on the right; what is read is the state at the mask."""
        longest = max(len(row) for row in rows)
        ids = torch.full((len(rows), longest), self._tokenizer.pad_token_id, dtype=torch.long)
        attention = torch.zeros_like(ids)
        for index, row in enumerate(rows):
            ids[index, : len(row)] = torch.tensor(row)
            attention[index, : len(row)] = 1
        mask = torch.tensor([len(row) - 2 for row in rows])
        return Batch({"input_ids": ids, "attention_mask": attention}, mask, torch.ones_like(mask))

    def _question(self, speaker: int) -> list[int]:
        own = self._tokenizer
        words = [*self._now, self._speaker(speaker), *self._feels]
        return [own.sep_token_id, *words, own.mask_token_id, own.sep_token_id]

    def _speaker(self, number: int) -> int:
        return self._speakers[(number - 1) % SPEAKERS]

    def _words(self, text: str) -> list[int]:
        # The blank makes a byte-pair tokenizer take the first word for one inside a sentence.
        ids: list[int] = self._tokenizer(f" {text}", add_special_tokens=False, verbose=False)["input_ids"]
        return ids


class TextRows:
    """Each utterance of the dialogues as a prompt."""

    def __init__(self, dialogues: Sequence[Dialogue], prompt: TeacherPrompt) -> None:
        self._prompt, self._rows = prompt, [row for dialogue in dialogues for row in prompt.rows(dialogue.turns)]
        self.labels = torch.tensor([label for dialogue in dialogues for label in dialogue.labels])
        self.lengths = torch.tensor([len(row) for row in self._rows])

    def batch(self, indices: Sequence[int]) -> Batch:
        return self._prompt.batch([self._rows[index] for index in indices])


def prepare(settings: TextTeacherSettings, data: Path) -> Lesson:
    """The teacher with its encoder's weights, and the corpus as prompts. Raises MissingCorpus, NoWeights."""
    from transformers import AutoTokenizer

    corpus, read = (meld, meld.read_meld) if settings.corpus == "meld" else (iemocap, iemocap.read_iemocap)
    train, dev = read(data, "train"), read(data, "dev")
    encoder: Any = load_encoder("text", settings.model)
    if encoder.main_input_name != "input_ids":
        raise NoWeights("text", settings.model, f"a {encoder.config.model_type} encoder does not read words")
    tokenizer = fetch("text", settings.model, AutoTokenizer.from_pretrained)
    # RoBERTa counts its positions from the padding's, 1: two of them are never used.
    positions = getattr(encoder.config, "max_position_embeddings", settings.max_tokens + 2) - 2
    try:
        prompt = TeacherPrompt(tokenizer, min(settings.max_tokens, positions, tokenizer.model_max_length))
    except ValueError as error:
        raise NoWeights("text", settings.model, str(error)) from error
    if len(tokenizer) > encoder.get_input_embeddings().num_embeddings:
        encoder.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    model = Teacher(encoder, encoder.config.hidden_size, settings.embedding, len(corpus.LABELS))
    return Lesson(model, TextRows(train, prompt), TextRows(dev, prompt), corpus.LABELS)
