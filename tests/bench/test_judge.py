"""Finals are held against what was said: found again whatever the server's clock, and missed where none came."""

from pathlib import Path

import pytest

from bench.client import Job, Look, Part, Reading, Seen, Track
from bench.ideal import Spoken
from bench.judge import STAGES, judge, sent_by
from bench.media import Media

SILENT = Media("websocket", ((b"",) * 500,), (), 0.1)
TOLD = {"total": 420.0, "hangover": 400.0, "beyond_hangover": 20.0, "order": 1.0, "fuse": 4.0, "recognise": 30.0}
PART = Part(conversation="c", participant="ann", speaker=0)
SAID = [Spoken(1.0, 3.0, 2.8, 2.8, 3.0, 3.2), Spoken(4.0, 6.0, 5.8, 5.8, 6.0, 6.2)]


def reading(start: float, end: float, received: float, *, final: bool) -> Reading:
    told = TOLD | {"encode": 40.0}
    made = received - 0.002
    return Reading(
        utterance=f"ann-{start}", final=final, start=start, end=end, made=made, received=received, latency_ms=told
    )


def seen(*readings: Reading, looks: list[Look] | None = None) -> Seen:
    track = Track(began=100.0, left=110.0, over=110.5, readings=list(readings), looks=looks or [])
    return Seen(bundle="tiny", recogniser="none", tracks=[track], behind=[0.0], cores=0.1)


def job(seconds: float = 10.0, shift: int = 0) -> Job:
    return Job(
        url="http://localhost:1", media=Path("m.npz"), seconds=seconds, parts=[PART.model_copy(update={"shift": shift})]
    )


@pytest.mark.parametrize("offset", [0.0, 0.737])
def test_a_final_is_found_again_and_its_stages_add_up(offset: float) -> None:
    verdict = judge(
        job(),
        SILENT,
        [SAID],
        seen(
            reading(1.0 + offset, 2.5 + offset, 102.6, final=False),
            reading(1.0 + offset, 3.0 + offset, 103.1, final=False),
            reading(1.0 + offset, 3.0 + offset, 103.3, final=True),
            reading(4.02 + offset, 6.02 + offset, 106.4, final=True),
        ),
    )
    first, second = verdict.answers
    assert (verdict.sent, verdict.lost, verdict.drained) == (2, 0, [0.5])
    assert first.total == pytest.approx(500)
    assert second.total == pytest.approx(600)
    assert first.provisional == pytest.approx(300)
    assert second.provisional is None
    for answer in verdict.answers:
        assert sum(answer.stages.values()) == pytest.approx(answer.total)
        assert tuple(answer.stages) == STAGES


def test_an_utterance_without_a_final_is_lost_and_one_that_was_cut_otherwise_is_not() -> None:
    whole = reading(1.0, 3.0, 103.3, final=True)
    assert judge(job(), SILENT, [SAID], seen(whole)).lost == 1
    cut = judge(job(), SILENT, [SAID], seen(whole, reading(4.0, 5.0, 105.5, final=True)))
    assert (cut.lost, len(cut.answers)) == (0, 1)
    assert judge(job(), SILENT, [SAID], seen()).lost == 2


def test_pictures_count_from_the_first() -> None:
    looks = [Look(at=0.31, received=100.06), Look(at=0.43, received=100.20)]
    assert judge(job(), SILENT, [[]], seen(looks=looks)).faces == pytest.approx([60, 80])


def test_media_goes_round_from_where_a_participant_begins() -> None:
    part = PART.model_copy(update={"shift": 175})
    found = sent_by(part, SAID, whole=10.0, seconds=15.0)
    assert [one.end for one in found] == pytest.approx([2.5, 9.5, 12.5])
    assert [one.end for one in sent_by(PART, SAID, whole=10.0, seconds=5.0)] == [3.0]
