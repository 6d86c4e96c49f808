"""The voices in one participant's mixed track: an utterance's speaker, told to everyone, and corrected; their faces."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import Executor

from engine.speakers import OnlineSpeakers, Print, voice_print
from streamer.audio import Samples
from streamer.facenames import FaceNames


class Voices:
    """Kept as long as the conversation: who leaves and comes back is the same. Their names are "tab:1" and so on."""

    def __init__(self, participant: str) -> None:
        self._participant = participant
        self._speakers = OnlineSpeakers()
        self._faces = FaceNames()

    async def hear(self, pcm: Samples, pool: Executor) -> Print | None:
        """The voice of what was said, float32 [n]; None where it is too short to know."""
        return await asyncio.get_running_loop().run_in_executor(pool, voice_print, pcm)

    def guess(self, heard: Print | None) -> str | None:
        """Whose voice it sounds like, without remembering it."""
        return self._name(self._speakers.guess(heard))

    def settle(
        self, utterance: str, heard: Print | None, face: int | None = None, seconds: float = 0.0
    ) -> tuple[str | None, dict[str, str]]:
        """Whose voice an utterance is, and which earlier ones are now thought to be somebody else's.

        face: the id of the one whose lips moved for these seconds.
        """
        speaker, numbers = self._speakers.settle(utterance, heard)
        voice, changed = self._name(speaker), {other: f"{self._participant}:{one}" for other, one in numbers.items()}
        if voice is not None and face is not None:
            self._faces.said(utterance, voice, face, seconds)
        self._faces.correct(changed)
        return voice, changed

    def faces(self) -> Mapping[int, str]:
        """Whose the faces are, by id, as far as is known."""
        return self._faces.whose

    def look_anew(self) -> None:
        """The pictures begin anew, and so do their faces' ids."""
        self._faces = FaceNames()

    def forget(self) -> None:
        """Whoever speaks next is new."""
        self._speakers = OnlineSpeakers()
        self._faces = FaceNames()

    def _name(self, number: int | None) -> str | None:
        return None if number is None else f"{self._participant}:{number}"
