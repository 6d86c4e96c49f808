"""The audio teacher: data2vec-audio, HuBERT or wav2vec 2.0 on the wave."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np
import numpy.typing as npt
import torch

from engine.utterance import SAMPLE_RATE
from training.clips import read_pcm
from training.frames import Undecodable
from training.teachers.model import Batch, Lesson, Teacher
from training.teachers.sources import Source, classes_of, read_sounds
from training.teachers.weights import NoWeights, load_encoder


@dataclass(frozen=True, slots=True)
class AudioTeacherSettings:
    """model: an encoder of 16 kHz waves; corpus: "voices" (acted clips), "meld" or "iemocap"; embedding: its width;
    seconds: what is heard of an utterance, from its beginning; pool: the first of the last layer's frames, as in
    MAGTKD, or the mean of all."""

    model: str
    corpus: Literal["voices", "meld", "iemocap"] = "voices"
    embedding: int = 768
    seconds: float = 8.0
    pool: Literal["first", "mean"] = "first"


class AudioRows:
    """Utterances by their files, each scaled to zero mean and unit variance. config: the encoder's."""

    def __init__(self, source: Source, settings: AudioTeacherSettings, config: Any) -> None:
        self.labels, self.lengths = source.labels, torch.ones(len(source.labels))
        self._source, self._settings = source, settings
        self._strides = list(zip(config.conv_kernel, config.conv_stride, strict=True))
        # Encoders whose first layer normalises over time were trained on bare zeros as padding.
        self._masked = getattr(config, "feat_extract_norm", "layer") == "layer"

    def batch(self, indices: Sequence[int]) -> Batch:
        waves = [self._wave(index) for index in indices]
        lengths = torch.tensor([len(wave) for wave in waves])
        padded = torch.nn.utils.rnn.pad_sequence(waves, batch_first=True)
        inputs = {"input_values": padded}
        if self._masked:
            inputs["attention_mask"] = (torch.arange(padded.shape[1]) < lengths.unsqueeze(1)).long()
        frames = torch.tensor([self._frames(len(wave)) for wave in waves])
        count = frames if self._settings.pool == "mean" else torch.ones_like(frames)
        return Batch(inputs, torch.zeros_like(frames), count)

    def _wave(self, index: int) -> torch.Tensor:
        path = self._source.media[index].sound
        assert path is not None  # noqa: S101 - `read_sounds` gives no others
        pcm = _decode(path)[: round(self._settings.seconds * SAMPLE_RATE)]
        wave = torch.zeros(max(len(pcm), self._shortest()))
        wave[: len(pcm)] = torch.from_numpy((pcm - pcm.mean()) / np.sqrt(pcm.var() + 1e-7))
        return wave

    def _frames(self, samples: int) -> int:
        for kernel, stride in self._strides:
            samples = (samples - kernel) // stride + 1
        return samples

    def _shortest(self) -> int:
        """Samples that make one frame."""
        samples = 1
        for kernel, stride in reversed(self._strides):
            samples = (samples - 1) * stride + kernel
        return samples


def _decode(path: Path) -> npt.NDArray[np.float32]:
    try:
        return read_pcm(path)
    except (av.FFmpegError, IndexError, ValueError) as error:  # IndexError: no sound; ValueError: no frames
        raise Undecodable(f"{path} can't be decoded ({error}); replace it, or remove it to do without") from error


def prepare(settings: AudioTeacherSettings, data: Path) -> Lesson:
    """The teacher with its encoder's weights, and the corpus's sound. Raises MissingCorpus, NoWeights."""
    train, dev = (read_sounds(settings.corpus, data, split) for split in ("train", "dev"))
    encoder: Any = load_encoder("audio", settings.model)
    config = encoder.config
    if not hasattr(config, "conv_kernel"):
        raise NoWeights("audio", settings.model, f"a {config.model_type} encoder does not read waves")
    # These draw from NumPy's generator, which a resumed run could not repeat.
    config.apply_spec_augment, config.layerdrop = False, 0.0
    encoder.feature_extractor.requires_grad_(False)  # the convolutions below, as is usual in fine-tuning
    classes = classes_of(settings.corpus)
    model = Teacher(encoder, config.hidden_size, settings.embedding, len(classes))
    return Lesson(model, AudioRows(train, settings, config), AudioRows(dev, settings, config), classes)
