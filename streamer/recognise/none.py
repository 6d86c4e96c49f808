"""No speech recognition: readings come from voice and face alone."""

from streamer.audio import Samples
from streamer.recognise.words import Transcript


class NoRecogniser:
    """Hears everything and writes nothing. name: where the words come from instead, if they do."""

    draft = False
    streams = True

    def __init__(self, name: str = "none") -> None:
        self.name = name

    def open(self) -> "NoRecognition":
        return NoRecognition()

    def expect(self, speakers: int) -> None:
        pass

    def close(self) -> None:
        pass


class NoRecognition:
    """An utterance whose words stay unknown."""

    def feed(self, pcm: Samples) -> None:
        pass

    def partial(self) -> str:
        return ""

    def finish(self) -> Transcript:
        return Transcript("", ())
