"""The students' promises: what a batch brings with it changes nothing."""

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.mel import MELS, mel_frames
from engine.students import AudioConfig, AudioStudent, TextConfig, TextStudent, VideoConfig, VideoStudent

TINY = TextConfig(vocabulary=50, width=16, layers=2, heads=2, hidden=32, positions=32, embedding=12)


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(1)


def audio_student() -> AudioStudent:
    """Untrained, but attending to some frames more than to others: a plain mean would hide what padding does."""
    student = AudioStudent(AudioConfig(hidden=16, embedding=12))
    torch.nn.init.normal_(student.attend.weight)
    return student.eval()


@pytest.mark.parametrize("length", [31, 32, 33, 34, 61, 100, 257])
def test_padding_does_not_change_what_is_heard(length: int) -> None:
    student, mel = audio_student(), torch.randn(1, length, MELS)
    padded = torch.full((2, 300, MELS), 7.0)
    padded[0, :length] = mel
    with torch.inference_mode():
        alone, batched = student(mel, torch.tensor([length])), student(padded, torch.tensor([length, 300]))
    assert torch.allclose(alone.logits, batched.logits[:1], atol=1e-5)
    assert torch.allclose(alone.embedding, batched.embedding[:1], atol=1e-5)


@pytest.mark.parametrize("seconds", [0.3, 0.31, 1.0, 12.0, 30.0])
def test_any_length_from_a_third_of_a_second_is_heard(seconds: float) -> None:
    mel = mel_frames(np.random.default_rng(0).standard_normal(int(seconds * 16_000)).astype(np.float32))
    with torch.inference_mode():
        out = audio_student()(mel.unsqueeze(0), torch.tensor([len(mel)]))
    assert out.embedding.shape == (1, 12)
    assert out.logits.isfinite().all()


def test_silence_gives_finite_readings() -> None:
    mel = mel_frames(np.zeros(8_000, dtype=np.float32))
    with torch.inference_mode():
        assert audio_student()(mel.unsqueeze(0), torch.tensor([len(mel)])).logits.isfinite().all()


def text_row(words: list[int], length: int) -> tuple[Tensor, Tensor, Tensor]:
    ids = torch.zeros(1, length, dtype=torch.long)
    ids[0, : len(words)] = torch.tensor(words)
    return ids, (torch.arange(length) < len(words)).long().unsqueeze(0), torch.tensor([len(words) - 2])


def test_padding_does_not_change_what_is_read() -> None:
    student = TextStudent(TINY).eval()
    with torch.inference_mode():
        alone, padded = (student(*text_row([5, 6, 7, 8, 9], length)) for length in (5, 30))
    assert torch.allclose(alone.logits, padded.logits, atol=1e-5)
    assert alone.embedding.shape == (1, 12)


def test_the_text_is_read_at_its_mask() -> None:
    student = TextStudent(TINY).eval()
    ids, attention, mask = text_row([5, 6, 7, 8, 9], 5)
    with torch.inference_mode():
        here, elsewhere = student(ids, attention, mask), student(ids, attention, mask - 1)
    assert not torch.allclose(here.embedding, elsewhere.embedding, atol=1e-3)


def test_the_light_of_a_face_does_not_change_its_reading() -> None:
    student = VideoStudent(VideoConfig((4, 4, 8, 8), embedding=6)).eval()
    face = torch.randint(60, 120, (1, 48, 48), dtype=torch.uint8)
    with torch.inference_mode():
        dark, light = student(face), student(face + 50)
    assert torch.allclose(dark.logits, light.logits, atol=1e-5)


def test_faces_are_read_one_by_one_and_flat_ones_too() -> None:
    student = VideoStudent(VideoConfig((4, 4, 8, 8), embedding=6)).eval()
    faces = torch.randint(0, 256, (3, 48, 48), dtype=torch.uint8)
    faces[2] = 90
    with torch.inference_mode():
        together, alone = student(faces), student(faces[:1])
    assert torch.allclose(together.logits[:1], alone.logits, atol=1e-5)
    assert together.logits.isfinite().all()


def test_a_faces_reading_is_that_of_its_votes_for_our_emotions() -> None:
    student = VideoStudent(VideoConfig((4, 4, 8, 8), embedding=6)).eval()
    face = torch.randint(0, 256, (2, 48, 48), dtype=torch.uint8)
    with torch.inference_mode():
        reading, verdict = student(face), student.judge(face)
    assert verdict.votes.shape == (2, 8)
    assert verdict.original.shape == (2, 7)
    assert torch.equal(reading.logits, verdict.votes[:, :7])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: TextConfig(width=10, heads=3),
        lambda: TextConfig(dropout=1.0),
        lambda: AudioConfig(layers=0),
        lambda: VideoConfig((1, 2)),  # type: ignore[arg-type]
        lambda: VideoConfig(votes=6),
        lambda: AudioConfig(hidden=10),
    ],
)
def test_sizes_that_cannot_be_are_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"must be|does not divide|are needed|can't be fewer"):
        wrong()  # type: ignore[operator]


def test_the_voice_and_face_students_are_small() -> None:
    for student in (AudioStudent(AudioConfig()), VideoStudent(VideoConfig())):
        assert sum(parameter.numel() for parameter in student.parameters()) < 2_000_000
