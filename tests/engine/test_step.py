"""The fusion turn by turn: equal to one causal pass, whatever comes between, and it says what it attended to."""

import random
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from engine.labels import MODALITIES
from engine.magt import Inputs, Magt
from engine.memory import RingMemory
from engine.step import Step, StepOutput, Turns
from tests.fusions import random_inputs, small


def turns(inputs: list[Inputs], numbers: list[int], ways: int = 1) -> Turns:
    """One turn of each dialogue, as it is, and then seen with random subsets of its modalities."""
    both = list(zip(inputs, numbers, strict=True))
    present = torch.stack([d.present[0, n] for d, n in both])[:, None].repeat(1, ways, 1)
    present[:, 1:] &= torch.rand(len(both), ways - 1, 3) < 0.5
    seen = {m: torch.stack([d.features[m][0, n] for d, n in both]) for m in MODALITIES}
    return Turns(seen, present, torch.stack([d.speaker[0, n] for d, n in both]))


def double(inputs: Inputs) -> Inputs:
    return replace(inputs, features={m: x.double() for m, x in inputs.features.items()})


def stream(
    model: Magt, dialogues: list[Inputs], rng: random.Random, memory: RingMemory, slots: list[int]
) -> list[Tensor]:
    """Turn by turn: any number of dialogues in a batch, in any order, with glances at turns that never come."""
    step = Step(model)
    said: list[list[Tensor]] = [[] for _ in dialogues]
    lengths = [d.padding.shape[1] for d in dialogues]
    while waiting := [i for i, n in enumerate(lengths) if len(said[i]) < n]:
        finals = rng.sample(waiting, rng.randint(1, len(waiting)))
        glances = rng.choices(range(len(dialogues)), k=rng.randint(0, 2))
        at = [*(len(said[i]) for i in finals), *(rng.randrange(lengths[i]) for i in glances)]
        both = [*finals, *glances]
        output = step(turns([dialogues[i] for i in both], at, rng.randint(1, 3)), memory.view([slots[i] for i in both]))
        memory.write([slots[i] for i in finals], output.entries.rows(range(len(finals))))
        for row, i in enumerate(finals):
            said[i].append(output.logits[row, :1])
    return [torch.cat(each) for each in said]


@settings(max_examples=40, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 20), min_size=1, max_size=4),
    window=st.integers(1, 24),
    seed=st.integers(0, 2**16),
    share=st.sampled_from([0.0, 0.3, 0.7, 1.0]),
    rng=st.randoms(use_true_random=False),
)
@torch.inference_mode()
def test_streaming_equals_one_causal_pass(
    lengths: list[int], window: int, seed: int, share: float, rng: random.Random
) -> None:
    model = small(window, seed)
    dialogues = [random_inputs(model, n, share=share) for n in lengths]
    memory = model.memory(len(lengths) + 1)
    slots = rng.sample(range(len(lengths) + 1), len(lengths))
    streamed = stream(model, dialogues, rng, memory, slots)
    whole = [model(d).logits[0] for d in dialogues]
    exact = [model.double()(double(d)).logits[0] for d in dialogues]
    for live, reference, reference64 in zip(streamed, whole, exact, strict=True):
        torch.testing.assert_close(live, reference, rtol=0, atol=1e-5)
        torch.testing.assert_close(live.double(), reference64, rtol=0, atol=1e-5)


@torch.inference_mode()
def test_a_turn_with_fewer_modalities_reads_as_if_it_had_no_more() -> None:
    model = small(6)
    inputs, step, memory = random_inputs(model, 8, share=1.0), Step(model), model.memory(1)
    for turn in range(7):
        memory.write([0], step(turns([inputs], [turn]), memory.view([0])).entries)
    one = turns([inputs], [7], ways=4)
    said = step(one, memory.view([0])).logits[0]
    for way in range(4):
        inputs.present[0, 7] = one.present[0, way]
        torch.testing.assert_close(said[way], model(inputs).logits[0, 7], rtol=0, atol=1e-5)


@torch.inference_mode()
def test_keys_stay_valid_after_ten_million_turns() -> None:
    model = small(5)
    inputs, step = random_inputs(model, 12), Step(model)
    early, late = model.memory(1), model.memory(1)
    late.count += 10_000_000
    for turn in range(12):
        first, again = (step(turns([inputs], [turn]), memory.view([0])) for memory in (early, late))
        early.write([0], first.entries)
        late.write([0], again.entries)
        torch.testing.assert_close(again.logits, first.logits, rtol=0, atol=1e-5)


def last_step(model: Magt, inputs: Inputs) -> StepOutput:
    """The last turn, after all others."""
    step, memory = Step(model), model.memory(1)
    for turn in range(inputs.padding.shape[1]):
        output = step(turns([inputs], [turn]), memory.view([0]))
        memory.write([0], output.entries)
    return output


@torch.inference_mode()
def test_attention_falls_on_earlier_turns_and_the_turn_itself_alone() -> None:
    model = small(8)
    inputs = random_inputs(model, 6, share=1.0)
    attended = last_step(model, inputs).attended[0]
    assert (attended[:5] > 0).all()
    assert not attended[5:].any()
    assert 0 < attended.sum() < 1
    assert not last_step(model, random_inputs(model, 1)).attended.any()


@pytest.mark.parametrize("missing", range(3))
@torch.inference_mode()
def test_attention_is_read_from_the_paths_whose_source_is_there(missing: int) -> None:
    """A turn with one modality in the past attends, by that modality's path alone, to what had it too."""
    model = small(8)
    inputs = random_inputs(model, 6, share=1.0)
    inputs.present[0, :, :] = False
    inputs.present[0, :, missing] = True
    inputs.present[0, 2, missing] = False
    attended = last_step(model, inputs).attended[0]
    assert not attended[2]
    assert (attended[[0, 1, 3, 4]] > 0).all()
