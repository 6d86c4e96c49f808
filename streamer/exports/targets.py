"""Where exports go: all that can be refused is refused here, before any work is done."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from streamer.exports.formats import FORMATS, ExportError, Format, format_named, format_of
from streamer.record import ConversationRecord


@dataclass(frozen=True, slots=True)
class Target:
    """One export to make: a format, and the file to write or None for standard output."""

    format: Format
    path: Path | None

    def write(self, record: ConversationRecord) -> None:
        """Writes it, in UTF-8; a file is there whole or not at all. Raises OSError."""
        data = self.format.render(record).encode()
        if self.path is None:
            sys.stdout.buffer.write(data)
            sys.stdout.flush()
        else:
            unfinished = self.path.with_name(f".{self.path.name}.{os.getpid()}")
            try:
                unfinished.write_bytes(data)
                unfinished.replace(self.path)
            finally:
                unfinished.unlink(missing_ok=True)


def targets(names: Sequence[str], outputs: Sequence[Path]) -> list[Target]:
    """What `--format` and `-o` ask for: neither is JSON lines to standard output.

    Several outputs are each of the format that their suffix names. One output may have formats beside it: of one
    format it is written as it is called, of several it is the name to which each adds its suffix.
    Raises ExportError.
    """
    formats = [format_named(name) for name in dict.fromkeys(names)]
    if not outputs:
        if len(formats) > 1:
            raise ExportError("several formats cannot share standard output; name the files with -o")
        return [Target(format, None) for format in formats or [FORMATS["jsonl"]]]
    if not formats:
        found = [Target(format_of(path), path) for path in outputs]
    elif len(outputs) > 1:
        raise ExportError("give several -o, each with its suffix, or one -o with --format, not both")
    elif len(formats) == 1:
        found = [Target(formats[0], outputs[0])]
    else:
        stem = outputs[0].with_suffix("") if outputs[0].suffix[1:].lower() in FORMATS else outputs[0]
        found = [Target(format, stem.with_name(stem.name + format.suffix)) for format in formats]
    make_room([target.path for target in found if target.path is not None])
    return found


def make_room(paths: Sequence[Path]) -> None:
    """Makes the folders that these files will lie in.

    Raises ExportError where a file is named twice or cannot lie where it should.
    """
    if len(set(paths)) < len(paths):
        raise ExportError("the same file is named twice; give each export a file of its own")
    for path in paths:
        if path.is_dir():
            raise ExportError(f"'{path}' is a folder; name a file in it")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ExportError(f"the folder '{path.parent}' of '{path.name}' cannot be made: {error.strerror}") from None
