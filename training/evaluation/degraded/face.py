"""The face student on FER2013, clean and degraded, by the majority of FER+'s votes."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import torch

from engine.bundle import Bundle
from training.corpora.faces import Faces
from training.evaluation.degraded.pictures import EYES, MOUTH, Picture, covered, found_again, moved, turned
from training.evaluation.degraded.table import beside
from training.evaluation.faces import score_faces
from training.evaluation.mesh import FaceFinder
from training.evaluation.progress import progress
from training.evaluation.scores import CannotScore, Scores
from training.video import DEGRADATIONS, degrade

_SHIFT: Final = 5  # pixels of 48
_TURN: Final = 15.0  # degrees

Change = Callable[[int, Picture], Picture]


def _degraded(kind: str, strength: float) -> Change:
    return lambda _index, face: degrade(face, kind, strength)


CONDITIONS: Final[Mapping[str, Change]] = {
    "clean": lambda _index, face: face,
    **{
        f"{kind}{suffix}": _degraded(kind, strength)
        for kind in DEGRADATIONS
        for suffix, strength in (("_half", 0.5), ("", 1.0))
    },
    "eyes_covered": lambda _index, face: covered(face, EYES),
    "mouth_covered": lambda _index, face: covered(face, MOUTH),
    # Each picture to one of four sides, so that no side is favoured.
    "shifted_5_pixels": lambda index, face: moved(face, *_side(index)),
    "turned_15_degrees": lambda index, face: turned(face, _TURN if index % 2 else -_TURN),
}


def score_pictures(bundle: Bundle, faces: Faces) -> dict[str, Scores]:
    """For each condition the accuracy on FER+'s majority, of the pictures that have one.

    `facemesh` is of those in which a face was found, `clean_where_mesh_found` of the same; they are left out where none
    was. Raises CannotScore.
    """
    faces = faces.take(faces.majority >= 0)
    if not len(faces.images):
        raise CannotScore("there is nothing to score: no image has a class that most of its votes chose")
    rows = {name: _judge(bundle, faces, change, name) for name, change in CONDITIONS.items()}
    compared = {name: beside(row, rows["clean"], ("accuracy",)) for name, row in rows.items()}
    again, places = _found(faces)
    if len(places):
        clean, crops = (score_faces(bundle, each)["ferplus"] for each in (faces.take(places), again))
        assert isinstance(clean, dict)  # noqa: S101 - `score_faces` made both
        assert isinstance(crops, dict)  # noqa: S101
        compared["clean_where_mesh_found"] = beside(clean, rows["clean"], ("accuracy",))
        compared["facemesh"] = beside(crops, clean, ("accuracy",))
    return compared


def _judge(bundle: Bundle, faces: Faces, change: Change, name: str) -> Scores:
    pictures = progress(list(faces.images), f"faces, {name}")
    changed = np.stack([change(index, face) for index, face in enumerate(pictures)])
    scores = score_faces(bundle, Faces(changed, faces.votes, faces.original))["ferplus"]
    assert isinstance(scores, dict)  # noqa: S101 - `score_faces` made it
    return scores


def _found(faces: Faces) -> tuple[Faces, torch.Tensor]:
    """The crops as FaceMesh makes them, and of which pictures they are."""
    with FaceFinder() as finder:
        crops = [found_again(face, finder) for face in progress(list(faces.images), "faces, facemesh")]
    kept = [crop for crop in crops if crop is not None]
    places = torch.tensor([index for index, crop in enumerate(crops) if crop is not None], dtype=torch.long)
    there = faces.take(places)
    return Faces(np.stack(kept) if kept else there.images, there.votes, there.original), places


def _side(index: int) -> tuple[int, int]:
    return ((_SHIFT, 0), (-_SHIFT, 0), (0, _SHIFT), (0, -_SHIFT))[index % 4]
