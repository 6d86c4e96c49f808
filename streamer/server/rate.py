"""How much one client may send in a second."""


class RateLimit:
    """A token bucket that holds two seconds' worth, so that a burst after a stall is no offence."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._tokens = self._most = 2 * per_second
        self._at = 0.0

    def take(self, amount: float, now: float) -> bool:
        """Whether this much more may pass at `now` (monotonic seconds); what may not is not counted."""
        self._tokens = min(self._most, self._tokens + (now - self._at) * self._per_second)
        self._at = now
        if amount > self._tokens:
            return False
        self._tokens -= amount
        return True
