"""The shipped bundle on a GPU, and in a GPU's way on the CPU, in bfloat16: readings are those of float32 on a CPU."""

# ruff: noqa: S311 - no secrets

import asyncio
import random
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from engine import Dialogue, Engine, Utterance
from engine.bundle import Bundle
from engine.calibration import SUBSETS
from engine.utterance import FACE_SIZE, SAMPLE_RATE
from tests.buckets import engines_in_buckets

DIALOGUES, TURNS = 25, 8
SAID = (
    "Oh my god! I can't believe that you are here, this is great.",
    "No. I told you, I do not want to talk about it.",
    "She died last winter, and I still set the table for two.",
    "What? You did what?",
    "We could meet at four, or a little later if the train is late.",
    "Get out of my house. Now!",
    "Please don't go down there, something moved behind the door.",
    "That is the most disgusting soup that I have ever had.",
    "Okay.",
    "Thank you so much, I love it, I really do!",
    "It is in the second drawer, under the towels.",
    "Why would you say that to him? Why?",
)
needs_gpu = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")]


def utterance(rng: random.Random) -> Utterance:
    """Real words; a tone with overtones for a voice; smooth shapes for a face; any set of them."""
    there, noise = rng.choice(SUBSETS), np.random.default_rng(rng.getrandbits(32))
    time = np.arange(int(rng.uniform(0.4, 0.9) * SAMPLE_RATE)) / SAMPLE_RATE
    pitch = rng.uniform(80, 320) * (1 + rng.uniform(-0.3, 0.3) * time)
    tones = sum(rng.random() * np.sin(2 * np.pi * k * pitch * time) for k in range(1, 9))
    voice = 0.05 * tones + noise.normal(0, 0.002, len(time))
    shapes = np.kron(noise.integers(0, 256, (2, 6, 6)), np.ones((FACE_SIZE // 6, FACE_SIZE // 6)))
    return Utterance(
        rng.choice("ab"),
        rng.choice(SAID) if "text" in there else None,
        voice.astype(np.float32) if "audio" in there else None,
        shapes.astype(np.uint8) if "video" in there else None,
    )


async def answers(engine: Engine) -> Tensor:
    """Probabilities [DIALOGUES * TURNS, 7] of talks side by side."""

    async def talk(dialogue: Dialogue, seed: int) -> list[list[float]]:
        rng = random.Random(seed)
        said = [utterance(rng) for _ in range(TURNS)]
        return [list((await dialogue.observe(one)).probabilities.values()) for one in said]

    talks = await asyncio.gather(*(talk(engine.open(), seed) for seed in range(DIALOGUES)))
    return torch.tensor([row for rows in talks for row in rows])


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    """Without its graph, whose products are of 8 bits."""
    return replace(Bundle.load("undertone-base"), graph=None)


@pytest.fixture(scope="module")
def exact(bundle: Bundle) -> Tensor:
    with Engine(bundle, device="cpu", precision="float32") as engine:
        return asyncio.run(answers(engine))


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=needs_gpu)])
async def test_in_bfloat16_it_reads_as_float32_on_a_cpu_does(bundle: Bundle, exact: Tensor, device: str) -> None:
    with engines_in_buckets() if device == "cpu" else nullcontext():
        loaded = Engine(bundle, device=device, precision="bfloat16")
    with loaded as engine:
        said = await answers(engine)
    torch.testing.assert_close(said, exact, rtol=0, atol=2e-2)
    assert (said.argmax(-1) == exact.argmax(-1)).float().mean() >= 0.995


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")
async def test_a_gpu_reads_in_float32_as_the_cpu_does(bundle: Bundle, exact: Tensor) -> None:
    """Nearly: its convolutions and its LSTM multiply 19 bits of each number."""
    with Engine(bundle, device="cuda", precision="float32") as engine:
        torch.testing.assert_close(await answers(engine), exact, rtol=0, atol=5e-3)
