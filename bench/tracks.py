"""Tracks of a real peer connection that give packets which are encoded already."""

import asyncio
from collections.abc import Callable
from fractions import Fraction
from time import time
from typing import Final, Literal

from aiortc import MediaStreamTrack
from av.packet import Packet
from av.stream import Stream

_CLOCK: Final = Fraction(1, 90_000)  # of RTP video; whole numbers of it are whole numbers of Opus's too


class PacketTrack(MediaStreamTrack):
    """Gives packet after packet in real time, once `begin` was called: nothing goes out before, so nothing is lost.

    packet: the payload of a number from 0 on; None where there are no more. every: may be changed while it plays: only
    packets whose number it divides go out. seconds: from one to the next. late: by how much the first goes out after
    the beginning.
    """

    def __init__(
        self, kind: Literal["audio", "video"], packet: Callable[[int], bytes | None], seconds: float, late: float
    ) -> None:
        super().__init__()
        self.kind = kind
        self.behind: list[float] = []
        self.every = 1
        self._packet = packet
        self._seconds = seconds
        self._late = late
        self._number = 0
        self._began = 0.0
        self._begun = asyncio.Event()
        self.over = asyncio.Event()

    def begin(self, at: float) -> None:
        """Media time 0 is at this wall time."""
        self._began = at
        self._begun.set()

    async def recv(self) -> "Packet[Stream]":
        await self._begun.wait()
        self._number += -self._number % self.every
        data = self._packet(self._number)
        if data is None:
            self.over.set()
            await asyncio.Event().wait()  # A track that ended would end the connection; this one is closed with it.
            raise AssertionError
        at = self._number * self._seconds
        due = self._began + at + self._late
        await asyncio.sleep(max(0.0, due - time()))
        self.behind.append(time() - due)
        packet: Packet[Stream] = Packet(data)
        packet.pts, packet.time_base = round(at / _CLOCK), _CLOCK
        self._number += 1
        return packet
