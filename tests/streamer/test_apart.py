"""Recognition in processes of its own: the same words, and what happens when one of them dies."""

import multiprocessing
import os
import platform
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from streamer.audio import FRAME, Samples
from streamer.recognise import Recogniser, RecogniserError, load_recogniser
from streamer.recognise.apart import ApartRecogniser
from tests.servers import WAIT
from tests.voices import speak


def no_recogniser() -> Recogniser:
    raise RecogniserError("there is no model")


@pytest.fixture
def apart() -> Iterator[Recogniser]:
    recogniser = load_recogniser("sphinx", processes=2)
    yield recogniser
    recogniser.close()


def _huge_pages_are_for_who_asks() -> bool:
    setting = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    if "GLIBC_TUNABLES" in os.environ or not setting.exists() or "[madvise]" not in setting.read_text():
        return False
    name, version = platform.libc_ver()
    return name == "glibc" and tuple(map(int, version.split("."))) >= (2, 35)


def _in_huge_pages(pid: int) -> int:
    """How many bytes of a process lie there."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("AnonHugePages:"))


def words(recogniser: Recogniser, pcm: Samples) -> str:
    recognition = recogniser.open()
    for first in range(0, len(pcm), FRAME):
        recognition.feed(pcm[first : first + FRAME])
    return recognition.finish().text


def test_the_words_are_those_of_the_recogniser_itself(apart: Recogniser) -> None:
    here, pcm = load_recogniser("sphinx"), speak("I can not believe that we have won")
    assert (apart.name, apart.draft) == (here.name, here.draft)
    side_by_side = [apart.open() for _ in range(3)]
    for first in range(0, len(pcm), FRAME):
        for recognition in side_by_side:
            recognition.feed(pcm[first : first + FRAME])
    assert "believe" in side_by_side[0].partial()
    assert [recognition.finish() for recognition in side_by_side] == [_finished(here, pcm)] * 3
    here.close()


def _finished(recogniser: Recogniser, pcm: Samples) -> object:
    recognition = recogniser.open()
    recognition.feed(pcm)
    return recognition.finish()


@pytest.mark.skipif(
    not _huge_pages_are_for_who_asks(), reason="needs glibc 2.35, and a Linux that gives huge pages to who asks"
)
def test_its_decoders_lie_in_huge_pages(apart: Recogniser) -> None:
    assert isinstance(apart, ApartRecogniser)
    words(apart, speak("that is very sad"))
    assert all(_in_huge_pages(pid) > 10_000_000 for pid in apart.pids)
    assert "GLIBC_TUNABLES" not in os.environ


def test_a_process_that_dies_loses_its_words_alone_and_is_replaced(apart: Recogniser) -> None:
    pcm = speak("that is very sad")
    assert isinstance(apart, ApartRecogniser)
    both = [apart.open(), apart.open()]
    for recognition in both:
        recognition.feed(pcm)
        recognition.partial()
    os.kill(apart.pids[0], signal.SIGKILL)
    assert sorted(recognition.finish().text for recognition in both) == ["", "that is very sad"]
    assert [words(apart, pcm) for _ in range(2)] == ["that is very sad"] * 2


def test_an_utterance_does_not_wait_for_one_that_is_still_being_finished(apart: Recogniser) -> None:
    pcm = speak("that is very sad")
    assert isinstance(apart, ApartRecogniser)
    first, busy = apart.open(), apart.pids[0]
    first.feed(pcm)
    with ThreadPoolExecutor(2) as threads:
        os.kill(busy, signal.SIGSTOP)
        try:
            finishing = threads.submit(first.finish)
            assert not wait([finishing], timeout=0.2).done
            assert threads.submit(words, apart, pcm).result(WAIT) == "that is very sad"
        finally:
            os.kill(busy, signal.SIGCONT)
        assert finishing.result(WAIT).text == "that is very sad"


def test_no_process_is_left_once_it_is_closed() -> None:
    others = set(multiprocessing.active_children())
    recogniser = load_recogniser("sphinx", processes=2)
    assert len(set(multiprocessing.active_children()) - others) == 2
    late = recogniser.open()
    recogniser.close()
    assert set(multiprocessing.active_children()) <= others
    assert late.finish().text == ""


def test_a_recogniser_that_cannot_be_made_says_why() -> None:
    with pytest.raises(RecogniserError, match="there is no model"):
        ApartRecogniser("none", no_recogniser, 1, draft=False)
