"""MAGT, the multi-modal anchor gated transformer (MAGTKD, IJCAI 2025, doi 10.24963/ijcai.2025/905), made causal.

Three anchors each attend to themselves and to the other two modalities over the turns of a dialogue; each such path
passes a gate; the three are reduced to one. Audio and video come first; text, the main anchor, then attends to itself
and to the two results, and gives the answer. A turn sees the last W turns only, so its keys and values never change:
`engine.step` over a ring memory, turn by turn, equals `Magt` over the whole dialogue.
"""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.labels import MODALITIES, Modality
from engine.memory import RingMemory

# (source, anchor): queries are the anchor's. The text anchor's sources audio and video are those two anchors' results.
PATHS: Final[tuple[tuple[Modality, Modality], ...]] = (
    ("audio", "audio"),
    ("text", "audio"),
    ("video", "audio"),
    ("video", "video"),
    ("text", "video"),
    ("audio", "video"),
    ("text", "text"),
    ("audio", "text"),
    ("video", "text"),
)

_GUESS: Final = (1.0, 0.2, 0.2)  # how much each student's own answer counts before the fusion has learnt

Rotation = tuple[Tensor, Tensor]


@dataclass(frozen=True, slots=True)
class MagtConfig:
    """Sizes of the fusion.

    text, audio, video: widths of the students' embeddings.
    window: how many turns a turn sees, itself included.
    """

    text: int
    audio: int
    video: int
    width: int = 128
    heads: int = 4
    window: int = 64
    speakers: int = 8
    labels: int = 7
    dropout: float = 0.3

    def __post_init__(self) -> None:
        sizes = (self.text, self.audio, self.video, self.width, self.heads, self.window, self.speakers, self.labels)
        if min(sizes) < 1:
            raise ValueError(f"sizes must be at least 1: {self}")
        if self.width % (2 * self.heads):
            raise ValueError(f"width must be a multiple of 2 x heads, not {self.width} with {self.heads} heads")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be in [0, 1), not {self.dropout}")

    @property
    def head_dim(self) -> int:
        return self.width // self.heads

    def embedding(self, modality: Modality) -> int:
        """Width of a student's embedding."""
        return {"text": self.text, "audio": self.audio, "video": self.video}[modality]


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """Turns of B dialogues, N each.

    features: for each modality [B, N, D + labels], as `features` makes them; anything finite where it is absent.
    present:  bool [B, N, 3] in MODALITIES order.
    speaker:  long [B, N], dialogue-relative from 0; higher ones share slots by modulo.
    padding:  bool [B, N], True where a turn is real.
    """

    features: dict[Modality, Tensor]
    present: Tensor
    speaker: Tensor
    padding: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class MagtOutput:
    """logits: the answer, from the text anchor; audio_logits, video_logits: auxiliary heads. Each [B, N, labels].

    anchors: what each head reads, [B, N, width]. gates: how far the gate of each of PATHS is open on average, 0 to 1,
    [B, N, paths]; 0 where the path's source is missing.
    """

    logits: Tensor
    audio_logits: Tensor
    video_logits: Tensor
    anchors: dict[Modality, Tensor]
    gates: Tensor


def features(embedding: Tensor, logits: Tensor) -> Tensor:
    """What the fusion sees of a student: its embedding [.., D] and its log-probabilities [.., labels] side by side."""
    return torch.cat((embedding, logits.log_softmax(-1)), dim=-1)


def subset_index(present: Tensor) -> Tensor:
    """The number of each turn's set of modalities, 0 to 7: long [..] for bool [.., 3] in MODALITIES order."""
    text, audio, video = present.long().unbind(-1)
    return text + 2 * audio + 4 * video


def rotation(positions: Tensor, head_dim: int, dtype: torch.dtype) -> Rotation:
    """Cosines and sines [.., 1, head_dim / 2] of rotary positions (RoFormer, arXiv 2104.09864).

    Angles are computed in float64: in float32 a turn late in a long conversation would lose its place.
    """
    half = head_dim // 2
    frequency = 10_000.0 ** -(torch.arange(half, device=positions.device, dtype=torch.float64) / half)
    angle = positions.to(torch.float64)[..., None, None] * frequency
    return angle.cos().to(dtype), angle.sin().to(dtype)


def rotate(x: Tensor, by: Rotation) -> Tensor:
    """Turn the pairs of x [B, N, heads, head_dim] by their positions' angles."""
    cos, sin = by
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)


class Path(nn.Module):
    """One pre-norm transformer block from a source to an anchor, and its gate."""

    def __init__(self, config: MagtConfig) -> None:
        super().__init__()
        width = config.width
        self.heads = config.heads
        self.anchor_norm = nn.LayerNorm(width)
        self.source_norm = nn.LayerNorm(width)
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.output = nn.Linear(width, width)
        self.feed_forward = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, width), nn.GELU(), nn.Dropout(config.dropout), nn.Linear(width, width)
        )
        self.gate = nn.Linear(width, width)
        self.dropout = nn.Dropout(config.dropout)

    def keys(self, x: Tensor, by: Rotation) -> tuple[Tensor, Tensor]:
        """Keys, already rotated, and values [B, N, heads, head_dim] of source rows x [B, N, width]."""
        key, value = self.key_value(self.source_norm(x)).unflatten(-1, (2, self.heads, -1)).unbind(-3)
        return rotate(key, by), value

    def attend(self, y: Tensor, keys: Tensor, values: Tensor, mask: Tensor, by: Rotation) -> tuple[Tensor, Tensor]:
        """Anchor rows y [B, N, width] over S keys [B, S, heads, head_dim], where mask [B, N, S] is True.

        Returns the result and its gate, [B, N, width] each.
        """
        query = rotate(self.query(self.anchor_norm(y)).unflatten(-1, (self.heads, -1)), by)
        found = F.scaled_dot_product_attention(
            query.transpose(1, 2), keys.transpose(1, 2), values.transpose(1, 2), attn_mask=mask[:, None]
        )
        h = y + self.dropout(self.output(found.transpose(1, 2).flatten(2)))
        h = h + self.dropout(self.feed_forward(h))
        return h, torch.sigmoid(self.gate(h))


class Magt(nn.Module):
    """The fusion over whole dialogues: for training, and the reference of exactness.

    What dev settles for each set of modalities, `subset_index` says where: change [subsets], how far the fusion changes
    the students' first guess, 1 until then; offset [subsets, labels], what is added to the answer, 0 until then.
    """

    change: Tensor
    offset: Tensor

    def __init__(self, config: MagtConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.project = nn.ModuleDict({m: nn.Linear(config.embedding(m) + config.labels, width) for m in MODALITIES})
        self.absent = nn.ParameterDict({m: nn.Parameter(torch.randn(width) * 0.02) for m in MODALITIES})
        self.speaker = nn.Embedding(config.speakers, width)
        self.paths = nn.ModuleDict({_block(source, anchor): Path(config) for source, anchor in PATHS})
        self.reduce = nn.ModuleDict({m: nn.Linear(3 * width, width) for m in MODALITIES})
        self.head = nn.ModuleDict({m: nn.Linear(width, config.labels) for m in MODALITIES})
        self.guess = nn.Parameter(torch.tensor(_GUESS))
        self.register_buffer("change", torch.ones(2 ** len(MODALITIES)))
        self.register_buffer("offset", torch.zeros(2 ** len(MODALITIES), config.labels))
        self.dropout = nn.Dropout(config.dropout)

    def memory(self, slots: int, dtype: torch.dtype = torch.float32) -> RingMemory:
        """An empty memory for `slots` dialogues, on this model's device."""
        sizes = {"window": self.config.window, "heads": self.config.heads, "head_dim": self.config.head_dim}
        return RingMemory(slots, paths=len(PATHS), device=self.speaker.weight.device, dtype=dtype, **sizes)

    def forward(self, inputs: Inputs) -> MagtOutput:
        """Whole dialogues at once: each turn sees itself and the W - 1 before it."""
        turns = torch.arange(inputs.padding.shape[1], device=inputs.padding.device)
        distance = turns[:, None] - turns
        band = (distance >= 0) & (distance < self.config.window)
        own = distance == 0
        usable = inputs.present & inputs.padding[..., None]
        masks = {m: (band & usable[:, None, :, i]) | own for i, m in enumerate(MODALITIES)}
        rows = self._embed(inputs)
        by = rotation(turns.expand(inputs.padding.shape), self.config.head_dim, self.speaker.weight.dtype)
        gated: dict[Modality, list[Tensor]] = {m: [] for m in MODALITIES}
        gates: list[Tensor] = []
        result: dict[Modality, Tensor] = {}
        for source, anchor in PATHS:
            path = self.path(source, anchor)
            key, value = path.keys(result[source] if anchor == "text" and source != "text" else rows[source], by)
            h, gate = path.attend(rows[anchor], key, value, masks[source], by)
            gate = gate * inputs.present[..., MODALITIES.index(source), None]
            gated[anchor].append(gate * h)
            gates.append(gate.mean(dim=-1))
            if len(gated[anchor]) == len(MODALITIES):
                result[anchor] = self.reduce[anchor](torch.cat(gated[anchor], dim=-1))
        logits = {m: self.head[m](self.dropout(result[m])) for m in MODALITIES}
        said = torch.stack([inputs.features[m][..., -self.config.labels :] for m in MODALITIES], dim=-1)
        answer = self.answer(logits["text"], said, inputs.present)
        return MagtOutput(answer, logits["audio"], logits["video"], result, torch.stack(gates, dim=-1))

    def path(self, source: Modality, anchor: Modality) -> Path:
        """The block of one of PATHS: the text anchor's three share one, as published."""
        path = self.paths[_block(source, anchor)]
        assert isinstance(path, Path)  # noqa: S101 - ModuleDict forgets the type
        return path

    def answer(self, logits: Tensor, said: Tensor, present: Tensor) -> Tensor:
        """The answer [.., labels] from the text anchor's logits, and what the students say alone, [.., labels, 3].

        That is the answer's first guess: the fusion learns what to change in it.
        """
        guess = (said * (self.guess * present).unsqueeze(-2)).sum(dim=-1)
        subset = subset_index(present)
        return self.change[subset].unsqueeze(-1) * logits + guess + self.offset[subset]

    def _embed(self, inputs: Inputs) -> dict[Modality, Tensor]:
        """One row [B, N, width] a turn for each modality: its projection or the absent token, and who speaks."""
        speaker = self.speaker(inputs.speaker % self.config.speakers)
        rows: dict[Modality, Tensor] = {}
        for i, m in enumerate(MODALITIES):
            projected = self.project[m](inputs.features[m])
            rows[m] = self.dropout(torch.where(inputs.present[..., i, None], projected, self.absent[m]) + speaker)
        return rows


def _block(source: Modality, anchor: Modality) -> str:
    """Name of a path's block."""
    return anchor if anchor == "text" else f"{source}_to_{anchor}"
