"""What can be wrong with a replay that its user can mend: each error is a sentence for them."""

from typing import Final

from engine import BundleError, DeviceError
from streamer.exports import ExportError
from streamer.recognise import RecogniserError
from streamer.sources.media import MediaError
from streamer.store.errors import StoreError


class CannotResume(Exception):
    """What was begun there is something else; the sentence says what to do."""


MISTAKES: Final = (
    BundleError,
    CannotResume,
    DeviceError,
    ExportError,
    MediaError,
    RecogniserError,
    StoreError,
    OSError,
)
