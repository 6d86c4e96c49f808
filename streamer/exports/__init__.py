"""A conversation in the formats of other tools. Each is one function from the record to a text."""

from streamer.exports.formats import FORMATS, ExportError, Format, format_of
from streamer.exports.targets import Target, check_writable, targets

__all__ = ["FORMATS", "ExportError", "Format", "Target", "check_writable", "format_of", "targets"]
