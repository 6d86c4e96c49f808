"""Diarization and Jaccard error rates, by pyannote.metrics, over several recordings and collars."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from training.evaluation.diarization.rttm import Spoken
from training.evaluation.scores import CannotScore, Scores

COLLARS: Final = (0.0, 0.25, 0.5)
_PARTS: Final = {"miss": "missed detection", "false_alarm": "false alarm", "confusion": "confusion"}


@dataclass(frozen=True, slots=True)
class Pair:
    """One recording: what people wrote down, what was found, and how long it is in seconds."""

    reference: Sequence[Spoken]
    hypothesis: Sequence[Spoken]
    seconds: float


def score(pairs: Mapping[str, Pair]) -> Scores:
    """All figures, as fractions of the time that people speak, overlapping speech included, by collar.

    A collar is the time around each boundary of the reference that does not count, as pyannote.metrics has it: half
    of it lies on either side. NIST's collar of 0.25 s lies on either side in full: it is 0.5 here. Raises CannotScore.
    """
    if not pairs:
        raise CannotScore("there is nothing to score: no recording has both sound and an RTTM file")
    speakers = {
        name: {"reference": _people(pair.reference), "hypothesis": _people(pair.hypothesis)}
        for name, pair in pairs.items()
    }
    return {
        "n": len(pairs),
        "seconds": round(sum(pair.seconds for pair in pairs.values()), 3),
        "speakers": {name: dict(counts) for name, counts in speakers.items()},
        "collars": {f"{collar:g}": _at(collar, pairs) for collar in COLLARS},
    }


def _people(spoken: Sequence[Spoken]) -> int:
    return len({one.speaker for one in spoken})


def _at(collar: float, pairs: Mapping[str, Pair]) -> Scores:
    try:
        from pyannote.core import Segment, Timeline
        from pyannote.metrics.diarization import DiarizationErrorRate, JaccardErrorRate
    except ImportError as error:
        raise CannotScore("error rates are computed by pyannote.metrics: pip install 'undertone[train]'") from error
    rates, jaccard = DiarizationErrorRate(collar=collar), JaccardErrorRate(collar=collar)
    files: Scores = {}
    for name, pair in pairs.items():
        reference, hypothesis = _annotation(name, pair.reference), _annotation(name, pair.hypothesis)
        whole = Timeline([Segment(0.0, pair.seconds)])
        parts = rates(reference, hypothesis, uem=whole, detailed=True)
        files[name] = {**_figures(parts), "jer": float(jaccard(reference, hypothesis, uem=whole))}
    return {**_figures(rates[:]), "jer": float(abs(jaccard)), "files": files}


def _figures(parts: Mapping[str, float]) -> dict[str, float]:
    total = parts["total"] or 1.0  # a recording in which nobody speaks has nothing to be a share of
    shares = {ours: float(parts[theirs] / total) for ours, theirs in _PARTS.items()}
    return {"der": sum(shares.values()), **shares, "speech": round(float(parts["total"]), 3)}


def _annotation(name: str, spoken: Sequence[Spoken]) -> object:
    from pyannote.core import Annotation, Segment

    found = Annotation(uri=name)
    for track, one in enumerate(spoken):
        found[Segment(one.start, one.end), track] = one.speaker
    return found
