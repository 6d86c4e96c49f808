"""A conversation in the formats of other tools. Each is one function from the record to a text."""

from streamer.exports.formats import FORMATS, ExportError, Format, format_of
from streamer.exports.targets import Target, make_room, targets

__all__ = ["FORMATS", "ExportError", "Format", "Target", "format_of", "make_room", "targets"]
