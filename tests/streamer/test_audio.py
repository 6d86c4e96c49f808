"""Resampling, frames and the ring of samples."""

import av
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.audio import FRAME, AudioBuffer, Reframer, Resampler, Samples


def frames(pcm: Samples, rate: int, layout: str, size: int = 960) -> list[av.AudioFrame]:
    """Planar float frames as a decoder gives them, from [channels, n]."""
    made = []
    for first in range(0, pcm.shape[1], size):
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm[:, first : first + size]), "fltp", layout)
        frame.sample_rate = rate
        frame.pts = first
        made.append(frame)
    return made


def resampled(resampler: Resampler, inputs: list[av.AudioFrame]) -> Samples:
    return np.concatenate([*(resampler.push(frame) for frame in inputs), resampler.flush()], axis=1)


def tone(hertz: float, rate: int, seconds: float = 1.0) -> Samples:
    wave: npt.NDArray[np.float64] = 0.5 * np.sin(
        2 * np.pi * hertz * np.arange(round(rate * seconds), dtype=np.float64) / rate
    )
    return wave.astype(np.float32)


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
def test_a_tone_of_any_rate_keeps_its_pitch_length_and_loudness(rate: int) -> None:
    out = resampled(Resampler(), frames(tone(440, rate)[None], rate, "mono"))
    assert out.shape[0] == 1
    assert abs(out.shape[1] - 16_000) <= 16
    expected = tone(440, 16_000)
    middle = slice(2_000, 14_000)
    assert np.abs(out[0, middle] - expected[middle]).max() < 0.02


def test_channels_are_kept_apart_or_mixed_to_their_mean() -> None:
    stereo = np.stack([tone(440, 48_000), np.zeros(48_000, np.float32)])
    kept = resampled(Resampler("kept"), frames(stereo, 48_000, "stereo"))
    mixed = resampled(Resampler("mixed"), frames(stereo, 48_000, "stereo"))
    assert np.abs(kept[0, 2_000:14_000]).max() == pytest.approx(0.5, abs=0.01)
    assert not kept[1].any()
    np.testing.assert_allclose(mixed[0], kept.mean(axis=0), atol=1e-6)


def test_surround_sound_is_mixed_to_one_row() -> None:
    centre = np.zeros((6, 48_000), np.float32)
    centre[2] = tone(440, 48_000)
    mixed = resampled(Resampler("mixed"), frames(centre, 48_000, "5.1"))
    assert mixed.shape[0] == 1
    assert np.abs(mixed).max() > 0.2


def test_packed_integers_as_webrtc_gives_them_are_understood() -> None:
    pcm16 = (tone(440, 48_000) * 32767).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(np.repeat(pcm16, 2)[None], "s16", "stereo")
    frame.sample_rate = 48_000
    out = resampled(Resampler("mixed"), [frame])
    assert np.abs(out[0, 2_000:14_000] - tone(440, 16_000)[2_000:14_000]).max() < 0.02


def test_a_rate_that_changes_on_the_way_breaks_nothing() -> None:
    inputs = frames(tone(440, 48_000)[None], 48_000, "mono") + frames(tone(440, 8_000)[None], 8_000, "mono")
    out = resampled(Resampler(), inputs)
    assert abs(out.shape[1] - 32_000) <= 64


def test_too_loud_a_signal_is_clipped() -> None:
    out = resampled(Resampler(), frames(4 * tone(440, 16_000)[None], 16_000, "mono"))
    assert np.abs(out).max() == 1.0


@given(st.lists(st.integers(0, 2_000), max_size=20))
def test_frames_are_the_chunks_joined_with_silence_only_at_the_end(sizes: list[int]) -> None:
    pcm = np.arange(1, sum(sizes) + 1, dtype=np.float32)
    reframer = Reframer()
    made = [frame for chunk in np.split(pcm, np.cumsum(sizes)) for frame in reframer.push(chunk)]
    made.extend(reframer.flush())
    assert all(frame.shape == (FRAME,) for frame in made)
    joined = np.concatenate([np.zeros(0, np.float32), *made])
    assert 0 <= len(joined) - len(pcm) < FRAME
    np.testing.assert_array_equal(joined[: len(pcm)], pcm)
    assert not joined[len(pcm) :].any()


def test_a_chunk_counts_even_if_its_frames_are_never_looked_at() -> None:
    reframer = Reframer()
    reframer.push(np.ones(100, np.float32))
    (frame,) = reframer.push(np.full(220, 2.0, np.float32))
    assert frame[99] == 1.0
    assert frame[100] == 2.0


@given(st.integers(1, 500), st.lists(st.integers(0, 700), max_size=12), st.data())
def test_the_buffer_gives_back_what_it_still_holds_and_refuses_the_rest(
    capacity: int, sizes: list[int], data: st.DataObject
) -> None:
    pcm = np.arange(sum(sizes), dtype=np.float32)
    buffer = AudioBuffer(capacity)
    for chunk in np.split(pcm, np.cumsum(sizes)):
        buffer.append(chunk)
    start = data.draw(st.integers(-2, len(pcm) + 2))
    end = data.draw(st.integers(start, len(pcm) + 2))
    if max(0, len(pcm) - capacity) <= start and end <= len(pcm):
        np.testing.assert_array_equal(buffer.slice(start, end), pcm[start:end])
    else:
        with pytest.raises(LookupError, match="not held"):
            buffer.slice(start, end)


def test_a_slice_is_a_copy() -> None:
    buffer = AudioBuffer(4)
    buffer.append(np.arange(4, dtype=np.float32))
    held = buffer.slice(0, 4)
    buffer.append(np.full(4, 9.0, np.float32))
    assert held.tolist() == [0, 1, 2, 3]
