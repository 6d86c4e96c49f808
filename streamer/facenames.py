"""Whose face is whose in a call that is watched: in which utterances whose lips moved while which voice was heard."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_REMEMBERED: Final = 200  # utterances
_LEAST_SECONDS: Final = 3.0  # of one voice with one face
_LEAST_UTTERANCES: Final = 2
_SHARE: Final = 0.7  # of a face's seconds are its voice's, and of the voice's seconds, since then, that face's


@dataclass(slots=True)
class _Said:
    voice: str
    face: int
    seconds: float


class FaceNames:
    """A face has the voice that was heard while its lips moved, once that was so in several utterances and seldom
    otherwise. A voice may be found at another face later, since who leaves the picture comes back with another id."""

    def __init__(self) -> None:
        self._said: dict[str, _Said] = {}
        self.whose: Mapping[int, str] = {}
        """Each face's voice, by id; those of which it is not known are left out."""

    def said(self, utterance: str, voice: str, face: int, seconds: float) -> None:
        """An utterance of this voice, while the lips of this face moved more than any other's."""
        self._said[utterance] = _Said(voice, face, seconds)
        if len(self._said) > _REMEMBERED:
            del self._said[next(iter(self._said))]
        self.whose = self._decide()

    def correct(self, utterances: Mapping[str, str]) -> None:
        """Utterances, and whose voice they are now thought to be."""
        for utterance, voice in utterances.items():
            if utterance in self._said:
                self._said[utterance].voice = voice
        self.whose = self._decide()

    def _decide(self) -> dict[int, str]:
        pairs: defaultdict[tuple[int, str], list[float]] = defaultdict(list)
        for one in self._said.values():
            pairs[one.face, one.voice].append(one.seconds)
        return {
            face: voice
            for (face, voice), seconds in pairs.items()
            if len(seconds) >= _LEAST_UTTERANCES
            and sum(seconds) >= max(_LEAST_SECONDS, _SHARE * self._rivals(face, voice))
        }

    def _rivals(self, face: int, voice: str) -> float:
        """Seconds of the face with any voice, or of the voice with any face since it was first heard with this one."""
        of_face = of_voice = 0.0
        begun = False
        for one in self._said.values():
            begun = begun or (one.face, one.voice) == (face, voice)
            of_face += one.seconds * (one.face == face)
            of_voice += one.seconds * (begun and one.voice == voice)
        return max(of_face, of_voice)
