"""Where several recordings are written: `{name}` in an output stands for each one's name."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from streamer.exports import ExportError, format_of, make_room
from streamer.recorded.inputs import Recording

NAME: Final = "{name}"


def outputs_of(recordings: Sequence[Recording], outputs: Sequence[Path]) -> list[tuple[Path, ...]]:
    """Each recording's outputs. The folders that they lie in are made.

    Raises ExportError where two recordings would be written to the same file, or one cannot be written at all.
    """
    if len(recordings) > 1 and (shared := [path for path in outputs if NAME not in str(path)]):
        better = shared[0].with_name(NAME + shared[0].suffix)
        raise ExportError(f"{len(recordings)} recordings cannot all be written to {shared[0]}; give -o '{better}'")
    for path in outputs:
        format_of(path)
    found = [tuple(Path(str(path).replace(NAME, name)) for path in outputs) for name in _names(recordings)]
    make_room([path for paths in found for path in paths])
    return found


def _names(recordings: Sequence[Recording]) -> list[str]:
    """The files' names without suffix; with it where they are the same; numbered where they still are."""
    stems = ["+".join(file.stem for file in recording.files) for recording in recordings]
    names = [
        stem if stems.count(stem) == 1 else "+".join(file.name for file in recording.files)
        for stem, recording in zip(stems, recordings, strict=True)
    ]
    seen: Counter[str] = Counter()
    for index, name in enumerate(names):
        seen[name] += 1
        if seen[name] > 1:
            names[index] = f"{name}-{seen[name]}"
    return names
