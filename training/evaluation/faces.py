"""FER2013 with both of its labels: the majority of FER+'s votes, and its own."""

import torch

from engine.bundle import Bundle
from engine.labels import EMOTIONS
from training.corpora.faces import VOTES, Faces
from training.evaluation.scores import CannotScore, Scores, figures
from training.video import judge_faces


def score_faces(bundle: Bundle, faces: Faces) -> Scores:
    """The figures of FER+'s eight classes at the top level and under `ferplus`; those of FER2013's under `original`.

    Images whose majority is unclear, unknown or no face are left out for FER+, as its authors do; none for FER2013.
    """
    if not len(faces.images):
        raise CannotScore("there is nothing to score: the file has no images")
    said, temperature = judge_faces(bundle.video, faces.images), bundle.calibration.alone["video"]
    scored = faces.majority >= 0
    if not bool(torch.any(scored)):
        raise CannotScore("there is nothing to score: no image has a class that most of its votes chose")
    ferplus = figures(faces.majority[scored], said.votes[scored], VOTES, temperature)
    original = figures(faces.original, said.original, EMOTIONS, temperature)
    return {
        **ferplus,
        "accuracy_original": original["accuracy"],
        "not_scored": int((~scored).sum()),
        "ferplus": ferplus,
        "original": original,
    }
