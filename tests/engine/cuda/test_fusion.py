"""The fusion in buckets: equal to one causal pass, whatever shares its batch, and in bfloat16 nearly so."""

import random
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from engine.cuda.fusion import GraphFusion
from engine.cuda.packed import HOST
from engine.fusion import Batch, Fusion, HostFusion
from engine.labels import MODALITIES
from engine.magt import Inputs, Magt, features
from engine.students import StudentOutput
from tests.fusions import random_inputs, small


def dialogue(model: Magt, turns: int) -> Inputs:
    """Of noise; what the students say is given as log-probabilities."""
    inputs, labels = random_inputs(model, turns), model.config.labels
    return replace(
        inputs, features={m: features(x[..., :-labels], x[..., -labels:]) for m, x in inputs.features.items()}
    )


def batch(
    dialogues: list[Inputs], which: list[int], turns: list[int], finals: int, slots: list[int], ways: int
) -> Batch:
    """Turns of some of them, the first `finals` to be remembered; seen as they are, and in random other ways."""
    both = [(dialogues[i], n) for i, n in zip(which, turns, strict=True)]
    said = {m: [StudentOutput(d.features[m][0, n, :-7], d.features[m][0, n, -7:]) for d, n in both] for m in MODALITIES}
    whole = torch.stack([d.present[0, n] for d, n in both])[:, None].repeat(1, ways, 1)
    whole[:, 1:] &= torch.rand(len(both), ways - 1, 3) < 0.5
    speakers = [int(d.speaker[0, n]) for d, n in both]
    return Batch([slots[i] for i in which], said, whole.tolist(), speakers, list(range(finals)))


def stream(fusion: Fusion, dialogues: list[Inputs], rng: random.Random, slots: list[int]) -> list[Tensor]:
    """Turn by turn, any number at once, in any order, with glances at turns that never come."""
    said: list[list[Tensor]] = [[] for _ in dialogues]
    lengths = [d.padding.shape[1] for d in dialogues]
    while waiting := [i for i, n in enumerate(lengths) if len(said[i]) < n]:
        finals = rng.sample(waiting, rng.randint(1, len(waiting)))
        glances = rng.choices(range(len(dialogues)), k=rng.randint(0, 2))
        turns = [*(len(said[i]) for i in finals), *(rng.randrange(lengths[i]) for i in glances)]
        answers = fusion.step(batch(dialogues, [*finals, *glances], turns, len(finals), slots, rng.randint(1, 8)))
        assert answers.turns == [len(said[i]) for i in [*finals, *glances]]
        answers.remember()
        for row, i in enumerate(finals):
            said[i].append(answers.logits[row, :1].float())
    return [torch.cat(each) for each in said]


@pytest.mark.parametrize("kind", ["host", "graph"])
@settings(max_examples=12, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 8), min_size=1, max_size=12),
    window=st.integers(1, 10),
    seed=st.integers(0, 2**16),
    rng=st.randoms(use_true_random=False),
)
@torch.inference_mode()
def test_streaming_equals_one_causal_pass(
    kind: str, lengths: list[int], window: int, seed: int, rng: random.Random
) -> None:
    model, slots = small(window, seed), len(lengths) + 1
    fusion: Fusion = HostFusion(model, slots) if kind == "host" else GraphFusion(model, slots, HOST, torch.float32)
    dialogues = [dialogue(model, n) for n in lengths]
    for live, inputs in zip(
        stream(fusion, dialogues, rng, rng.sample(range(slots), len(lengths))), dialogues, strict=True
    ):
        torch.testing.assert_close(live, model(inputs).logits[0], rtol=0, atol=1e-5)


@torch.inference_mode()
def test_until_it_is_told_to_remember_nothing_has_changed() -> None:
    model = small(6)
    fusion, inputs = GraphFusion(model, 2, HOST, torch.float32), dialogue(model, 3)
    first, second = batch([inputs], [0], [0], 1, [1], 1), batch([inputs], [0], [1], 1, [1], 1)
    dropped = [fusion.step(first).logits for _ in range(2)]
    assert torch.equal(*dropped)
    fusion.step(first).remember()
    after = fusion.step(second)
    assert after.turns == [1]
    fusion.clear(1)
    assert fusion.step(second).turns == [0]
    assert not torch.equal(fusion.step(second).logits, after.logits)


@torch.inference_mode()
def test_what_is_captured_looks_at_no_value_and_mixes_no_devices() -> None:
    """On torch's meta device there are no values to look at, and none can come from the host."""
    fusion = GraphFusion(small(6), 4, torch.device("meta"), torch.bfloat16)
    for size, round in fusion._rounds.items():
        answer = round.answer(round.answer.blank())
        assert answer.is_meta
        assert answer.shape == (size, 8 * 7 + 6 + 1)
        round.remember()


@torch.inference_mode()
def test_in_bfloat16_it_keeps_its_memory_in_it_and_answers_nearly_alike() -> None:
    torch.manual_seed(3)
    model = small(24)
    dialogues = [dialogue(model, 20) for _ in range(40)]
    exact = [model(inputs).logits[0] for inputs in dialogues]
    fusion = GraphFusion(model, 40, HOST, torch.bfloat16)
    near = stream(fusion, dialogues, random.Random(1), list(range(40)))  # noqa: S311
    assert fusion._memory.kv.dtype == torch.bfloat16
    said, true = torch.cat(near).softmax(-1), torch.cat(exact).softmax(-1)
    torch.testing.assert_close(said, true, rtol=0, atol=2e-2)
    assert (said.argmax(-1) == true.argmax(-1)).float().mean() >= 0.995
