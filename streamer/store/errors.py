"""What the library says no with."""


class StoreError(Exception):
    """The library can't be opened, read or written; the message is a sentence that says what to do."""


class NotKept(StoreError):
    """There is no conversation of this id."""

    def __init__(self, id: str) -> None:
        super().__init__(f"no conversation '{id}' is kept; 'undertone conversations list' shows what is")


def explain(place: str, error: BaseException) -> StoreError:
    """A database's or the system's error in a sentence."""
    reason = (getattr(error, "strerror", None) or str(error) or type(error).__name__).strip().splitlines()[0]
    remedy = "choose another place with --store, or keep nothing with --no-store"
    if "locked" in reason:
        remedy = "close the other program that holds it, or " + remedy
    elif "is full" in reason:
        remedy = "make room on its disk, or " + remedy
    elif any(word in reason.lower() for word in ("read-only", "readonly", "unable to open", "denied")):
        remedy = "make it and its folder writable, or " + remedy
    return StoreError(f"the library at {place} can't be used ({reason}); {remedy}")
