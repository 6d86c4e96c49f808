"""What a training run keeps on disk: safetensors and JSON, nothing pickled."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from training.average import Average

_FILE = "checkpoint.safetensors"


class OtherPlan(RuntimeError):
    """A folder holds the checkpoint of a run with other settings."""


@dataclass(slots=True)
class Checkpoint:
    """Where a run is: steps done, dev scores of each epoch, the best of them."""

    plan: Mapping[str, object]
    step: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    best: dict[str, float] = field(default_factory=dict)

    @classmethod
    def resume(
        cls,
        folder: Path,
        model: nn.Module,
        optimiser: torch.optim.Optimizer,
        average: Average,
        plan: Mapping[str, object],
    ) -> "Checkpoint":
        """The folder's checkpoint, loaded into model, optimiser and average; a fresh one if there is none.

        Raises OtherPlan if it was made with other settings.
        """
        path = folder / _FILE
        if not path.exists():
            return cls(plan)
        with safe_open(path, framework="pt") as file:
            kept = json.loads(file.metadata()["state"])
        if kept["plan"] != plan:
            raise OtherPlan(f"{path} was made with {kept['plan']}, not {plan}: delete {folder} to begin again")
        tensors = load_file(path)
        model.load_state_dict({name[6:]: value for name, value in tensors.items() if name.startswith("model.")})
        average.load({name[4:]: value for name, value in tensors.items() if name.startswith("ema.")})
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            if name.startswith("adam."):
                _, index, key = name.split(".")
                state.setdefault(int(index), {})[key] = value
        optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
        return cls(plan, kept["step"], kept["history"], kept["best"])

    def save(
        self, folder: Path, model: nn.Module, optimiser: torch.optim.Optimizer, average: Average, step: int
    ) -> None:
        """Written beside and then renamed, so that a kill leaves the last whole one."""
        self.step = step
        tensors = {f"model.{name}": value.detach().contiguous() for name, value in model.state_dict().items()}
        tensors |= {f"ema.{name}": value.contiguous() for name, value in average.weights.items()}
        for index, kept in optimiser.state_dict()["state"].items():
            tensors |= {f"adam.{index}.{key}": value.contiguous() for key, value in kept.items()}
        state = {"plan": self.plan, "step": step, "history": self.history, "best": self.best}
        fresh = folder / f"{_FILE}.new"
        save_file(tensors, fresh, metadata={"state": json.dumps(state)})
        fresh.replace(folder / _FILE)

    def headline(self, name: str) -> str:
        """The best dev score so far, for the progress bar."""
        return f"best {name} {self.best[name]:.4f}" if self.best else ""


def load_last(model: nn.Module, folder: Path) -> None:
    """The average's weights after the last step, whatever dev said of them."""
    kept = load_file(folder / _FILE)
    model.load_state_dict({name[4:]: value for name, value in kept.items() if name.startswith("ema.")})


def save_weights(model: nn.Module, path: Path) -> None:
    """A model's weights, float32."""
    save_file({name: value.detach().contiguous() for name, value in model.state_dict().items()}, path)


def load_weights(model: nn.Module, path: Path) -> None:
    """Raises FileNotFoundError with the command that makes the file."""
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: run `undertone train {path.parent.name.split('-')[0]}` first")
    model.load_state_dict(load_file(path))
