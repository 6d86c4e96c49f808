"""The fusion over whole dialogues: what is out of sight has no effect. Turn by turn: test_step.py."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from engine.labels import MODALITIES
from engine.magt import Inputs, MagtConfig, rotate, rotation
from tests.fusions import at, random_inputs, small


def rows(parts: list[Inputs]) -> Inputs:
    seen = {m: torch.cat([p.features[m] for p in parts]) for m in MODALITIES}
    present, speaker, padding = (
        torch.cat([getattr(p, name) for p in parts]) for name in ("present", "speaker", "padding")
    )
    return Inputs(seen, present, speaker, padding)


@torch.inference_mode()
def test_dialogues_padded_into_one_batch_read_as_alone() -> None:
    model = small(5)
    long, short = random_inputs(model, 9), random_inputs(model, 4)
    seen = {m: torch.cat((short.features[m], torch.randn_like(long.features[m][:, 4:])), dim=1) for m in MODALITIES}
    padded = Inputs(
        seen,
        torch.cat((short.present, torch.ones(1, 5, 3, dtype=torch.bool)), dim=1),
        torch.cat((short.speaker, torch.zeros(1, 5, dtype=torch.long)), dim=1),
        torch.arange(9)[None] < 4,
    )
    logits = model(rows([long, padded])).logits
    torch.testing.assert_close(logits[0], model(long).logits[0])
    torch.testing.assert_close(logits[1, :4], model(short).logits[0])


@torch.inference_mode()
def test_a_turn_sees_no_later_turn() -> None:
    model = small(8)
    inputs = random_inputs(model, 10, share=1.0)
    before = model(inputs).logits
    for x in inputs.features.values():
        x[:, 6:] = torch.randn_like(x[:, 6:])
    after = model(inputs).logits
    torch.testing.assert_close(after[:, :6], before[:, :6])
    assert not torch.allclose(after[:, 6:], before[:, 6:])


@torch.inference_mode()
def test_a_turn_sees_its_window_through_two_layers_and_no_further() -> None:
    model = small(4)
    inputs = random_inputs(model, 12, share=1.0)
    before = model(inputs).logits[0]
    for x in inputs.features.values():
        x[:, 0] = torch.randn_like(x[:, 0])
    changed = ~torch.isclose(model(inputs).logits[0], before, rtol=0, atol=1e-7).all(dim=-1)
    assert changed.tolist() == [True] * 7 + [False] * 5  # 3 turns on, and through the audio anchor another 3


@torch.inference_mode()
def test_what_stands_where_a_modality_is_absent_has_no_effect() -> None:
    model = small(6)
    inputs = random_inputs(model, 8, share=0.5)
    before = model(inputs).logits
    for i, m in enumerate(MODALITIES):
        inputs.features[m][~inputs.present[..., i]] = 1e3
    torch.testing.assert_close(model(inputs).logits, before)


@torch.inference_mode()
def test_each_present_modality_has_an_effect() -> None:
    model = small(6)
    inputs = random_inputs(model, 5, share=1.0)
    before = model(inputs).logits
    for i in range(len(MODALITIES)):
        present = inputs.present.clone()
        present[..., i] = False
        assert not torch.allclose(model(replace(inputs, present=present)).logits, before)


@torch.inference_mode()
def test_a_turn_without_anything_is_read_without_its_past() -> None:
    model = small(6)
    inputs = random_inputs(model, 5, share=1.0)
    inputs.present[:, 4] = False
    logits = model(inputs).logits[0, 4]
    torch.testing.assert_close(logits, model(at(inputs, 4)).logits[0, 0])


@torch.inference_mode()
def test_speakers_beyond_the_slots_share_them() -> None:
    model = small(6)
    inputs = random_inputs(model, 5)
    shifted = replace(inputs, speaker=inputs.speaker + model.config.speakers)
    assert torch.equal(model(shifted).logits, model(inputs).logits)
    assert not torch.allclose(model(replace(inputs, speaker=inputs.speaker + 1)).logits, model(inputs).logits)


def test_rotary_products_depend_on_distance_alone() -> None:
    query, key = torch.randn(2, 1, 1, 1, 32)

    def product(a: int, b: int) -> Tensor:
        at_a, at_b = (rotation(torch.tensor([[p]]), 32, torch.float32) for p in (a, b))
        return (rotate(query, at_a) * rotate(key, at_b)).sum()

    torch.testing.assert_close(product(10_000_063, 10_000_000), product(63, 0), rtol=0, atol=1e-5)
    assert not torch.isclose(product(63, 0), product(1, 0))


@pytest.mark.parametrize("wrong", [{"width": 30, "heads": 4}, {"window": 0}, {"dropout": 1.0}])
def test_sizes_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        MagtConfig(6, 5, 4, **wrong)  # type: ignore[arg-type]


def test_all_weights_learn() -> None:
    model = small(4).train()
    output = model(random_inputs(model, 9, share=0.6))
    (output.logits.sum() + output.audio_logits.square().sum() + output.video_logits.square().sum()).backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []
