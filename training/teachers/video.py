"""The video teacher: TimeSformer or VideoMAE on a few frames."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from training.corpora.faces import Faces, read_faces, with_emotion
from training.frames import read_frames
from training.teachers.model import WHOLE, Batch, Lesson, Rows, Teacher
from training.teachers.sources import Source, classes_of, read_films
from training.teachers.weights import NoWeights, load_encoder, read_mean_and_spread

# What is read of the last layer: TimeSformer's class token; VideoMAE has none, so the mean of all its tokens.
_STATES: Final = {"timesformer": 1, "videomae": WHOLE}


@dataclass(frozen=True, slots=True)
class VideoTeacherSettings:
    """model: an encoder of clips; corpus: "fer2013" (stills, repeated), "meld" or "iemocap"; embedding: its width."""

    model: str
    corpus: Literal["fer2013", "meld", "iemocap"] = "fer2013"
    embedding: int = 768


@dataclass(frozen=True, slots=True)
class Eye:
    """How an encoder wants its clips: frames, side in pixels, mean and spread of each colour; states: see `_STATES`."""

    frames: int
    size: int
    mean: Sequence[float]
    spread: Sequence[float]
    states: int

    def batch(self, clips: Tensor) -> Batch:
        """clips: float [B, T, 3, size, size], 0 to 1."""
        mean, spread = (torch.tensor(value).view(3, 1, 1) for value in (self.mean, self.spread))
        return Batch.of({"pixel_values": (clips - mean) / spread}, count=self.states)


class StillRows:
    """Faces uint8 [n, 48, 48], each repeated to a clip that does not move."""

    def __init__(self, faces: Faces, eye: Eye) -> None:
        self._images, self._eye = faces.images, eye
        self.labels, self.lengths = faces.majority, torch.ones(len(faces.images))

    def batch(self, indices: Sequence[int]) -> Batch:
        grey = torch.from_numpy(self._images[list(indices)]).unsqueeze(1).float() / 255
        sized = F.interpolate(grey, size=self._eye.size, mode="bilinear", align_corners=False)
        return self._eye.batch(sized.unsqueeze(1).expand(-1, self._eye.frames, 3, -1, -1))


class FilmRows:
    """Utterances by their files."""

    def __init__(self, source: Source, eye: Eye) -> None:
        self._media, self._eye = source.media, eye
        self.labels, self.lengths = source.labels, torch.ones(len(source.labels))

    def batch(self, indices: Sequence[int]) -> Batch:
        clips = torch.from_numpy(np.stack([self._clip(index) for index in indices]))
        return self._eye.batch(clips.permute(0, 1, 4, 2, 3).float() / 255)

    def _clip(self, index: int) -> npt.NDArray[np.uint8]:
        media = self._media[index]
        assert media.video is not None  # noqa: S101 - `read_films` gives no others
        return read_frames(media.video, self._eye.frames, self._eye.size, media.span)


def prepare(settings: VideoTeacherSettings, data: Path) -> Lesson:
    """The teacher with its encoder's weights, and the corpus's pictures. Raises MissingCorpus, NoWeights."""
    stills = films = None
    if settings.corpus == "fer2013":
        stills = [with_emotion(read_faces(data, split)) for split in ("train", "dev")]
    else:
        films = [read_films(settings.corpus, data, split) for split in ("train", "dev")]
    encoder: Any = load_encoder("video", settings.model)
    config = encoder.config
    if config.model_type not in _STATES:
        raise NoWeights("video", settings.model, f"a {config.model_type} encoder does not read clips of frames")
    mean, spread = read_mean_and_spread("video", settings.model)
    eye = Eye(config.num_frames, config.image_size, mean, spread, _STATES[config.model_type])
    rows: list[Rows] = [StillRows(faces, eye) for faces in stills or ()]
    rows += [FilmRows(source, eye) for source in films or ()]
    classes = classes_of(settings.corpus)
    return Lesson(Teacher(encoder, config.hidden_size, settings.embedding, len(classes)), rows[0], rows[1], classes)
