"""The engine with the same utterance to read, part by part."""

from collections.abc import Awaitable, Callable
from functools import partial

from bench.past import begin, said, step
from bench.utterances import reworded, unseen, utterance
from engine import Dialogue, Engine, Utterance

IN_ALL = "in all"


async def parts(engine: Engine, dialogue: Dialogue) -> dict[str, Callable[[], Awaitable[object]]]:
    """A call for each part, and one for all, through the engine's queue, in a dialogue that begins here."""
    await begin(dialogue)
    whole, outputs = utterance(0), await said(dialogue)
    return {
        "text": lambda: dialogue.encode(reworded(Utterance(whole.speaker, text=whole.text))),
        "audio": partial(dialogue.encode, Utterance(whole.speaker, audio=whole.audio)),
        "video": lambda: dialogue.encode(unseen(Utterance(whole.speaker, faces=whole.faces))),
        "fusion": partial(step, engine, dialogue, outputs),
        IN_ALL: lambda: dialogue.observe(unseen(whole)),
    }
