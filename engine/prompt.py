"""The prompt of MAGTKD (IJCAI 2025): the last turns, then "Now <speaker> feels <mask>"."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from tokenizers import Tokenizer
from torch import Tensor

SPEAKERS: Final = 8
_STRAIGHT: Final = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "…": "...", "—": "-", "–": "-"})


def speaker_token(speaker: int) -> str:
    """The token of the n-th speaker to appear; from the ninth on they are used again."""
    return f"<s{(speaker - 1) % SPEAKERS + 1}>"


@dataclass(frozen=True, slots=True)
class Turn:
    """What one speaker said. speaker: 1 for the first to appear in the dialogue, and so on."""

    speaker: int
    text: str

    def __post_init__(self) -> None:
        if self.speaker < 1:
            raise ValueError(f"speakers are numbered from 1, not {self.speaker}")


class Prompt:
    """Turns in, token rows out: `[CLS] <s1> .. <s2> .. [SEP] now <s2> feels [MASK] [SEP]`.

    tokenizer: BERT-type, with the tokens <s1> to <s8>; raises ValueError if they are missing. turns: how many past
    turns are read at most. max_tokens: rows are cut from the left to this; the current turn and the prompt are kept.
    """

    def __init__(self, tokenizer: Tokenizer, turns: int, max_tokens: int) -> None:
        self.turns, self.max_tokens = turns, max_tokens
        self._tokenizer = Tokenizer.from_str(tokenizer.to_str())
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._cls, self._sep, self._mask, self._pad = (self._id(f"[{name}]") for name in ("CLS", "SEP", "MASK", "PAD"))
        self._speakers = [self._id(speaker_token(number)) for number in range(1, SPEAKERS + 1)]
        self._now, self._feels = self._text("now"), self._text("feels")
        if max_tokens < len(self._question(self._speakers[0])) + 3:
            raise ValueError(f"max_tokens {max_tokens} leaves no room for a turn")

    def encode(self, past: Sequence[Turn], now: Turn) -> list[int]:
        """One row of token ids for `now`, with what was said before it."""
        return self.join([self.turn(turn) for turn in past[max(0, len(past) - self.turns) :]], self.turn(now))

    def turn(self, turn: Turn) -> list[int]:
        """What a turn is in a row: the token of its speaker, then those of its words."""
        return [self._speakers[(turn.speaker - 1) % SPEAKERS], *self._text(turn.text)]

    def join(self, past: Sequence[Sequence[int]], now: Sequence[int]) -> list[int]:
        """As `encode`, of what `turn` made of each turn: the last ones before, `turns` at most, and this one."""
        speaker, *words = now
        question = self._question(speaker)
        room = self.max_tokens - 1 - len(question)
        current = [speaker, *words[-(room - 1) :]]
        before = [token for turn in past for token in turn]
        spare = room - len(current)
        return [self._cls, *before[max(0, len(before) - spare) :], *current, *question]

    def collate(self, rows: Sequence[list[int]]) -> tuple[Tensor, Tensor, Tensor]:
        """Rows to input_ids [B, L], attention_mask [B, L] and mask_index [B], all long, padded on the right."""
        longest = max(len(row) for row in rows)
        ids = torch.full((len(rows), longest), self._pad, dtype=torch.long)
        attention = torch.zeros_like(ids)
        for index, row in enumerate(rows):
            ids[index, : len(row)] = torch.tensor(row)
            attention[index, : len(row)] = 1
        return ids, attention, torch.tensor([len(row) - 2 for row in rows])

    def _question(self, speaker: int) -> list[int]:
        """speaker: the token of who spoke."""
        return [self._sep, *self._now, speaker, *self._feels, self._mask, self._sep]

    def _text(self, text: str) -> list[int]:
        encoding = self._tokenizer.encode(text.translate(_STRAIGHT), add_special_tokens=False)
        return list(encoding.ids)

    def _id(self, token: str) -> int:
        number = self._tokenizer.token_to_id(token)
        if number is None:
            raise ValueError(f"the tokenizer has no token {token}")
        return int(number)
