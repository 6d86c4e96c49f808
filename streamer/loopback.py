"""WebRTC without a network.

aioice gathers candidates on every address but 127.0.0.1 and ::1, and has no setting for it, so that with only the
loopback interface up two programs on one machine find no path to each other. A server that is bound to localhost is
reached from this machine alone, so there loopback is a path like any other, and often the only one.
"""

from typing import Final

import aioice.ice

LOCAL_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})

_gathered = aioice.ice.get_host_addresses


def _with_loopback(use_ipv4: bool, use_ipv6: bool) -> list[str]:
    return [*_gathered(use_ipv4, use_ipv6), *(["127.0.0.1"] if use_ipv4 else [])]


def _loopback_alone(use_ipv4: bool, use_ipv6: bool) -> list[str]:  # noqa: ARG001 (aioice's signature)
    return ["127.0.0.1"] if use_ipv4 else []


def allow_loopback() -> None:
    """Lets peer connections of this process use 127.0.0.1, from now on. Doing so twice is doing so once."""
    if aioice.ice.get_host_addresses is not _loopback_alone:
        aioice.ice.get_host_addresses = _with_loopback


def keep_to_loopback() -> None:
    """Lets peer connections of this process use 127.0.0.1 and nothing else, from now on."""
    aioice.ice.get_host_addresses = _loopback_alone


def within_reach(sdp: str) -> str:
    """The other side's SDP without the candidates that `keep_to_loopback`, where it was called, rules out."""
    if aioice.ice.get_host_addresses is not _loopback_alone:
        return sdp
    lines = sdp.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("a=candidate:") or line.split()[4] == "127.0.0.1")
