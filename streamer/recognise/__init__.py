"""Speech recognition: Whisper where its weights are on the machine, PocketSphinx where they are not."""

from streamer.recognise.none import NoRecogniser
from streamer.recognise.words import Recogniser, RecogniserError, Recognition, Transcript, Word

__all__ = ["Recogniser", "RecogniserError", "Recognition", "Transcript", "Word", "load_recogniser"]

_PREFERRED = "base.en"


def load_recogniser(name: str = "auto", *, processes: int = 0) -> Recogniser:
    """A recogniser by name: auto, sphinx, none, or a Whisper model (its name, such as "tiny.en", or a folder).

    auto is Whisper "base.en" if its weights are on this machine, else sphinx. processes: how many sphinx gets of its
    own, which a server wants; with none it runs in this one. Nothing is fetched. Raises RecogniserError.
    """
    from streamer.recognise.apart import ApartRecogniser
    from streamer.recognise.sphinx import SphinxRecogniser
    from streamer.recognise.whisper import WhisperRecogniser

    def sphinx() -> Recogniser:
        if not processes:
            return SphinxRecogniser()
        return ApartRecogniser(SphinxRecogniser.name, SphinxRecogniser, processes, draft=SphinxRecogniser.draft)

    match name:
        case "none":
            return NoRecogniser()
        case "sphinx":
            return sphinx()
        case "auto":
            try:
                return WhisperRecogniser(_PREFERRED)
            except RecogniserError:
                return sphinx()
        case _:
            return WhisperRecogniser(name)
