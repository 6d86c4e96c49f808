"""An exponential moving average of a model's weights: what is judged and kept in place of the last step's."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Average:
    """decay: how much of the average stays at each step, less at the beginning; 0 for the weights themselves."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.weights = {name: value.detach().clone() for name, value in model.state_dict().items()}

    def update(self, model: nn.Module, step: int) -> None:
        """Take in the weights after `step` steps. Counters, such as those of batch norm, are copied."""
        kept = min(self.decay, (1 + step) / (10 + step))
        now = model.state_dict()
        floats = [name for name, value in self.weights.items() if value.is_floating_point()]
        torch._foreach_lerp_([self.weights[n] for n in floats], [now[n].detach() for n in floats], 1.0 - kept)
        for name in self.weights.keys() - set(floats):
            self.weights[name].copy_(now[name])

    def load(self, weights: Mapping[str, Tensor]) -> None:
        """Go on from kept weights."""
        for name, value in self.weights.items():
            value.copy_(weights[name])

    @contextmanager
    def applied(self, model: nn.Module) -> Iterator[None]:
        """The model with the average's weights, and with its own again afterwards."""
        own = {name: value.detach().clone() for name, value in model.state_dict().items()}
        model.load_state_dict(self.weights)
        try:
            yield
        finally:
            model.load_state_dict(own)
