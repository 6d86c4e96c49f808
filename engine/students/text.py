"""The text student: a small BERT-type encoder, read at the prompt's mask."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.students.bert import Bert
from engine.students.output import StudentOutput


@dataclass(frozen=True, slots=True)
class TextConfig:
    """Sizes of the encoder; the defaults are MiniLM-L6's, with eight speaker tokens added to its vocabulary."""

    vocabulary: int = 30_530
    width: int = 384
    layers: int = 6
    heads: int = 12
    hidden: int = 1536
    positions: int = 512
    embedding: int = 384
    dropout: float = 0.1
    labels: int = 7

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise ValueError(f"width {self.width} does not divide into {self.heads} heads")
        if not 0.0 <= self.dropout < 1.0:
            raise ValueError(f"dropout must be in [0, 1), not {self.dropout}")


class TextStudent(nn.Module):
    """Prompt learning as in MAGTKD (IJCAI 2025): the state at <mask>, projected, is the embedding."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Bert(
            vocabulary=config.vocabulary,
            width=config.width,
            layers=config.layers,
            heads=config.heads,
            hidden=config.hidden,
            positions=config.positions,
            dropout=config.dropout,
        )
        self.project = nn.Sequential(
            nn.Linear(config.width, config.embedding), nn.GELU(), nn.LayerNorm(config.embedding)
        )
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(config.embedding, config.labels)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, mask_index: Tensor) -> StudentOutput:
        """input_ids, attention_mask: [B, L]; mask_index: [B], where each row's <mask> is.

        The encoder may compute in another dtype than what follows it.
        """
        states = self.encoder(input_ids, attention_mask)
        rows = torch.arange(len(input_ids), device=input_ids.device)
        embedding = self.project(states[rows, mask_index].to(self.head.weight.dtype))
        return StudentOutput(embedding, self.head(self.dropout(embedding)))
