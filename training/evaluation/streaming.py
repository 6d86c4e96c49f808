"""The same readings through the incremental engine: utterance by utterance, several dialogues at once."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from engine.bundle import Bundle
from engine.dialogue import Encoded
from engine.engine import Engine
from engine.labels import EMOTIONS, MODALITIES, Modality
from engine.reading import Reading
from engine.utterance import Utterance

EXACT: Final = 1e-4  # how far streaming and the offline pass may be apart, in probability
_AT_ONCE: Final = 8

Observed = Utterance | Encoded | None


@dataclass(frozen=True, slots=True, eq=False)
class Streamed:
    """Calibrated probabilities [n, 7] of the fusion and of each student alone; equal shares where there was nothing."""

    fused: Tensor
    alone: dict[Modality, Tensor]


def stream(bundle: Bundle, dialogues: Sequence[Callable[[], Iterator[Observed]]]) -> Streamed:
    """What the engine reads of all turns, in their order.

    Each dialogue is opened only when its turn comes, so that few recordings are in memory; None in it is a turn with
    nothing to hear, see or read, which a live engine never gets.
    """
    return _table(asyncio.run(_stream(bundle, dialogues)))


async def _stream(bundle: Bundle, dialogues: Sequence[Callable[[], Iterator[Observed]]]) -> list[Reading | None]:
    places = asyncio.Semaphore(_AT_ONCE)

    async def listen(engine: Engine, turns: Callable[[], Iterator[Observed]]) -> list[Reading | None]:
        async with places:
            with engine.open() as dialogue:
                return [None if said is None else await dialogue.observe(said) for said in turns()]

    with Engine(bundle, device="cpu", slots=_AT_ONCE) as engine:
        read = await asyncio.gather(*(listen(engine, turns) for turns in dialogues))
    return [reading for readings in read for reading in readings]


def _table(readings: Sequence[Reading | None]) -> Streamed:
    even = [1.0 / len(EMOTIONS)] * len(EMOTIONS)
    fused = [even if r is None else [r.probabilities[e] for e in EMOTIONS] for r in readings]
    alone: dict[Modality, Tensor] = {}
    for m in MODALITIES:
        parts = [r.modalities.get(m) if r else None for r in readings]
        rows = [even if part is None else [part.probabilities[e] for e in EMOTIONS] for part in parts]
        alone[m] = torch.tensor(rows, dtype=torch.float64)
    return Streamed(torch.tensor(fused, dtype=torch.float64), alone)


def logits_of(probabilities: Tensor, temperature: float | Tensor) -> Tensor:
    """Logits that this temperature turns into these probabilities again."""
    scale = temperature.unsqueeze(1) if isinstance(temperature, Tensor) else temperature
    return probabilities.clamp_min(1e-30).log() * scale
