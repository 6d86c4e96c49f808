"""What the algorithm alone costs: when each event could be made if computing took no time.

Papers on streaming recognition call it computation-unaware latency (Ma et al., SimulEval, 2020): only media time
counts. Here that is the hangover, the packets in which sound comes, and what its codec looks ahead. It is the earliest:
the streamer's frames are taken to begin with packets. Over WebRTC they begin anywhere, up to 20 ms later.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, cast

import av
import numpy as np
from aiortc.codecs.opus import OpusDecoder
from aiortc.jitterbuffer import JitterFrame

from bench.media import OPUS_LOOKAHEAD_SECONDS, Media
from streamer.audio import FRAME, Resampler, Samples
from streamer.listener import FRAME_SECONDS, Close, Heard, Hush, Listener, Onset, Resume, Voice
from streamer.settings import Settings

_RESAMPLER_SECONDS: Final = 0.001
"""What the resampler to 16 kHz keeps back."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """One utterance as it was sent, in media time of the sender.

    start, end: of the utterance, tail of silence included. spoken: when the voice ceased.
    heard: when all sound until then can have reached the streamer's ear.
    told: when the first provisional event that has heard all of it can be made. closed: when the final one can.
    """

    start: float
    end: float
    spoken: float
    heard: float
    told: float
    closed: float


def codec_seconds(media: Media) -> float:
    """By how much sound is late in its own packets: over WebRTC by Opus's look-ahead, and by the resampler."""
    return OPUS_LOOKAHEAD_SECONDS + _RESAMPLER_SECONDS if media.transport == "webrtc" else 0.0


def utterances(media: Media, speaker: int) -> list[Spoken]:
    """All that one speaker says, by the streamer's own ear (voice activity, segments) over the sound as it is sent."""
    settings, late = Settings(), codec_seconds(media)
    listener = Listener(settings.segmenter, settings.gap_seconds)
    told = _Told(settings.provisional_seconds)
    found: list[Spoken] = []
    for number, pcm in enumerate(_decoded(media, speaker)):
        now = (number + 1) * FRAME_SECONDS
        for heard in listener.hear(number * FRAME_SECONDS, pcm):
            told.follow(heard, now)
            if isinstance(heard, Close):
                found.append(_spoken(heard, now, told, late))
    return found


def _spoken(close: Close, now: float, told: "_Told", late: float) -> Spoken:
    whole = np.ceil(close.spoken / FRAME_SECONDS - 1e-6) * FRAME_SECONDS
    return Spoken(
        start=close.start - late,
        end=close.end - late,
        spoken=close.spoken - late,
        heard=float(whole),
        told=min((at for end, at in told.all if end >= close.spoken - 1e-6), default=now),
        closed=now,
    )


class _Told:
    """When provisional events of the utterance under way are made: every half second of voice, and at each hush."""

    def __init__(self, every: float) -> None:
        self.all: list[tuple[float, float]] = []
        self._every = every
        self._glanced = 0.0

    def follow(self, heard: Heard, now: float) -> None:
        match heard:
            case Onset(start):
                self.all, self._glanced = [], start
            case Voice(until) if until >= self._glanced + self._every:
                self._glanced = until
                self.all.append((until, now))
            case Hush(until):
                self._glanced = until
                self.all.append((until, now))
            case Resume():
                self.all = []
            case _:
                pass


def _decoded(media: Media, speaker: int) -> Iterator[Samples]:
    packets = media.voices[speaker]
    if media.transport == "websocket":
        return (np.frombuffer(packet, "<i2").astype(np.float32) / 32768 for packet in packets)
    return _from_opus(packets)


def _from_opus(packets: tuple[bytes, ...]) -> Iterator[Samples]:
    """Packet by packet, decoded and resampled as a peer's sound is, filled up to whole frames at the front."""
    decoder, resampler = OpusDecoder(), Resampler("mixed")
    for number, packet in enumerate(packets):
        frames = decoder.decode(JitterFrame(packet, number * 3 * FRAME))
        pcm = np.concatenate([resampler.push(cast(av.AudioFrame, frame))[0] for frame in frames])
        yield np.pad(pcm, (FRAME - len(pcm), 0))
