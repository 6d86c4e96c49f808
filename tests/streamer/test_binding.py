"""Which mouths move with which voice, and how sure that has to be."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from streamer.binding import Evidence
from streamer.faces import Face
from streamer.observed import Observed

Series = npt.NDArray[Any]
CROP = np.zeros((48, 48), np.uint8)


def _observed(mouths: Sequence[Series], loud: Series) -> Observed:
    """Ten pictures a second, in each these openings of the mouth; and a track that is loud or silent meanwhile."""
    seen = Observed()
    for at, (openings, voiced) in enumerate(zip(zip(*mouths, strict=True), loud, strict=True)):
        seen.hear("room", at / 10, np.full(1600, 0.1 if voiced else 0.0, np.float32))
        faces = [Face(number, 0.3 * number, 0.1, 0.2, 0.4, CROP, mouth) for number, mouth in enumerate(openings, 1)]
        seen.see(at / 10, faces)
    return seen


def test_a_mouth_that_always_moves_speaks_for_nobody() -> None:
    draw = np.random.default_rng(0)
    talks = np.arange(400) // 40 % 2 == 0
    chews = draw.uniform(0.0, 0.1, 400)
    speaks = np.where(talks, draw.uniform(0.0, 0.1, 400), 0.02)
    evidence = Evidence(_observed([chews, speaks], np.ones(400)), _alternating("ann", "ben"))
    assert evidence.whose() == {2: "ann"}


def test_a_face_that_was_heard_for_a_moment_is_nobodys_yet() -> None:
    draw = np.random.default_rng(0)
    speaks = np.where(np.arange(60) < 12, draw.uniform(0.0, 0.1, 60), 0.02)
    evidence = Evidence(_observed([speaks], np.arange(60) < 12), {"ann": [(0.0, 1.2)], "ben": []})
    assert evidence.whose() == {}


def _alternating(*names: str) -> dict[str, list[tuple[float, float]]]:
    """Each in turn for four seconds, forty in all."""
    return {name: [(at, at + 4.0) for at in range(4 * first, 40, 4 * len(names))] for first, name in enumerate(names)}
