"""What recognition needs is made when somebody joins, not when they speak."""

import pytest

from engine import Engine
from streamer.audio import Samples
from streamer.hub import Hub
from streamer.recognise import Transcript, sphinx
from streamer.recognise.apart import ApartRecogniser
from streamer.settings import Settings
from tests.voices import silence


class Counting:
    """A recogniser whose words are how many speakers it expects; named a fake: a real one does not say."""

    name = "counting"
    draft = False
    streams = True

    def __init__(self) -> None:
        self.told: list[int] = []

    def open(self) -> "Counting":
        return self

    def expect(self, speakers: int) -> None:
        self.told.append(speakers)

    def close(self) -> None:
        """Nothing to close."""

    def feed(self, pcm: Samples) -> None:
        """It hears nothing."""

    def partial(self) -> str:
        return str(sum(self.told))

    def finish(self) -> Transcript:
        return Transcript(self.partial(), ())


def test_a_decoder_for_each_speaker_is_there_before_they_speak(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    make = sphinx._make_decoder

    def making() -> object:
        made.append(make())
        return made[-1]

    monkeypatch.setattr(sphinx, "_make_decoder", making)
    recogniser = sphinx.SphinxRecogniser(decoders=3)
    there = [len(made)]
    for speakers in (1, 1, 5, -6, 1):
        recogniser.expect(speakers)
        there.append(len(made))
    assert there == [1, 1, 2, 3, 3, 3], "one is always there, and no more than it may have"
    for recognition in [recogniser.open() for _ in range(3)]:
        recognition.feed(silence(0.02))
    assert len(made) == 3
    recogniser.close()


def test_processes_share_the_speakers_and_make_nothing_while_they_hear() -> None:
    recogniser = ApartRecogniser("counting", Counting, 2, draft=False)
    try:
        recogniser.expect(3)
        under_way = [recogniser.open(), recogniser.open()]
        assert [one.partial() for one in under_way] == ["2", "2"]
        recogniser.expect(2)
        assert [one.partial() for one in under_way] == ["2", "2"]
        assert [one.finish().text for one in under_way] == ["2", "2"]
        assert [recogniser.open().finish().text for _ in range(2)] == ["3", "3"]
        recogniser.expect(-4)
        assert [recogniser.open().finish().text for _ in range(2)] == ["1", "1"]
    finally:
        recogniser.close()


@pytest.mark.parametrize(("live", "told"), [(True, [1, 1, -1, -1]), (False, [])])
async def test_who_joins_is_expected_until_they_leave(engine: Engine, live: bool, told: list[int]) -> None:
    counting = Counting()
    hub = Hub(engine, counting, Settings(live=live))
    conversation = hub.conversation("c")
    await conversation.join("ada")
    ben = await conversation.join("ben")
    await conversation.leave(ben)
    conversation.close()
    await hub.close()
    assert counting.told == told
