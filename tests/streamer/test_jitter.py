"""Packets of a peer are handed over as soon as they can be decoded, and in order."""

import pytest
from aiortc import RTCPeerConnection
from aiortc.jitterbuffer import JitterBuffer
from aiortc.rtp import RtpPacket

from streamer.server.jitter import PictureBuffer, SoundBuffer, hand_over_at_once

WRAP = 1 << 16


def packet(number: int, timestamp: int, data: bytes = b"x", *, last: bool = False) -> RtpPacket:
    made = RtpPacket(sequence_number=number % WRAP, timestamp=timestamp, marker=int(last))
    vars(made)["_data"] = data
    return made


def handed(buffer: JitterBuffer, *packets: RtpPacket) -> list[tuple[bytes, int] | None]:
    frames = [buffer.add(one)[1] for one in packets]
    return [None if frame is None else (frame.data, frame.timestamp) for frame in frames]


@pytest.mark.parametrize(("kind", "expected"), [("audio", SoundBuffer), ("video", PictureBuffer)])
async def test_aiortc_s_own_buffer_is_replaced(kind: str, expected: type[JitterBuffer]) -> None:
    connection = RTCPeerConnection()
    receiver = connection.addTransceiver(kind).receiver
    assert type(vars(receiver)["_RTCRtpReceiver__jitter_buffer"]) is JitterBuffer
    hand_over_at_once(connection)
    assert type(vars(receiver)["_RTCRtpReceiver__jitter_buffer"]) is expected
    await connection.close()


@pytest.mark.parametrize("first", [7, WRAP - 2])
def test_sound_goes_on_at_once_and_is_not_held_up_by_what_is_lost(first: int) -> None:
    sent = [packet(first + n, 960 * n, bytes([n])) for n in (0, 1, 3, 2, 3, 4)]
    assert handed(SoundBuffer(), *sent) == [(b"\0", 0), (b"\1", 960), (b"\3", 2880), None, None, (b"\4", 3840)]


def test_sound_of_a_sender_who_counts_anew_goes_on() -> None:
    assert handed(SoundBuffer(), packet(500, 0, b"a"), packet(3, 960, b"b")) == [(b"a", 0), (b"b", 960)]


def test_a_picture_is_whole_with_its_last_packet() -> None:
    sent = [packet(1, 0, b"a"), packet(2, 0, b"b", last=True), packet(3, 3600, b"c", last=True)]
    assert handed(PictureBuffer(), *sent) == [None, (b"ab", 0), (b"c", 3600)]


def test_a_picture_without_a_marked_packet_is_whole_once_the_next_begins() -> None:
    sent = [packet(1, 0, b"a"), packet(2, 0, b"b"), packet(3, 3600, b"c"), packet(4, 3600, b"d", last=True)]
    assert handed(PictureBuffer(), *sent) == [None, None, (b"ab", 0), (b"cd", 3600)]


def test_a_picture_waits_for_what_is_missing_of_it() -> None:
    sent = [packet(1, 0, b"a"), packet(3, 0, b"c", last=True), packet(4, 3600, b"d", last=True), packet(2, 0, b"b")]
    buffer = PictureBuffer()
    assert handed(buffer, *sent) == [None, None, None, (b"abc", 0)]
    assert handed(buffer, packet(5, 7200, b"e", last=True)) == [(b"d", 3600)]


def test_padding_alone_is_no_picture() -> None:
    sent = [packet(1, 0, b"a", last=True), packet(2, 0, b""), packet(3, 3600, b"b", last=True)]
    assert handed(PictureBuffer(), *sent) == [(b"a", 0), None, (b"b", 3600)]


def test_what_never_comes_is_given_up_and_a_whole_picture_asked_for() -> None:
    buffer = PictureBuffer()
    buffer.add(packet(1, 0, b"a"))
    later = [packet(n, 3600 * n, b"b", last=True) for n in range(3, 514)]
    added = [buffer.add(one) for one in later]
    assert [asked for asked, _ in added] == [False] * 510 + [True]
    assert added[-1][1] is not None
