"""The transcript that lies beside a recording."""

import re
from pathlib import Path
from typing import Final

from engine.labels import EMOTIONS
from streamer.exports.wording import EXPRESSED

_RESOLUTION: Final = re.compile(r"_\d+x\d+$")
_SUFFIXES: Final = (".vtt", ".srt", ".transcript.vtt", ".cc.vtt")
_OWN_LINE: Final = re.compile(rf"^.+ \((?:unsure, perhaps )?(?:{'|'.join(EMOTIONS)})\):", re.MULTILINE)
_HEAD: Final = 4096


def transcript_beside(media: Path) -> Path | None:
    """A file of the recording's name with .vtt or .srt, or as Zoom's cloud calls it, `….transcript.vtt`.

    Captions that Undertone itself has written from the recording are none.
    """
    stems = dict.fromkeys((media.stem, _RESOLUTION.sub("", media.stem)))
    for stem in stems:
        for suffix in _SUFFIXES:
            path = media.with_name(stem + suffix)
            if path.is_file() and not _is_own(path):
                return path
    return None


def _is_own(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(_HEAD).decode("utf-8", errors="replace")
    return EXPRESSED in head or bool(_OWN_LINE.search(head))
