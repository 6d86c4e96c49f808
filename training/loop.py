"""One training loop for every stage: seeded by step, resumable at any step, best epoch kept."""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from torch import Tensor, nn

from training.average import Average
from training.checkpoint import Checkpoint, load_weights, save_weights

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

CHECKPOINT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast to train. rate: the peak, after a linear warm-up over a share of the steps; average: the
    decay of the moving average of the weights, which is what dev judges and what is kept."""

    epochs: int
    batch: int
    rate: float
    weight_decay: float = 0.01
    warmup: float = 0.1
    clip: float = 1.0
    seed: int = 1
    bf16: bool = False
    average: float = 0.0

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch < 1 or self.rate <= 0.0:
            raise ValueError(f"epochs, batch and rate must be above zero, not {self.epochs}, {self.batch}, {self.rate}")
        if not 0.0 <= self.average < 1.0:
            raise ValueError(f"average must be in [0, 1), not {self.average}")


def best_device() -> torch.device:
    """Where training runs: the GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


class Task(Protocol):
    """What a stage trains. `batches` must give the same number of batches for every epoch."""

    @property
    def model(self) -> nn.Module: ...

    @property
    def best_by(self) -> str:
        """The dev score that chooses the epoch."""
        ...

    @property
    def settings(self) -> "DataclassInstance":
        """What else makes this run what it is."""
        ...

    def batches(self, epoch: int) -> list[Tensor]: ...

    def loss(self, batch: Tensor) -> Tensor: ...

    def evaluate(self) -> dict[str, float]: ...


def fit(task: Task, plan: Plan, folder: Path) -> dict[str, float]:
    """Trains, and leaves `task.model` with the best epoch's weights; gives that epoch's dev scores.

    folder: holds `checkpoint.safetensors` (where it goes on from after a kill), `best.safetensors` and `result.json`.
    Raises OtherPlan if the folder holds a run with another plan or other settings.
    """
    folder.mkdir(parents=True, exist_ok=True)
    task.model.to(best_device())
    optimiser = torch.optim.AdamW(_groups(task.model, plan.weight_decay), lr=plan.rate, fused=True)
    average = Average(task.model, plan.average)
    settled = {"plan": asdict(plan), "settings": asdict(task.settings)}
    checkpoint = Checkpoint.resume(folder, task.model, optimiser, average, settled)
    batches = task.batches(0)
    total, saved = plan.epochs * len(batches), time.monotonic()
    with _progress() as progress:
        bar = progress.add_task(folder.name, total=total, completed=checkpoint.step, note="")
        for step in range(checkpoint.step, total):
            epoch, index = divmod(step, len(batches))
            if index == 0 or step == checkpoint.step:
                batches = task.batches(epoch)
            loss = _train_step(task, plan, optimiser, batches[index], step, total)
            average.update(task.model, step)
            progress.update(
                bar,
                advance=1,
                note=f"epoch {epoch + 1}/{plan.epochs} loss {loss:.3f} {checkpoint.headline(task.best_by)}",
            )
            if index == len(batches) - 1:
                scores = _end_epoch(task, average, checkpoint, folder)
                progress.console.print(f"{folder.name} epoch {epoch + 1}/{plan.epochs}: {_line(scores)}")
                checkpoint.save(folder, task.model, optimiser, average, step + 1)
                saved = time.monotonic()
            elif time.monotonic() - saved > CHECKPOINT_SECONDS:
                checkpoint.save(folder, task.model, optimiser, average, step + 1)
                saved = time.monotonic()
    load_weights(task.model.cpu(), folder / "best.safetensors")
    result = {**settled, "history": checkpoint.history, "best": checkpoint.best}
    (folder / "result.json").write_text(json.dumps(result, indent=2) + "\n")
    return checkpoint.best


def _train_step(
    task: Task, plan: Plan, optimiser: torch.optim.Optimizer, batch: Tensor, step: int, total: int
) -> float:
    # Every step has its own seed: a run that was killed goes on exactly as if it had not been.
    torch.manual_seed(plan.seed * 1_000_003 + step)
    task.model.train()
    for group in optimiser.param_groups:
        group["lr"] = plan.rate * _slope(step, total, plan.warmup)
    with torch.autocast(best_device().type, torch.bfloat16, enabled=plan.bf16):
        loss = task.loss(batch)
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(task.model.parameters(), plan.clip)
    optimiser.step()
    return float(loss.detach())


def _end_epoch(task: Task, average: Average, checkpoint: Checkpoint, folder: Path) -> dict[str, float]:
    task.model.eval()
    with average.applied(task.model):
        with torch.inference_mode():
            scores = task.evaluate()
        checkpoint.history.append(scores)
        if not checkpoint.best or scores[task.best_by] > checkpoint.best[task.best_by]:
            checkpoint.best = scores
            save_weights(task.model, folder / "best.safetensors")
    return scores


def _line(scores: dict[str, float]) -> str:
    return "  ".join(f"{name} {value:.4f}" for name, value in list(scores.items())[:4])


def _slope(step: int, total: int, warmup: float) -> float:
    rise = max(1.0, warmup * total)
    return min((step + 1) / rise, (total - step) / max(1.0, total - rise))


def _groups(model: nn.Module, weight_decay: float) -> list[dict[str, object]]:
    """Norms and biases are not decayed."""
    parameters: Mapping[str, nn.Parameter] = dict(model.named_parameters())
    matrices = [value for value in parameters.values() if value.ndim > 1]
    vectors = [value for value in parameters.values() if value.ndim <= 1]
    return [{"params": matrices, "weight_decay": weight_decay}, {"params": vectors, "weight_decay": 0.0}]


def _progress() -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, TextColumn("{task.fields[note]}"), refresh_per_second=2)
