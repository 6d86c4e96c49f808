"""Both stacks are measured on the same work, with small networks of the real kinds."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from transformers import Data2VecAudioConfig, RobertaConfig, TimesformerConfig

from bench.errors import CannotMeasure
from bench.reference.fusion import FusionConfig
from bench.reference.measure import by_part, by_turn
from bench.reference.stack import Stack
from bench.reference.theirs import Theirs, tokens_at
from engine import Engine


@pytest.fixture
def theirs() -> Theirs:
    heads = {"num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    text = RobertaConfig(vocab_size=99, hidden_size=16, max_position_embeddings=600, **heads)
    audio = Data2VecAudioConfig(
        hidden_size=32, conv_dim=(8,) * 7, num_conv_pos_embeddings=1, num_conv_pos_embedding_groups=2, **heads
    )
    video = TimesformerConfig(hidden_size=32, image_size=16, patch_size=8, num_frames=2, **heads)
    stack = Stack(text, audio, video, FusionConfig(width=32, heads=2, positions=16)).eval()
    return Theirs(stack, torch.device("cpu"))


@pytest.fixture
def engine(tiny_bundle: Path) -> Iterator[Engine]:
    with Engine.load(tiny_bundle, device="cpu", slots=2) as loaded:
        yield loaded


def test_each_part_of_the_published_stack_gives_one_row(theirs: Theirs) -> None:
    shapes = {name: tuple(call().shape) for name, call in theirs.parts(turn=7, tokens=40).items()}
    assert shapes == {"text": (1, 32), "audio": (1, 32), "video": (1, 32), "fusion": (1, 7)}


async def test_each_part_of_both_is_measured_and_compared(theirs: Theirs, engine: Engine) -> None:
    figures = await by_part(theirs, engine, repetitions=2)
    for part in ("text", "audio", "video", "fusion", "in all"):
        paper, ours, factor = (figures[f"{part}: {who}"] for who in ("paper", "ours", "factor"))
        assert paper.n == 2
        assert ours.n > 2
        assert factor.unit == "times"
        assert factor.p50 == pytest.approx(paper.p50 / ours.p50, abs=1e-4)
        assert paper.spread is not None


async def test_the_published_fusion_has_no_figure_beyond_its_last_position(theirs: Theirs, engine: Engine) -> None:
    curves = {curve.name: curve for curve in await by_turn(theirs, engine, (8, 40), repetitions=1)}
    assert [point.at for point in curves["fusion, paper"].points] == [8]
    for name in ("fusion, ours", "text, paper", "text, ours"):
        assert [point.at for point in curves[name].points] == [8, 40]
        assert curves[name].over == "turn"


def test_the_published_prompt_grows_with_the_dialogue_up_to_its_limit() -> None:
    assert tokens_at(1) < tokens_at(7) < tokens_at(10)
    assert tokens_at(100) == tokens_at(10_000) == 511


def test_a_text_encoder_that_the_paper_does_not_have_is_refused() -> None:
    with pytest.raises(CannotMeasure, match="give base or large"):
        Stack.published("huge")
