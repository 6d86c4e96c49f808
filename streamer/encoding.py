"""What this machine can write films with."""

from typing import Final

import av

_CODECS: Final = ("libx264", "libopenh264", "mpeg4")


def film_codec() -> str | None:
    """The best encoder for MP4 that this PyAV has, or None."""
    return next((name for name in _CODECS if name in av.codecs_available), None)


def missing_codec() -> str:
    """A sentence for the user where there is none."""
    return f"this PyAV can encode none of {', '.join(_CODECS)}; install PyAV's own wheel: `pip install av`"
