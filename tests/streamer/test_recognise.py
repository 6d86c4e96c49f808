"""Speech recognition: real words from PocketSphinx, the real path of Whisper on random weights."""

from pathlib import Path
from time import perf_counter

import numpy as np
import pytest

from streamer.audio import Reframer, Samples
from streamer.recognise import Recogniser, RecogniserError, Transcript, load_recogniser
from streamer.recognise.sphinx import SETTINGS, SphinxRecogniser
from streamer.recognise.whisper import WhisperRecogniser
from tests.voices import Voice, hiss, silence, speak
from tests.whispers import random_whisper

WEATHER = "the weather is cold today and the children are going to school"
BIRTHDAY = "i am so happy that you came to see us on my birthday"


@pytest.fixture(scope="module")
def sphinx() -> SphinxRecogniser:
    return SphinxRecogniser(decoders=2)


@pytest.fixture(scope="session")
def whisper_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_whisper(tmp_path_factory.mktemp("whisper"))


def recognise(recogniser: Recogniser, pcm: Samples) -> Transcript:
    recognition = recogniser.open()
    for frame in Reframer().push(pcm):
        recognition.feed(frame)
    return recognition.finish()


def missed(said: str, heard: str) -> float:
    """Word error rate: edits by word over the words said."""
    words, found = said.split(), heard.split()
    row = list(range(len(found) + 1))
    for i, word in enumerate(words, start=1):
        above, row = row, [i]
        for j, other in enumerate(found, start=1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (word != other)))
    return row[-1] / len(words)


@pytest.mark.parametrize("said", [WEATHER, BIRTHDAY])
@pytest.mark.parametrize("voice", ["slt", "rms"])
def test_sphinx_hears_the_words_that_flite_says(sphinx: SphinxRecogniser, said: str, voice: Voice) -> None:
    assert missed(said, recognise(sphinx, speak(said, voice)).text) <= 0.1


def test_what_sphinx_has_heard_stands_where_its_limits_leave_out_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SETTINGS, "maxwpf", 5)
    narrow, pcm = SphinxRecogniser(decoders=1), speak("would you please go?", "rms")
    decoder = narrow.take()
    assert decoder is not None
    decoder.start_utt()
    decoder.process_raw((32767 * pcm).astype("<i2").tobytes())
    decoder.end_utt()
    assert decoder.hyp() is None
    narrow.give(decoder)
    assert recognise(narrow, pcm).text == "would you please go"


def test_sphinx_gives_bare_words_with_times_in_order_inside_the_clip(sphinx: SphinxRecogniser) -> None:
    pcm = np.concatenate([silence(0.5), speak(WEATHER), silence(0.5)])
    transcript = recognise(sphinx, pcm)
    assert transcript.text == " ".join(word.text for word in transcript.words)
    assert all(word.text.isalpha() for word in transcript.words)
    times = [time for word in transcript.words for time in (word.start, word.end)]
    assert times == sorted(times)
    assert 0.4 <= times[0] <= 0.9
    assert len(pcm) / 16_000 - 1.0 <= times[-1] <= len(pcm) / 16_000 - 0.4


def test_sphinx_words_do_not_depend_on_what_was_heard_before() -> None:
    recogniser = SphinxRecogniser(decoders=1)
    clip = speak("we are so happy to see you")
    alone = recognise(recogniser, clip)
    for other in (0.05 * speak("the weather is cold", "rms"), hiss(0.3, 0.1), silence(0.5)):
        recognise(recogniser, other)
        assert recognise(recogniser, clip) == alone
    assert recognise(SphinxRecogniser(decoders=1), clip) == alone


def test_sphinx_says_what_it_has_so_far_at_once(sphinx: SphinxRecogniser) -> None:
    recognition = sphinx.open()
    assert recognition.partial() == ""
    for frame in Reframer().push(speak(WEATHER)):
        recognition.feed(frame)
    began = perf_counter()
    assert "weather" in recognition.partial()
    assert perf_counter() - began < 0.1
    assert "children" in recognition.finish().text


def test_more_speakers_at_once_than_decoders_are_all_heard_and_none_waits() -> None:
    recogniser = SphinxRecogniser(decoders=1)
    clip = speak(BIRTHDAY)
    first, second, third = (recogniser.open() for _ in range(3))
    for frame in Reframer().push(clip):
        for recognition in (first, second, third):
            recognition.feed(frame)
    late = [second.finish(), third.finish()]
    assert late == [first.finish()] * 2
    assert late[0].words


def test_a_decoder_that_is_free_again_is_used_by_who_is_still_speaking() -> None:
    recogniser = SphinxRecogniser(decoders=1)
    frames = list(Reframer().push(speak(WEATHER)))
    first, second = recogniser.open(), recogniser.open()
    first.feed(frames[0])
    for frame in frames[:-1]:
        second.feed(frame)
    assert second.partial() == ""
    first.finish()
    second.feed(frames[-1])
    assert "weather" in second.partial()


@pytest.mark.parametrize("name", ["sphinx", "none"])
def test_nothing_said_is_no_words(name: str) -> None:
    recogniser = load_recogniser(name)
    assert recogniser.open().finish() == Transcript("", ())
    assert recognise(recogniser, silence(1)).text == ""
    recogniser.close()


def test_sphinx_is_named_a_draft_and_is_what_auto_falls_back_to(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    recogniser = load_recogniser("auto")
    assert (recogniser.name, recogniser.draft) == ("sphinx", True)


@pytest.mark.parametrize("model", ["tiny.en", "someone/some-whisper", "nonsense", "/nowhere/at/all"])
def test_whisper_without_weights_says_so_at_once_with_the_remedy(model: str) -> None:
    began = perf_counter()
    with pytest.raises(RecogniserError, match="folder"):
        load_recogniser(model)
    assert perf_counter() - began < 2


def test_a_folder_without_a_tokenizer_is_refused_instead_of_fetching_one(whisper_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes((whisper_folder / "model.bin").read_bytes())
    with pytest.raises(RecogniserError, match=r"tokenizer\.json"):
        load_recogniser(str(tmp_path))


def test_whisper_runs_from_a_folder_and_times_its_words(whisper_folder: Path) -> None:
    recogniser = WhisperRecogniser(str(whisper_folder))
    clip = speak("hello there my friend")
    transcript = recognise(recogniser, clip)
    assert not recogniser.draft
    assert transcript.text
    assert transcript.words
    assert all(0 <= word.start <= word.end <= len(clip) / 16_000 + 0.1 for word in transcript.words)
    assert recognise(recogniser, clip) == transcript


def test_whisper_gives_a_partial_text_of_what_is_there(whisper_folder: Path) -> None:
    recognition = WhisperRecogniser(str(whisper_folder)).open()
    assert recognition.partial() == ""
    recognition.feed(speak("hello there my friend"))
    assert recognition.partial()
    assert recognition.finish().text
