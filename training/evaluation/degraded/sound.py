"""What microphones, rooms and codecs do to a voice. Sound is float32 [n], mono, 16 kHz, -1 to 1."""

import io
from collections.abc import Sequence

import av
import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from engine.utterance import SAMPLE_RATE
from training.evaluation.students import Pcm

_FULL_SCALE = 32767.0
_BABBLE_VOICES = 6


def with_noise(pcm: Pcm, noise: Pcm, snr_db: float) -> Pcm:
    """pcm with noise of the same length under it, its power `snr_db` below that of pcm."""
    power, theirs = float(np.square(pcm).mean()), float(np.square(noise).mean())
    scale = (power / max(theirs, 1e-12) / 10 ** (snr_db / 10)) ** 0.5
    mixed: Pcm = (pcm + noise * scale).astype(np.float32)
    return mixed


def white(length: int, rng: Generator) -> Pcm:
    """White noise [length]."""
    return rng.standard_normal(length).astype(np.float32)


def babble(length: int, voices: Sequence[Pcm], rng: Generator) -> Pcm:
    """Six of these voices at once, equally loud, each from a random point on and repeated: float32 [length]."""
    chosen = rng.choice(len(voices), min(_BABBLE_VOICES, len(voices)), replace=False)
    mixed = np.zeros(length, np.float32)
    for index in chosen:
        voice = np.resize(np.roll(voices[index], int(rng.integers(len(voices[index])))), length)
        mixed += voice / max(float(np.sqrt(np.square(voice).mean())), 1e-6)
    return mixed


def impulse_response(rt60: float, rng: Generator) -> Pcm:
    """A room: the direct sound, then noise that falls by 60 decibels in `rt60` seconds and holds as much energy."""
    time = np.arange(int(rt60 * SAMPLE_RATE)) / SAMPLE_RATE
    tail = rng.standard_normal(len(time)) * 10 ** (-3.0 * time / rt60)
    tail[0] = 0.0
    tail /= np.sqrt(np.square(tail).sum())
    tail[0] = 1.0
    return tail.astype(np.float32)


def in_room(pcm: Pcm, response: Pcm) -> Pcm:
    """pcm in a room, its echo after its end included: float32 [n + len(response) - 1]."""
    length = len(pcm) + len(response) - 1
    wet = np.fft.irfft(np.fft.rfft(pcm, length) * np.fft.rfft(response, length), length)
    return wet.astype(np.float32)


def quieter(pcm: Pcm, decibels: float) -> Pcm:
    """A microphone set so much too low: the voice falls towards the steps of 16 bits."""
    low: Pcm = (np.rint(pcm * 10 ** (-decibels / 20) * _FULL_SCALE) / _FULL_SCALE).astype(np.float32)
    return low


def clipped(pcm: Pcm, decibels: float) -> Pcm:
    """A microphone set so much too high: the loudest sample would lie that far over full scale, where all is cut."""
    peak = max(float(np.abs(pcm).max()), 1e-6)
    loud: Pcm = np.clip(pcm / peak * 10 ** (decibels / 20), -1.0, 1.0).astype(np.float32)
    return loud


def cut(pcm: Pcm, share: float) -> Pcm:
    """Without this share of its length at each end."""
    gone = int(share * len(pcm))
    return pcm[gone : len(pcm) - gone]


def telephone(pcm: Pcm) -> Pcm:
    """300 to 3400 Hz, the rest at least 40 decibels lower beyond an eighth of an octave."""
    hertz = np.fft.rfftfreq(len(pcm), 1 / SAMPLE_RATE).clip(1.0)
    outside = np.maximum(np.log2(300.0 / hertz), np.log2(hertz / 3400.0)).clip(0.0)  # octaves
    heard = np.fft.irfft(np.fft.rfft(pcm) * 10 ** (-np.minimum(16.0 * outside, 4.0)), len(pcm))
    return heard.astype(np.float32)


def opus(pcm: Pcm, bits_a_second: int) -> Pcm:
    """pcm after libopus at this rate, as a call would send it (20 ms, voice), as long as before."""
    file = io.BytesIO()
    with av.open(file, "w", format="ogg") as out:
        stream = out.add_stream("libopus", rate=SAMPLE_RATE, layout="mono", bit_rate=bits_a_second)
        stream.options = {"application": "voip", "frame_duration": "20"}
        samples: npt.NDArray[np.int16] = np.rint(np.clip(pcm, -1.0, 1.0) * _FULL_SCALE).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            out.mux(packet)
    file.seek(0)
    return _decode(file, len(pcm))


def _decode(file: io.BytesIO, length: int) -> Pcm:
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
    with av.open(file, "r") as source:
        frames = [out for frame in source.decode(audio=0) for out in resampler.resample(frame)]
    frames += resampler.resample(None)
    heard = np.concatenate([frame.to_ndarray()[0] for frame in frames])[:length]
    return np.pad(heard, (0, length - len(heard))).astype(np.float32)
