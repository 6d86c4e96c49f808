"""The training loop's promises."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from training import loop
from training.checkpoint import OtherPlan
from training.loop import Plan, fit

PLAN = Plan(epochs=3, batch=4, rate=0.01)


@dataclass(frozen=True)
class Settings:
    slope: float = 2.0


class Line:
    """A task small enough to run at once: learn a line, with dropout and noise, so that every draw counts."""

    best_by = "score"

    def __init__(self, *, die_at: int | None = None, settings: Settings = Settings()) -> None:
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.5), nn.Linear(8, 1))
        self.settings, self.die_at, self.steps = settings, die_at, 0

    def batches(self, epoch: int) -> list[Tensor]:
        return list(torch.randperm(12, generator=torch.Generator().manual_seed(epoch)).split(4))  # type: ignore[no-untyped-call]

    def loss(self, batch: Tensor) -> Tensor:
        if self.steps == self.die_at:
            raise KeyboardInterrupt
        self.steps += 1
        x = torch.stack([batch.float(), batch.float().sin(), torch.randn(len(batch))], dim=1)
        error: Tensor = self.model(x).squeeze(1) - self.settings.slope * batch
        return error.square().mean()

    def evaluate(self) -> dict[str, float]:
        x = torch.ones(1, 3)
        return {"score": -float(self.model(x).abs())}


@pytest.mark.parametrize("seconds", [0.0, 60.0], ids=["checkpoint every step", "checkpoint every epoch"])
def test_a_run_that_was_killed_goes_on_as_if_it_had_not_been(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", seconds)
    whole = Line()
    fit(whole, PLAN, tmp_path / "whole")

    with pytest.raises(KeyboardInterrupt):
        fit(Line(die_at=5), PLAN, tmp_path / "killed")
    resumed = Line()
    fit(resumed, PLAN, tmp_path / "killed")

    assert resumed.steps == (4 if seconds == 0.0 else 6)
    for mine, theirs in zip(whole.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    results = [json.loads((tmp_path / run / "result.json").read_text()) for run in ("whole", "killed")]
    assert results[0] == results[1]


def test_the_best_epoch_is_kept_not_the_last(tmp_path: Path) -> None:
    task = Line()
    scores = iter([1.0, 3.0, 2.0])
    weights = []

    def evaluate() -> dict[str, float]:
        weights.append(next(task.model.parameters()).detach().clone())
        return {"score": next(scores)}

    task.evaluate = evaluate  # type: ignore[method-assign]
    best = fit(task, PLAN, tmp_path)
    assert best == {"score": 3.0}
    assert torch.equal(next(task.model.parameters()), weights[1])


@pytest.mark.parametrize(
    ("task", "plan"),
    [(Line(), Plan(epochs=3, batch=4, rate=0.02)), (Line(settings=Settings(slope=3.0)), PLAN)],
    ids=["plan", "settings"],
)
def test_a_folder_of_another_run_is_not_gone_on_with(tmp_path: Path, task: Line, plan: Plan) -> None:
    fit(Line(), PLAN, tmp_path)
    with pytest.raises(OtherPlan, match="delete"):
        fit(task, plan, tmp_path)


def test_a_finished_run_is_not_trained_again(tmp_path: Path) -> None:
    best = fit(Line(), PLAN, tmp_path)
    again = Line()
    assert fit(again, PLAN, tmp_path) == best
    assert again.steps == 0
