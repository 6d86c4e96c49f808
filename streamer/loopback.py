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


def allow_loopback() -> None:
    """Lets peer connections of this process use 127.0.0.1, from now on. Doing so twice is doing so once."""
    aioice.ice.get_host_addresses = _with_loopback
