"""Undertone's streamer: everything between the outside and the engine.

`replay` is imported when it is first used: who only needs the protocol does not load the pipeline.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streamer.recorded.api import replay
else:

    def __getattr__(name):  # noqa: ANN001, ANN202 (type checkers see the import above)
        if name == "replay":
            from streamer.recorded.api import replay

            return replay
        raise AttributeError(f"module 'streamer' has no attribute '{name}'")


__all__ = ["replay"]
