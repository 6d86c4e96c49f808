"""The fusion of MAGTKD (IJCAI 2025, doi 10.24963/ijcai.2025/905) as published: it sees a whole dialogue at once.

`engine.magt` is the causal one of ours. Here each turn attends to all others, those to come included, so that each
new turn of a live dialogue asks for all of it again. Inference alone: no dropout.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.labels import Modality


@dataclass(frozen=True, slots=True)
class FusionConfig:
    """The published sizes. speakers: MELD's 304 and one that pads; positions: turns of a dialogue at most."""

    width: int = 768
    heads: int = 8
    positions: int = 512
    speakers: int = 305
    labels: int = 7


class Block(nn.Module):
    """One transformer block: queries are the anchor's, keys and values the source's; the norm is the feed-forward's."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.output = (nn.Linear(width, width) for _ in range(4))
        self.feed_forward = nn.Sequential(
            nn.LayerNorm(width, eps=1e-6), nn.Linear(width, width), nn.GELU(), nn.Linear(width, width)
        )

    def forward(self, source: Tensor, anchor: Tensor) -> Tensor:
        """source, anchor: [B, N, width] -> [B, N, width]. No mask: every turn sees every turn."""
        query, key, value = (
            project(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for project, x in ((self.query, anchor), (self.key, source), (self.value, source))
        )
        found = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        h = anchor + self.output(found)
        whole: Tensor = h + self.feed_forward(h)
        return whole


class Gate(nn.Module):
    """sigmoid(relu(W h)) times h: never under a half, so it can't close."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, width)

    def forward(self, h: Tensor) -> Tensor:
        """h: [.., width] -> [.., width]."""
        return self.opening(h) * h

    def opening(self, h: Tensor) -> Tensor:
        """How far it is open, 0.5 to 1, [.., width]."""
        return torch.sigmoid(F.relu(self.linear(h)))


class Anchor(nn.Module):
    """Three gated paths to one anchor, reduced to one; the text anchor's paths share block and gate."""

    def __init__(self, config: FusionConfig, *, shared: bool) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block(config.width, config.heads) for _ in range(1 if shared else 3))
        self.gates = nn.ModuleList(Gate(config.width) for _ in range(1 if shared else 3))
        self.reduce = nn.Linear(3 * config.width, config.width)
        self.head = nn.Linear(config.width, config.labels)

    def forward(self, anchor: Tensor, sources: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        """anchor and each of sources: [B, N, width] -> [B, N, width]."""
        paths = [
            self.gates[i % len(self.gates)](self.blocks[i % len(self.blocks)](source, anchor))
            for i, source in enumerate(sources)
        ]
        reduced: Tensor = self.reduce(torch.cat(paths, dim=-1))
        return reduced


class PublishedFusion(nn.Module):
    """Audio and video are anchors first; text then attends to itself and to the two results, and gives the answer.

    The published code also makes two more blocks and gates for text and a linear layer, and never calls them: they are
    here as `unused`, so that the size is the published 44.6 million parameters. They cost no time.
    """

    position: Tensor

    def __init__(self, config: FusionConfig) -> None:
        super().__init__()
        self.config = config
        width, heads = config.width, config.heads
        self.speaker = nn.Embedding(config.speakers, width)
        self.audio, self.video = Anchor(config, shared=False), Anchor(config, shared=False)
        self.text = Anchor(config, shared=True)
        spare = (Block(width, heads), Block(width, heads), Gate(width), Gate(width), nn.Linear(3 * width, width))
        self.unused = nn.ModuleList(spare)
        self.register_buffer("position", _sinusoids(config.positions, width), persistent=False)

    def forward(self, text: Tensor, audio: Tensor, video: Tensor, speaker: Tensor) -> dict[Modality, Tensor]:
        """Each modality [B, N, width], speaker long [B, N] -> each anchor's logits [B, N, labels]; text's: the answer.

        Raises ValueError over `positions` turns: the published table of positions ends there.
        """
        if text.shape[1] > self.config.positions:
            raise ValueError(f"the published fusion ends at {self.config.positions} turns, not {text.shape[1]}")
        where = self.position[: text.shape[1]] + self.speaker(speaker)
        t, a, v = text + where, audio + where, video + where
        heard = self.audio(a, (a, t, v))
        seen = self.video(v, (v, t, a))
        read = self.text(t, (t, heard + where, seen + where))
        return {"text": self.text.head(read), "audio": self.audio.head(heard), "video": self.video.head(seen)}


def _sinusoids(positions: int, width: int) -> Tensor:
    """Sine and cosine positions [positions, width] ("Attention Is All You Need", arXiv 1706.03762)."""
    frequency = 10_000.0 ** -(torch.arange(0, width, 2) / width)
    angle = torch.arange(positions)[:, None] * frequency
    return torch.stack((angle.sin(), angle.cos()), dim=-1).flatten(1)
