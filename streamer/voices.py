"""The voices in one participant's mixed track: an utterance's speaker, told to everyone, and corrected."""

import asyncio
from concurrent.futures import Executor

from engine.speakers import OnlineSpeakers, Print, voice_print
from streamer.audio import Samples


class Voices:
    """Kept as long as the conversation: who leaves and comes back is the same. Their names are "tab:1" and so on."""

    def __init__(self, participant: str) -> None:
        self._participant = participant
        self._speakers = OnlineSpeakers()

    async def hear(self, pcm: Samples, pool: Executor) -> Print | None:
        """The voice of what was said, float32 [n]; None where it is too short to know."""
        return await asyncio.get_running_loop().run_in_executor(pool, voice_print, pcm)

    def guess(self, heard: Print | None) -> str | None:
        """Whose voice it sounds like, without remembering it."""
        return self._name(self._speakers.guess(heard))

    def settle(self, utterance: str, heard: Print | None) -> tuple[str | None, dict[str, str]]:
        """Whose voice an utterance is, and which earlier ones are now thought to be somebody else's."""
        speaker, changed = self._speakers.settle(utterance, heard)
        return self._name(speaker), {other: f"{self._participant}:{number}" for other, number in changed.items()}

    def forget(self) -> None:
        """Whoever speaks next is new."""
        self._speakers = OnlineSpeakers()

    def _name(self, number: int | None) -> str | None:
        return None if number is None else f"{self._participant}:{number}"
