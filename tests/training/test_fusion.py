"""What the fusion is shown in training."""

from collections import Counter

import pytest
import torch
from torch.nn.functional import one_hot

from engine.calibration import SUBSETS
from engine.labels import EMOTIONS, MODALITIES
from engine.magt import Magt, MagtConfig
from engine.students import StudentOutput
from training.compose import Composition, Pool
from training.fusion import Composer, FusionSettings, FusionTask
from training.losses import Distillation
from training.pools import align


def task(settings: FusionSettings, dialogues: int = 40) -> FusionTask:
    torch.manual_seed(0)
    labels = torch.arange(len(EMOTIONS)).repeat(4)
    pool = Pool.of(StudentOutput(torch.randn(28, 4), one_hot(labels).float() * 8), labels)
    train = Composer(
        text=[torch.randn(7, 11) for _ in range(dialogues)],
        labels=[torch.randperm(7) for _ in range(dialogues)],
        speakers=[torch.arange(7) % 3 for _ in range(dialogues)],
        pools={"audio": pool, "video": pool},
        composition=Composition(0.95, 0.95, tuple([1 / 7] * 7)),
    )
    model = Magt(MagtConfig(text=4, audio=4, video=4, width=16, heads=2, dropout=0.0))
    return FusionTask(model, train, train.compose(range(4)), 8, 1, settings)


def test_all_seven_sets_of_modalities_are_seen() -> None:
    made = task(FusionSettings(lost=0.0))
    inputs, _ = made.train.compose(range(40))
    seen = Counter(tuple(row.tolist()) for _ in range(20) for row in made._thin(inputs).present[:, 0])
    assert len(seen) == len(SUBSETS)
    assert seen[(True, True, True)] / sum(seen.values()) == pytest.approx(0.4, abs=0.06)


def test_speaker_slots_are_shuffled_but_who_is_who_is_kept() -> None:
    made = task(FusionSettings())
    inputs, _ = made.train.compose(range(40))
    shuffled = made._thin(inputs).speaker
    same = inputs.speaker.unsqueeze(2) == inputs.speaker.unsqueeze(1)
    assert torch.equal(shuffled.unsqueeze(2) == shuffled.unsqueeze(1), same)
    assert len(set(shuffled[:, 0].tolist())) > 4


def test_the_loss_teaches_the_answer_and_both_auxiliary_heads() -> None:
    made = task(FusionSettings())
    made.loss(torch.arange(8)).backward()  # type: ignore[no-untyped-call]
    for modality in MODALITIES:
        gradient = made.model.get_parameter(f"head.{modality}.weight").grad
        assert gradient is not None
        assert gradient.any()


def test_dev_is_composed_once_and_scored_for_every_set_of_modalities() -> None:
    made = task(FusionSettings())
    made.model.eval()
    with torch.inference_mode():
        first, again = made.evaluate(), made.evaluate()
    assert first == again
    assert {f"weighted_f1 {'+'.join(subset)}" for subset in SUBSETS} <= first.keys()


@pytest.mark.parametrize("terms", [Distillation(0.1, 0.0), Distillation(0.0, 1.0)], ids=["logits", "features"])
def test_each_term_of_the_distillation_is_in_the_loss(terms: Distillation) -> None:
    def loss(distillation: Distillation) -> float:
        made = task(FusionSettings(distillation=distillation))
        torch.manual_seed(5)
        return float(made.loss(torch.arange(8)).detach())

    assert loss(terms) > loss(Distillation(0.0, 0.0)) + 1e-4


def test_a_liars_clips_say_nothing_of_the_labels_and_the_honest_ones_are_untouched() -> None:
    made = task(FusionSettings())
    torch.manual_seed(2)
    inputs, labels = made.train.compose(range(40), {"audio": 1.0, "video": 0.0})
    shown = {m: inputs.features[m][..., -7:].argmax(dim=-1) for m in ("audio", "video")}
    assert float((shown["audio"] == labels).float().mean()) < 0.3
    assert float((shown["video"] == labels).float().mean()) > 0.9


def test_aligning_undoes_a_rigid_motion() -> None:
    torch.manual_seed(0)
    rows = torch.randn(50, 6)
    turn, _ = torch.linalg.qr(torch.randn(6, 6))
    assert torch.allclose(align(rows, rows @ turn + 3.0), rows @ turn + 3.0, atol=1e-4)
