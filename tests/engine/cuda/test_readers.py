"""Students in buckets: each says what it says alone, in bfloat16 nearly so, and none looks at a value."""

import random
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor

from engine.bundle import Bundle
from engine.cuda.graphs import Graphs
from engine.cuda.packed import HOST
from engine.cuda.readers import Faces, Rows, Voices, Words
from engine.facereader import Crops
from engine.mel import HOP, MELS, decibels, mel_frames, normalise_rows
from engine.prompt import Turn
from engine.students import StudentOutput

META = torch.device("meta")
KINDS = [(torch.float32, 1e-5), (torch.bfloat16, 0.05)]


@pytest.fixture(scope="module")
def bundle(tiny_bundle: str) -> Bundle:
    return Bundle.load(tiny_bundle)


def prompts(bundle: Bundle, count: int) -> list[list[int]]:
    """Of many lengths."""
    rng = random.Random(3)  # noqa: S311
    return [
        bundle.prompt.encode([Turn(2, "no, why?")] * rng.randint(0, 4), Turn(1, "all rain " * rng.randint(1, 3)))
        for _ in range(count)
    ]


def voices(*samples: int) -> list[npt.NDArray[np.float32]]:
    noise = np.random.default_rng(0)
    return [noise.normal(0, 0.1, n).astype(np.float32) for n in samples]


def crops(count: int) -> Crops:
    return np.random.default_rng(0).integers(0, 256, (count, 48, 48), dtype=np.uint8)


def together(found: Sequence[Rows], count: int) -> Tensor:
    """All rows in their order; each has come once."""
    assert sorted(i for rows in found for i in rows.where) == list(range(count))
    return torch.cat([rows.said for rows in found])[torch.tensor([i for rows in found for i in rows.where]).argsort()]


def row(said: StudentOutput) -> Tensor:
    return torch.cat((said.embedding[0], said.logits[0]))


@pytest.mark.parametrize(("dtype", "near"), KINDS)
@torch.inference_mode()
def test_words(bundle: Bundle, dtype: torch.dtype, near: float) -> None:
    rows = prompts(bundle, 80)
    said = together(Words(bundle.text, bundle.prompt, Graphs(HOST), dtype)(rows), len(rows))
    alone = torch.stack([row(bundle.text(*bundle.prompt.collate([one]))) for one in rows])
    torch.testing.assert_close(said, alone, rtol=0, atol=near)


@pytest.mark.parametrize(("dtype", "near"), KINDS)
@torch.inference_mode()
def test_faces(bundle: Bundle, dtype: torch.dtype, near: float) -> None:
    pictures = crops(260)
    said = together(Faces(bundle.video, Graphs(HOST), dtype)(pictures), len(pictures))
    alone = bundle.video(torch.from_numpy(pictures))
    torch.testing.assert_close(said, torch.cat((alone.embedding, alone.logits), 1), rtol=0, atol=near)


@torch.inference_mode()
def test_voices(bundle: Bundle) -> None:
    pcm = voices(5_000, 40_000, 7_999, 8_000, 8_001, 30_000)
    said = together(Voices(bundle.audio, HOST)(pcm), len(pcm))
    mels = [mel_frames(samples) for samples in pcm]
    alone = torch.stack([row(bundle.audio(mel[None], torch.tensor([len(mel)]))) for mel in mels])
    torch.testing.assert_close(said, alone, rtol=0, atol=1e-5)


def test_mel_frames_of_a_batch_are_those_of_each_voice() -> None:
    pcm = [*voices(4_800, 16_000, 9_999), np.zeros(6_000, np.float32)]
    frames = torch.tensor([len(samples) // HOP + 1 for samples in pcm])
    energy = torch.full((4, int(frames.max()), MELS), 99.0)
    for row, samples, count in zip(energy, pcm, frames, strict=True):
        row[:count] = decibels(samples)
    for mel, count, samples in zip(normalise_rows(energy, frames), frames, pcm, strict=True):
        torch.testing.assert_close(mel[:count], mel_frames(samples), rtol=1e-5, atol=1e-6)
        assert not mel[count:].any()


@torch.inference_mode()
def test_no_student_looks_at_a_value_or_mixes_devices(bundle: Bundle) -> None:
    """On torch's meta device there are no values to look at, and none can come from the host."""
    graphs = Graphs(META)
    found = [
        *Words(bundle.text, bundle.prompt, graphs, torch.bfloat16)(prompts(bundle, 9)),
        *Faces(bundle.video, graphs, torch.bfloat16)(crops(3)),
        *Voices(bundle.audio, META)(voices(5_000, 9_000)),
    ]
    assert len(found) > 3
    assert all(rows.said.is_meta for rows in found)
