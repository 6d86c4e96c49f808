"""Small fusions with random weights, and dialogues of noise for them."""

import torch

from engine.labels import MODALITIES
from engine.magt import Inputs, Magt, MagtConfig


def small(window: int, seed: int = 0) -> Magt:
    """Every weight is noise, the norms' too."""
    torch.manual_seed(seed)
    model = Magt(MagtConfig(6, 5, 4, width=16, heads=2, window=window)).eval()
    for name, weight in model.named_parameters():
        if "norm" in name or "feed_forward.0" in name:
            torch.nn.init.normal_(weight, 1.0, 0.3)
    return model


def random_inputs(model: Magt, turns: int, *, share: float = 0.7) -> Inputs:
    """One dialogue; each modality is there at `share` of its turns."""
    config = model.config
    return Inputs(
        {m: torch.randn(1, turns, config.embedding(m) + config.labels) for m in MODALITIES},
        torch.rand(1, turns, 3) < share,
        torch.randint(0, 11, (1, turns)),
        torch.ones(1, turns, dtype=torch.bool),
    )


def at(inputs: Inputs, turn: int) -> Inputs:
    """One turn of a dialogue."""
    one = slice(turn, turn + 1)
    seen = {m: x[:, one] for m, x in inputs.features.items()}
    return Inputs(seen, inputs.present[:, one], inputs.speaker[:, one], inputs.padding[:, one])
