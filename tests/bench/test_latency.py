"""`undertone bench latency` with a real server, real clients and the beginning of the sample."""

from pathlib import Path

import pytest

from bench.errors import CannotMeasure
from bench.judge import STAGES
from bench.latency import guesses, measure
from bench.media import Transport
from bench.server import serving

SECONDS = 8.2
"""Of the sample: one utterance of each speaker, and some of a third, which is not counted."""


@pytest.mark.timeout(300)  # Three processes start, one after the other.
@pytest.mark.parametrize(("transport", "alone"), [("webrtc", 407.5), ("websocket", 400.0)])
async def test_what_was_said_is_answered_and_its_stages_add_up(
    tiny_bundle: Path, transport: Transport, alone: float
) -> None:
    pytest.importorskip("skimage", reason="the sample's portrait comes with scikit-image (extra 'sample')")
    record = await measure(str(tiny_bundle), "none", transport=transport, seconds=SECONDS)
    figures = record.figures
    assert record.settings["transport"] == transport
    assert (figures["utterances sent"].p50, figures["finals lost"].p50) == (2, 0)
    assert figures["final: in all"].n == 2
    stages = [figures[f"final: {stage}"] for stage in STAGES]
    assert sum(stage.mean for stage in stages) == pytest.approx(figures["final: in all"].mean, abs=0.1)
    assert figures["final: in all, algorithm alone"].p50 == pytest.approx(alone)
    assert figures["final: arrive, algorithm alone"].p50 + figures[
        "final: hangover, algorithm alone"
    ].p50 == pytest.approx(alone)
    assert figures["picture to faces"].n > 1
    assert min(figures["final: in all"].minimum, figures["picture to faces"].minimum) > 0
    assert min(figures["process start to ready"].p50, figures["memory, one participant"].p50) > 0
    assert figures["guesses that stood"].p50 >= 2
    assert set(record.stacks["final"]) <= set(figures)


async def test_a_server_that_does_not_start_is_said_to_be_so() -> None:
    with pytest.raises(CannotMeasure, match="undertone serve"):
        async with serving("no/such/bundle", "none"):
            pass


def test_guesses_are_told_with_what_they_saved_and_cost() -> None:
    counts = {
        ("undertone_guesses_total", ("stood",)): 4.0,
        ("undertone_guesses_total", ("dropped",)): 2.0,
        ("undertone_guess_saved_milliseconds_sum", ()): 200.0,
        ("undertone_guess_wasted_milliseconds_sum", ()): 60.0,
        ("undertone_guess_reheard_seconds_total", ()): 3.5,
    }
    told = {name: figure.p50 for name, figure in guesses([counts]).items()}
    assert told == {
        "guesses that stood": 4,
        "guesses dropped": 2,
        "guess dropped: sound heard again": 3.5,
        "guess: saved, mean": 50,
        "guess: wasted, mean": 30,
    }
    assert "guess: saved, mean" not in guesses([{}])
