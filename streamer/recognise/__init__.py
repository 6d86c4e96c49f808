"""Speech recognition: Whisper where its weights are on the machine, PocketSphinx where they are not."""

from streamer.recognise.none import NoRecogniser
from streamer.recognise.words import Recogniser, RecogniserError, Recognition, Transcript, Word

__all__ = ["Recogniser", "RecogniserError", "Recognition", "Transcript", "Word", "load_recogniser"]

_PREFERRED = "base.en"


def load_recogniser(name: str = "auto") -> Recogniser:
    """A recogniser by name: auto, sphinx, none, or a Whisper model (its name, such as "tiny.en", or a folder).

    auto is Whisper "base.en" if its weights are on this machine, else sphinx. Nothing is fetched. Raises
    RecogniserError.
    """
    from streamer.recognise.sphinx import SphinxRecogniser
    from streamer.recognise.whisper import WhisperRecogniser

    match name:
        case "none":
            return NoRecogniser()
        case "sphinx":
            return SphinxRecogniser()
        case "auto":
            try:
                return WhisperRecogniser(_PREFERRED)
            except RecogniserError:
                return SphinxRecogniser()
        case _:
            return WhisperRecogniser(name)
