"""One dialogue in the engine: who spoke, what was said, and the slot of memory that the fusion keeps for it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

from engine.encoder import EncodeJob
from engine.fuser import FuseJob
from engine.labels import Modality
from engine.prompt import Turn
from engine.reading import Reading
from engine.students import StudentOutput
from engine.utterance import Utterance

if TYPE_CHECKING:
    from engine.engine import Engine


@dataclass(frozen=True, slots=True)
class History:
    """What the text student needs of a dialogue's past.

    speakers: by first appearance; turns: the last with words, as `Prompt.turn` makes them.
    """

    speakers: tuple[str, ...] = ()
    turns: tuple[Sequence[int], ...] = ()

    def number(self, speaker: str) -> int:
        """The speaker's number from 1, the next free one if they have not spoken yet."""
        return self.speakers.index(speaker) + 1 if speaker in self.speakers else len(self.speakers) + 1

    def after(self, speaker: str, turn: Sequence[int] | None, keep: int) -> "History":
        """With one more turn, None if it has no words, and of all turns only the last `keep`."""
        speakers = self.speakers if speaker in self.speakers else (*self.speakers, speaker)
        if turn is None:
            return History(speakers, self.turns)
        turns = (*self.turns, turn)
        return History(speakers, turns[max(0, len(turns) - keep) :])


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """What the students say of an utterance, on the host. tokens: the prompt that its text was read in, if any."""

    utterance: Utterance
    tokens: tuple[int, ...] | None
    outputs: Mapping[Modality, StudentOutput]


class Dialogue:
    """One conversation's memory. Made by `Engine.open`; a context manager that closes it.

    Methods are coroutines for one event loop and raise RuntimeError once the dialogue is closed. Cancelling one is
    safe: a final that was not run is not in memory.
    """

    def __init__(self, engine: "Engine", slot: int) -> None:
        self.slot = slot
        self.closed = False
        self._engine = engine
        self._history = History()
        self._latest: tuple[Turn, Sequence[int]] | None = None  # an utterance is asked for several times over
        self._order = asyncio.Lock()

    async def encode(self, utterance: Utterance) -> Encoded:
        """Run the students alone: work that can be done before it is sure that the utterance has ended."""
        self._check_open()
        tokens = self._prompt(utterance)
        outputs = await self._engine.encode(_to_encode(utterance, tokens), self, glance_of=None)
        return Encoded(utterance, tokens, outputs)

    async def observe(self, utterance: Utterance | Encoded) -> Reading:
        """The final reading of an utterance, which becomes part of the dialogue. Calls take effect in their order."""
        async with self._order:
            return await self._read(utterance, glance_of=None)

    async def recall(self, encoded: Encoded) -> None:
        """Puts an utterance that was read before back into memory; `engine.kept` keeps what it takes."""
        await self.observe(encoded)

    async def glance(self, utterance: Utterance | Encoded) -> Reading:
        """A provisional reading that leaves the dialogue as it was.

        Raises EngineBusy when the queue is full, and when a newer glance at the same speaker comes while it is queued.
        """
        said = utterance if isinstance(utterance, Utterance) else utterance.utterance
        return await self._read(utterance, glance_of=said.speaker)

    def close(self) -> None:
        """Give the slot back; what is still queued for it fails. Closing twice does nothing."""
        if not self.closed:
            self.closed = True
            self._engine.give_back(self.slot)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def _read(self, utterance: Utterance | Encoded, *, glance_of: str | None) -> Reading:
        self._check_open()
        known = utterance if isinstance(utterance, Encoded) else None
        said = utterance.utterance if isinstance(utterance, Encoded) else utterance
        history, turn, tokens = self._history, self._turn(said), self._prompt(said)

        def commit() -> None:
            self._history = history.after(said.speaker, turn, self._engine.bundle.prompt.turns)

        outputs, number = known.outputs if known else {}, history.number(said.speaker) - 1
        job = FuseJob(self, outputs, number, commit if glance_of is None else None)
        if known is not None and tokens == known.tokens:
            return await self._engine.fuse(job, self, glance_of=glance_of)
        # What was said since then may have changed the prompt: then the text is read again, and no more.
        encode = _to_encode(said, tokens) if known is None else EncodeJob(tokens, None, None)
        return await self._engine.read(encode, job, self, glance_of=glance_of)

    def _check_open(self) -> None:
        if self.closed:
            raise RuntimeError("the dialogue is closed")

    def _prompt(self, utterance: Utterance) -> tuple[int, ...] | None:
        now = self._turn(utterance)
        return None if now is None else tuple(self._engine.bundle.prompt.join(self._history.turns, now))

    def _turn(self, utterance: Utterance) -> Sequence[int] | None:
        """What it is in a prompt, None without words."""
        if not utterance.present["text"]:
            return None
        turn = Turn(self._history.number(utterance.speaker), utterance.text or "")
        if self._latest is None or self._latest[0] != turn:
            self._latest = turn, self._engine.bundle.prompt.turn(turn)
        return self._latest[1]


def _to_encode(utterance: Utterance, tokens: tuple[int, ...] | None) -> EncodeJob:
    return EncodeJob(tokens, utterance.audio, utterance.faces if utterance.present["video"] else None)
