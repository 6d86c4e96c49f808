"""Who reads voices and faces: the student itself, in float32 or close to it, the same in any company, a face once."""

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor, nn

from engine import Engine
from engine.facereader import MAX_FACES, Crops, FaceReader
from engine.mel import mel_frames
from engine.students import AudioConfig, AudioStudent, StudentOutput, VideoConfig, VideoStudent
from engine.voicereader import VoiceReader

KINDS = [(torch.float32, 1e-5), (torch.bfloat16, 0.05)]


@pytest.fixture
def audio() -> AudioStudent:
    torch.manual_seed(1)
    return AudioStudent(AudioConfig(hidden=32, embedding=12)).eval()


@pytest.fixture
def video() -> VideoStudent:
    torch.manual_seed(1)
    return VideoStudent(VideoConfig((8, 8, 16, 16), embedding=10)).eval()


def voices(count: int) -> list[npt.NDArray[np.float32]]:
    noise = np.random.default_rng(0)
    return [noise.normal(0, 0.1, noise.integers(5_000, 40_000)).astype(np.float32) for _ in range(count)]


def faces(count: int, seed: int = 0) -> Crops:
    return np.random.default_rng(seed).integers(0, 256, (count, 48, 48), dtype=np.uint8)


def row(said: StudentOutput, index: int) -> Tensor:
    return torch.cat((said.embedding[index], said.logits[index]))


@pytest.mark.parametrize(("dtype", "near"), KINDS)
@torch.inference_mode()
def test_a_voice_is_read_as_the_student_reads_it(audio: AudioStudent, dtype: torch.dtype, near: float) -> None:
    pcm = voices(5)
    said = VoiceReader(audio, dtype)(pcm)
    for i, samples in enumerate(pcm):
        mel = mel_frames(samples)
        torch.testing.assert_close(row(said, i), row(audio(mel[None], torch.tensor([len(mel)])), 0), rtol=0, atol=near)
    assert said.logits.dtype == audio.lstm.weight_hh_l0.dtype == torch.float32


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_voice_reads_the_same_in_any_company(audio: AudioStudent, dtype: torch.dtype) -> None:
    reader, pcm = VoiceReader(audio, dtype), voices(5)
    together = reader(pcm)
    for i, samples in enumerate(pcm):
        torch.testing.assert_close(row(together, i), row(reader([samples]), 0), rtol=0, atol=1e-5)


@pytest.mark.parametrize(("dtype", "near"), KINDS)
@torch.inference_mode()
def test_a_face_is_read_as_the_student_reads_it(video: VideoStudent, dtype: torch.dtype, near: float) -> None:
    crops = faces(5)
    said, exact = FaceReader(video, dtype)(crops), video(torch.from_numpy(crops))
    torch.testing.assert_close(said.embedding, exact.embedding, rtol=0, atol=near)
    torch.testing.assert_close(said.logits, exact.logits, rtol=0, atol=near)


@pytest.mark.parametrize("dtype", [dtype for dtype, _ in KINDS])
def test_a_face_reads_the_same_in_any_company(video: VideoStudent, dtype: torch.dtype) -> None:
    crops = faces(16)
    together, apart = FaceReader(video, dtype)(crops), FaceReader(video, dtype)
    for index in range(len(crops)):
        assert torch.equal(apart(crops[index : index + 1]).logits[0], together.logits[index])


def test_a_face_is_read_once_however_often_it_is_shown(video: VideoStudent) -> None:
    looked: list[int] = []

    def count(_: nn.Module, inputs: tuple[Tensor]) -> None:
        looked.append(len(inputs[0]))

    reader, crops = FaceReader(video, torch.float32), faces(6)
    video.register_forward_pre_hook(count)
    first = reader(crops[:4])
    again = reader(crops[[5, 0, 3, 3, 4]])
    reader.over_time([crops])
    assert looked == [1] * 6
    assert torch.equal(again.logits[[1, 2, 3]], first.logits[[0, 3, 3]])
    assert not torch.equal(again.logits[0], again.logits[4])


def test_what_was_said_of_faces_long_ago_is_forgotten(video: VideoStudent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.facereader._REMEMBERED", 8)
    reader = FaceReader(video, torch.float32)
    for seed in range(5):
        assert len(reader(faces(12, seed)).logits) == 12
        assert len(reader._seen) == 8


def test_an_utterance_is_the_mean_over_at_most_so_many_of_its_pictures(video: VideoStudent) -> None:
    reader, short, long = FaceReader(video, torch.float32), faces(3), faces(100, seed=1)
    said = reader.over_time([short, long])
    torch.testing.assert_close(said.logits[0], reader(short).logits.mean(dim=0))
    assert len(reader._seen) == 3 + MAX_FACES


async def test_an_engine_in_bfloat16_reads_much_the_same(tiny_bundle: str, engine: Engine) -> None:
    with Engine.load(tiny_bundle, device="cpu", precision="bfloat16", threads=2) as quick:
        crops = faces(3)
        for one, other in zip(await quick.faces(crops), await engine.faces(crops), strict=True):
            assert list(one.probabilities.values()) == pytest.approx(list(other.probabilities.values()), abs=0.02)
