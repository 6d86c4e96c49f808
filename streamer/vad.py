"""Voice activity: is there speech in this 20 ms frame?"""

from importlib.resources import files
from typing import Final, Protocol, cast

import numpy as np
import onnxruntime
import webrtcvad

from engine.utterance import SAMPLE_RATE
from streamer.audio import Samples

_GATE_MODE: Final = 2
_GATE_OPEN_FRAMES: Final = 25
_WINDOW: Final = 512
_CONTEXT: Final = 64
_SPEECH_ABOVE: Final = 0.5
_SILENCE_BELOW: Final = 0.25


class _Gate(Protocol):
    def is_speech(self, pcm16: bytes, sample_rate: int) -> bool: ...


class VoiceActivity:
    """webrtcvad as a cheap gate, Silero confirming what passes. All state is in the object: same frames, same answers.

    The gate takes quiet noise for speech, so it never decides alone. Silero rests while the gate has been shut for half
    a second (a muted or silent track costs next to nothing) and then begins afresh.
    """

    def __init__(self) -> None:
        self._silero = _Silero()
        self.reset()

    def reset(self) -> None:
        """Forgets everything heard."""
        self._gate = cast(_Gate, webrtcvad.Vad(_GATE_MODE))
        self._shut_for = _GATE_OPEN_FRAMES
        self._speech = False
        self._silero.reset()

    def __call__(self, frame: Samples) -> bool:
        """True if the frame, float32 [320] at 16 kHz, is speech as far as one can tell at its end."""
        pcm16 = (np.clip(frame, -1.0, 1.0) * 32767).astype("<i2").tobytes()
        passed = self._gate.is_speech(pcm16, SAMPLE_RATE)
        self._shut_for = 0 if passed else self._shut_for + 1
        if self._shut_for >= _GATE_OPEN_FRAMES:
            self._speech = False
            self._silero.reset()
            return False
        for probability in self._silero.push(frame):
            self._speech = probability >= (_SILENCE_BELOW if self._speech else _SPEECH_ABOVE)
        return passed and self._speech


class _Silero:
    """Silero VAD v6 over windows of 32 ms, each with the 4 ms before it. The weights are faster-whisper's asset."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 4
        model = (files("faster_whisper") / "assets" / "silero_vad_v6.onnx").read_bytes()
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.reset()

    def reset(self) -> None:
        self._heard: Samples = np.zeros(_CONTEXT, np.float32)
        self._hidden = self._cell = np.zeros((1, 1, 128), np.float32)

    def push(self, frame: Samples) -> list[float]:
        """The probabilities of speech in the windows that are full now."""
        self._heard = np.concatenate([self._heard, frame])
        probabilities = []
        while len(self._heard) >= _CONTEXT + _WINDOW:
            window = self._heard[None, : _CONTEXT + _WINDOW]
            out, self._hidden, self._cell = self._session.run(
                None, {"input": window, "h": self._hidden, "c": self._cell}
            )
            probabilities.append(float(out[0]))
            self._heard = self._heard[_WINDOW:]
        return probabilities
