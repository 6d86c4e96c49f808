"""The video student: a small residual CNN on one aligned grey face."""

from dataclasses import dataclass

from torch import Tensor, nn

from engine.students.output import StudentOutput


@dataclass(frozen=True, slots=True)
class VideoConfig:
    """channels: of the stem and of the three residual stages, each of which halves the picture; blocks: in each stage.

    labels: of the reading; votes: what the FER+ raters could choose, the labels first, then contempt.
    """

    channels: tuple[int, int, int, int] = (32, 64, 128, 192)
    blocks: tuple[int, int, int] = (1, 2, 2)
    embedding: int = 128
    dropout: float = 0.3
    labels: int = 7
    votes: int = 8

    def __post_init__(self) -> None:
        object.__setattr__(self, "channels", tuple(self.channels))  # JSON and TOML bring a list
        object.__setattr__(self, "blocks", tuple(self.blocks))
        if len(self.channels) != 4 or len(self.blocks) != 3:
            raise ValueError(f"four channels and three blocks are needed, not {self.channels} and {self.blocks}")
        if self.votes < self.labels:
            raise ValueError(f"the votes begin with the labels: they can't be fewer than {self.labels}")


class Residual(nn.Module):
    """Two 3x3 convolutions beside a shortcut; a stride of 2 halves the picture."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(),
            nn.Conv2d(after, after, 3, padding=1, bias=False),
            nn.BatchNorm2d(after),
        )
        self.shortcut = (
            nn.Identity()
            if stride == 1 and before == after
            else nn.Sequential(nn.Conv2d(before, after, 1, stride=stride, bias=False), nn.BatchNorm2d(after))
        )
        self.activate = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """x: [B, before, H, W] -> [B, after, H/stride, W/stride]."""
        out: Tensor = self.activate(self.body(x) + self.shortcut(x))
        return out


@dataclass(frozen=True, slots=True)
class FaceVerdict:
    """embedding: [B, D]; votes: logits [B, 8] of FER+'s classes, ours first; original: logits [B, 7] of FER2013's."""

    embedding: Tensor
    votes: Tensor
    original: Tensor


class VideoStudent(nn.Module):
    """Reads single frames; an utterance is the mean over its frames."""

    def __init__(self, config: VideoConfig) -> None:
        super().__init__()
        self.config = config
        width = config.channels[0]
        self.stem = nn.Sequential(nn.Conv2d(1, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        stages: list[nn.Module] = []
        for after, blocks in zip(config.channels[1:], config.blocks, strict=True):
            for block in range(blocks):
                stages.append(Residual(width, after, stride=2 if block == 0 else 1))
                width = after
        self.stages = nn.Sequential(*stages)
        self.project = nn.Sequential(nn.Linear(width, config.embedding), nn.GELU(), nn.LayerNorm(config.embedding))
        self.dropout = nn.Dropout(config.dropout)
        self.votes = nn.Linear(config.embedding, config.votes)
        self.original = nn.Linear(config.embedding, config.labels)

    def forward(self, faces: Tensor) -> StudentOutput:
        """faces: uint8 [B, 48, 48], framed as by `engine.face.align`."""
        verdict = self.judge(faces)
        return StudentOutput(verdict.embedding, verdict.votes[:, : self.config.labels])

    def judge(self, faces: Tensor) -> FaceVerdict:
        """All heads. faces: uint8 [B, 48, 48]; each is normalised by its own mean and spread.

        The convolutions may compute in another dtype than what is before and after them.
        """
        x = faces.to(self.votes.weight.dtype)
        mean = x.mean(dim=(1, 2), keepdim=True)
        x = (x - mean) / x.std(dim=(1, 2), keepdim=True).clamp_min(4.0)  # a flat picture stays flat
        x = x.unsqueeze(1).to(next(self.stem.parameters()).dtype)
        features = self.stages(self.stem(x)).to(self.votes.weight.dtype).mean(dim=(2, 3))
        embedding = self.project(self.dropout(features))
        seen = self.dropout(embedding)
        return FaceVerdict(embedding, self.votes(seen), self.original(seen))
