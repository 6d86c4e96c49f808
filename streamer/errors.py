"""What the streamer says no with."""

from streamer.protocol import ErrorCode


class Refused(Exception):
    """Something that a client asked for is refused: a code of the fixed list and a sentence that says what to do."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
