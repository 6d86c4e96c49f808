"""What a peer sends goes to its decoder as soon as it can be decoded.

aiortc's own jitter buffer is made for playing: it holds a packet of sound until four newer ones have come (80 ms) and a
picture until the next begins (40 ms at 25 a second), and once a packet of sound is lost, it drops four more and all
later ones stay late by as long as it waited for the lost one (280 ms). Nothing is played here, and every frame carries
its media time: nothing needs smoothing.
"""

from typing import Final, cast

from aiortc import RTCPeerConnection
from aiortc.jitterbuffer import MAX_MISORDER, JitterBuffer, JitterFrame
from aiortc.rtp import RtpPacket

_BUFFER: Final = "_RTCRtpReceiver__jitter_buffer"
"""aiortc has no setting for it. Where a later version has renamed it, its own buffer stays."""
_NUMBERS: Final = 1 << 16
_PICTURE_PACKETS: Final = 512


def hand_over_at_once(connection: RTCPeerConnection) -> None:
    """All that the peer sends. Called once its offer is known, before the first packet."""
    for transceiver in connection.getTransceivers():
        if isinstance(getattr(transceiver.receiver, _BUFFER, None), JitterBuffer):
            buffer = SoundBuffer() if transceiver.kind == "audio" else PictureBuffer()
            setattr(transceiver.receiver, _BUFFER, buffer)


class SoundBuffer(JitterBuffer):
    """A packet is a frame by itself (RFC 7587 for Opus). One that comes after a newer one is left out, as if lost; one
    that is much older is of a sender who has begun to count anew."""

    def __init__(self) -> None:
        super().__init__(capacity=1)
        self._newest: int | None = None

    def add(self, packet: RtpPacket) -> tuple[bool, JitterFrame | None]:
        """Whether a whole picture must be asked for (never, for sound), and the frame that can be decoded now."""
        if self._newest is not None and (self._newest - packet.sequence_number) % _NUMBERS < MAX_MISORDER:
            return False, None
        self._newest = packet.sequence_number
        return False, JitterFrame(_payload(packet), packet.timestamp)


class PictureBuffer(JitterBuffer):
    """A picture is whole with the packet that is marked as its last (RFC 7741 for VP8, RFC 6184 for H.264).

    Packets wait for those before them, which the receiver asks for again. Where no packet is marked, a picture is
    whole once the next begins.
    """

    def __init__(self) -> None:
        super().__init__(capacity=_PICTURE_PACKETS, is_video=True)

    def _remove_frame(self, _sequence_number: int) -> JitterFrame | None:
        while packets := self._first_picture():
            self.remove(len(packets))
            if data := b"".join(_payload(packet) for packet in packets):  # padding alone is no picture
                return JitterFrame(data, packets[0].timestamp)
        return None

    def _first_picture(self) -> list[RtpPacket]:
        """All packets of the oldest picture; none while it is not whole."""
        first, packets = cast(int, self._origin), list[RtpPacket]()
        for count in range(self.capacity):
            packet = self._packets[(first + count) % self.capacity]
            if packet is None:
                break
            if packets and packet.timestamp != packets[0].timestamp:
                return packets
            packets.append(packet)
            if packet.marker:
                return packets
        return []


def _payload(packet: RtpPacket) -> bytes:
    """Without the headers of its codec: the receiver sets it, the class does not declare it."""
    return cast(bytes, vars(packet)["_data"])
