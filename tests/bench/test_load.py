"""`undertone bench load`: a real server under real participants for some seconds, and the search for how many."""

from pathlib import Path

import pytest

from bench.errors import CannotMeasure
from bench.figure import Curve
from bench.ideal import Spoken
from bench.load import Load, Trial, ceiling, largest, measure, spread


def spoken(start: float, end: float) -> Spoken:
    return Spoken(start, end, end - 0.2, end - 0.2, end, end + 0.2)


SAID = [[spoken(1.0, 3.0), spoken(7.0, 9.0)], [spoken(4.0, 6.0)]]


def value(curves: list[Curve], name: str) -> float:
    return next(curve for curve in curves if curve.name == name).points[0].figure.p50


@pytest.mark.timeout(300)  # Three processes start, one after the other.
async def test_a_pair_is_answered_in_full_and_kept_when_more_participants_break_the_server(
    tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("skimage", reason="the sample's portrait comes with scikit-image (extra 'sample')")
    library = tmp_path / "library.db"
    monkeypatch.setenv("UNDERTONE_STORE", str(library))
    trial = Load.trial

    async def bearing_two(load: Load, participants: int) -> Trial:
        """Really measured up to two; more break it, which no machine does reliably."""
        if participants > 2:
            raise CannotMeasure("the connection of participant-3 broke")
        return await trial(load, participants)

    monkeypatch.setattr(Load, "trial", bearing_two)
    record = await measure(
        str(tiny_bundle), "none", participants=[2, 4], seconds=8.2, per_conversation=2, transport="websocket"
    )
    assert value(record.curves, "utterances sent") == 2
    assert value(record.curves, "finals lost") == 0
    for name in ("final", "picture to faces", "server", "participants' client", "server's memory"):
        assert value(record.curves, name) > 0, name
    assert {point.at for curve in record.curves for point in curve.points} == {2}
    assert "With 4 it could not be measured: the connection of participant-3 broke." in record.notes
    assert not library.exists(), "a benchmark's conversations are in the user's own library"
    with pytest.raises(CannotMeasure, match="participant-3"):
        await measure(str(tiny_bundle), "none", participants=[4], transport="websocket")


@pytest.mark.parametrize("borne", [0, 1, 2, 5, 12, 13, 32])
@pytest.mark.parametrize("first", [1, 3, 32])
async def test_the_search_finds_the_largest_that_fits_and_tries_none_twice(borne: int, first: int) -> None:
    tried: list[int] = []

    async def fits(number: int) -> bool:
        tried.append(number)
        return number <= borne

    assert await largest(fits, first, 32) == borne
    assert len(set(tried)) == len(tried) <= 8
    assert all(1 <= number <= 32 for number in tried)


def test_those_of_one_conversation_begin_at_one_turn_and_conversations_at_several() -> None:
    pairs = spread(4, 2, SAID)
    assert [part.conversation for part in pairs] == ["load-0", "load-0", "load-1", "load-1"]
    assert [part.speaker for part in pairs] == [0, 1, 0, 1]
    assert pairs[0].shift == pairs[1].shift != pairs[2].shift == pairs[3].shift
    assert len({part.participant for part in pairs}) == len({part.phase for part in pairs}) == 4
    alone = spread(3, 1, SAID)
    assert [part.speaker for part in alone] == [0, 1, 0]
    assert len({part.conversation for part in alone}) == 3


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({"participants": [0]}, "choose -n"),
        ({"participants": [33]}, "1 to 32"),
        ({"participants": [65], "per_conversation": 8}, "1 to 64"),
        ({"participants": [2], "per_conversation": 9}, "--per-conversation"),
        ({"participants": [2], "seconds": 1e5}, "--seconds"),
    ],
)
async def test_more_than_a_server_takes_is_refused_before_anything_runs(
    chosen: dict[str, object], sentence: str
) -> None:
    with pytest.raises(CannotMeasure, match=sentence):
        await measure("no/such/bundle", "none", **chosen)  # type: ignore[arg-type]


def test_how_many_a_server_takes_grows_with_those_in_a_conversation() -> None:
    assert (ceiling(1), ceiling(2), ceiling(8)) == (32, 64, 64)
