"""Long dialogues for the engine, made quickly: the students read once, the fusion takes every turn."""

from collections.abc import Mapping

from bench.utterances import PAST, utterance, words
from engine import Dialogue, Engine, Utterance
from engine.fuser import FuseJob
from engine.labels import Modality
from engine.students import StudentOutput

Outputs = Mapping[Modality, StudentOutput]


async def begin(dialogue: Dialogue, speakers: tuple[str, str] = ("A", "B")) -> None:
    """PAST turns of words, so that the text student has as much to read as it ever has."""
    for turn in range(PAST):
        await dialogue.observe(Utterance(speakers[turn % 2], words(turn)))


async def said(dialogue: Dialogue, seed: int = 0) -> Outputs:
    """What the students say of one made-up utterance."""
    return (await dialogue.encode(utterance(seed))).outputs


async def step(engine: Engine, dialogue: Dialogue, outputs: Outputs) -> None:
    """One turn of the fusion alone, with the weights of its modalities; the memory is extended."""
    await engine.fuse(FuseJob(dialogue, outputs, 0, _nothing), dialogue, glance_of=None)


async def extend(engine: Engine, dialogue: Dialogue, outputs: Outputs, turns: int) -> None:
    """So many turns into the memory, of words alone: one pass each in place of eight, and the same room."""
    text: Outputs = {"text": outputs["text"]}
    for _ in range(turns):
        await step(engine, dialogue, text)


def _nothing() -> None:
    """No history to extend: the text is not read again."""
