"""The video student: a small residual CNN on one aligned grey face."""

from dataclasses import dataclass

from torch import Tensor, nn

from engine.students.output import StudentOutput


@dataclass(frozen=True, slots=True)
class VideoConfig:
    """channels: of the stem and of the three residual stages; each stage halves the picture."""

    channels: tuple[int, int, int, int] = (24, 48, 96, 128)
    embedding: int = 128
    dropout: float = 0.3
    labels: int = 7

    def __post_init__(self) -> None:
        object.__setattr__(self, "channels", tuple(self.channels))  # JSON and TOML bring a list
        if len(self.channels) != 4:
            raise ValueError(f"channels must be four numbers, not {len(self.channels)}")


class Residual(nn.Module):
    """Two 3x3 convolutions that halve the picture, beside a 1x1 shortcut."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(),
            nn.Conv2d(after, after, 3, padding=1, bias=False),
            nn.BatchNorm2d(after),
        )
        self.shortcut = nn.Sequential(nn.Conv2d(before, after, 1, stride=2, bias=False), nn.BatchNorm2d(after))
        self.activate = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """x: [B, before, H, W] -> [B, after, H/2, W/2]."""
        out: Tensor = self.activate(self.body(x) + self.shortcut(x))
        return out


class VideoStudent(nn.Module):
    """Reads single frames; an utterance is the mean over its frames."""

    def __init__(self, config: VideoConfig) -> None:
        super().__init__()
        self.config = config
        stem, *stages = config.channels
        self.stem = nn.Sequential(
            nn.Conv2d(1, stem, 5, padding=2, stride=1, bias=False), nn.BatchNorm2d(stem), nn.ReLU()
        )
        self.stages = nn.Sequential(*(Residual(a, b) for a, b in zip(config.channels, stages, strict=False)))
        self.project = nn.Sequential(nn.Linear(stages[-1], config.embedding), nn.GELU(), nn.LayerNorm(config.embedding))
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(config.embedding, config.labels)

    def forward(self, faces: Tensor) -> StudentOutput:
        """faces: uint8 [B, 48, 48], framed as by `engine.face.align`; each normalised by its own mean and spread."""
        x = faces.to(self.head.weight.dtype)
        mean = x.mean(dim=(1, 2), keepdim=True)
        x = (x - mean) / x.std(dim=(1, 2), keepdim=True).clamp_min(4.0)  # a flat picture stays flat
        features = self.stages(self.stem(x.unsqueeze(1))).mean(dim=(2, 3))
        embedding = self.project(self.dropout(features))
        return StudentOutput(embedding, self.head(self.dropout(embedding)))
