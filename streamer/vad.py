"""Voice activity: is there speech in these frames of 20 ms?"""

from importlib.resources import files
from itertools import groupby
from typing import Final, Protocol, cast

import numpy as np
import onnxruntime
import webrtcvad
from numpy.lib.stride_tricks import sliding_window_view

from engine.utterance import SAMPLE_RATE
from streamer.audio import FRAME, Samples

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

    def __call__(self, frames: Samples) -> list[bool]:
        """Which frames, float32 [n, 320] at 16 kHz, are speech, each as far as one can tell at its end.

        Ten at once cost half of what they do one by one, with the same answers.
        """
        pcm16 = (np.clip(frames, -1.0, 1.0) * 32767).astype("<i2")
        passed = [self._gate.is_speech(frame.tobytes(), SAMPLE_RATE) for frame in pcm16]
        awake = [self._stays_awake(one) for one in passed]
        speech: list[bool] = []
        for listens, run in groupby(range(len(frames)), awake.__getitem__):
            indices = list(run)
            speech += self._listen(frames[indices]) if listens else self._rest(len(indices))
        return [one and confirmed for one, confirmed in zip(passed, speech, strict=True)]

    def _stays_awake(self, passed: bool) -> bool:
        self._shut_for = 0 if passed else self._shut_for + 1
        return self._shut_for < _GATE_OPEN_FRAMES

    def _listen(self, frames: Samples) -> list[bool]:
        """Whether Silero hears speech at the end of each frame."""
        speech = []
        for probability in self._silero.push(frames):
            if probability is not None:
                self._speech = probability >= (_SILENCE_BELOW if self._speech else _SPEECH_ABOVE)
            speech.append(self._speech)
        return speech

    def _rest(self, frames: int) -> list[bool]:
        self._speech = False
        self._silero.reset()
        return [False] * frames


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

    def push(self, frames: Samples) -> list[float | None]:
        """For each frame, [n, 320], the probability of speech in the window that it fills; None where it fills none."""
        found: list[float | None] = [None] * len(frames)
        before, self._heard = len(self._heard), np.concatenate([self._heard, frames.ravel()])
        full = (len(self._heard) - _CONTEXT) // _WINDOW
        if full:
            windows = np.ascontiguousarray(sliding_window_view(self._heard, _CONTEXT + _WINDOW)[::_WINDOW])
            out, self._hidden, self._cell = self._session.run(
                None, {"input": windows, "h": self._hidden, "c": self._cell}
            )
            self._heard = self._heard[full * _WINDOW :]
            ends = _CONTEXT + _WINDOW * np.arange(1, full + 1)
            for probability, index in zip(out.reshape(-1).tolist(), (ends - before - 1) // FRAME, strict=True):
                found[index] = probability
        return found
