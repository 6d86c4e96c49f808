"""What the students said of an utterance, as JSON: with it a dialogue's memory can be rebuilt without its sound."""

import base64
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from engine.dialogue import Encoded
from engine.labels import MODALITIES
from engine.students import StudentOutput
from engine.utterance import MIN_AUDIO_SECONDS, SAMPLE_RATE, Utterance

_LITTLE: Final = np.dtype("<f4")
# An utterance has to have something; of sound the fusion sees only what the students said.
_SILENCE: Final = np.zeros(round(MIN_AUDIO_SECONDS * SAMPLE_RATE), np.float32)


def to_json(encoded: Encoded) -> dict[str, Any]:
    """Speaker, words, prompt, and each student's embedding and logits, to the bit where they are float32."""
    return {
        "speaker": encoded.utterance.speaker,
        "text": encoded.utterance.text,
        "tokens": encoded.tokens,
        "outputs": {m: [_pack(said.embedding), _pack(said.logits)] for m, said in encoded.outputs.items()},
    }


def from_json(kept: dict[str, Any]) -> Encoded:
    """The reverse of `to_json`, for `Dialogue.observe`, on the CPU. Raises ValueError, KeyError or TypeError."""
    text = kept["text"]
    utterance = Utterance(kept["speaker"], text=text, audio=None if text else _SILENCE)
    outputs = {m: StudentOutput(*map(_unpack, kept["outputs"][m])) for m in MODALITIES if m in kept["outputs"]}
    return Encoded(utterance, None if kept["tokens"] is None else tuple(kept["tokens"]), outputs)


def _pack(values: Tensor) -> str:
    return base64.b64encode(values.float().cpu().numpy().astype(_LITTLE).tobytes()).decode()


def _unpack(packed: str) -> Tensor:
    return torch.from_numpy(np.frombuffer(base64.b64decode(packed), _LITTLE).astype(np.float32))
