"""The engine as its users see it: dialogues, readings, limits."""

# ruff: noqa: S311 - noise, not secrets

import asyncio
import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from engine import EMOTIONS, MODALITIES, Dialogue, Engine, EngineBusy, EngineFull, FaceReading, Reading, Utterance
from engine.bundle import Bundle
from engine.calibration import SUBSETS
from engine.labels import CIRCUMPLEX, Modality
from engine.magt import Inputs, features
from engine.mel import mel_frames
from engine.prompt import Turn
from engine.worker import Stage, _Task
from tests.utterances import random_utterance

WAIT = 20.0


def conversation(seed: int, turns: int) -> list[Utterance]:
    """Two to four speakers, any modalities."""
    rng = random.Random(seed)
    speakers = ["ann", "bo", "cy", "di"][: rng.randint(2, 4)]
    return [random_utterance(rng, rng.choice(speakers), rng.choice(SUBSETS)) for _ in range(turns)]


@torch.inference_mode()
def in_one_pass(bundle: Bundle, utterances: Sequence[Utterance]) -> Tensor:
    """Probabilities [N, 7] from the whole conversation at once, as training sees it."""
    speakers = list(dict.fromkeys(u.speaker for u in utterances))
    turns = [Turn(speakers.index(u.speaker) + 1, u.text or "") for u in utterances]
    seen: dict[Modality, list[Tensor]] = {m: [] for m in MODALITIES}
    for i, u in enumerate(utterances):
        past = [turn for turn in turns[:i] if turn.text]
        outputs = {}
        if u.text is not None:
            outputs["text"] = bundle.text(*bundle.prompt.collate([bundle.prompt.encode(past, turns[i])]))
        if u.audio is not None:
            mel = mel_frames(u.audio)
            outputs["audio"] = bundle.audio(mel[None], torch.tensor([len(mel)]))
        if u.faces is not None:
            outputs["video"] = bundle.video(torch.from_numpy(u.faces))
        for m in MODALITIES:
            nothing = torch.zeros(bundle.fusion.config.embedding(m) + len(EMOTIONS))
            out = outputs.get(m)
            seen[m].append(nothing if out is None else features(out.embedding.mean(dim=0), out.logits.mean(dim=0)))
    inputs = Inputs(
        {m: torch.stack(rows)[None] for m, rows in seen.items()},
        torch.tensor([[list(u.present.values()) for u in utterances]]),
        torch.tensor([[turn.speaker - 1 for turn in turns]]),
        torch.ones(1, len(utterances), dtype=torch.bool),
    )
    probabilities: Tensor = bundle.fusion(inputs).logits[0].softmax(dim=-1)
    return probabilities


def numbers(readings: Sequence[Reading]) -> Tensor:
    return torch.tensor([list(r.probabilities.values()) for r in readings])


async def talk(dialogue: Dialogue, utterances: Sequence[Utterance], rng: random.Random) -> list[Reading]:
    """Observe all in order, sometimes encoded ahead, with glances at others in between."""
    readings = []
    for u in utterances:
        if rng.random() < 0.3:
            await dialogue.glance(rng.choice(utterances))
        readings.append(await dialogue.observe(await dialogue.encode(u) if rng.random() < 0.5 else u))
    return readings


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**16), lengths=st.lists(st.integers(1, 14), min_size=1, max_size=4))
def test_dialogues_side_by_side_read_as_each_in_one_pass(tiny_bundle: Path, seed: int, lengths: list[int]) -> None:
    talks = [conversation(seed + i, n) for i, n in enumerate(lengths)]

    async def together(engine: Engine) -> list[list[Reading]]:
        open_ones = [engine.open() for _ in talks]
        both = zip(open_ones, talks, strict=True)
        return await asyncio.gather(*(talk(d, us, random.Random(seed)) for d, us in both))

    with Engine.load(tiny_bundle, device="cpu", slots=4, precision="float32") as engine:
        for readings, utterances in zip(asyncio.run(together(engine)), talks, strict=True):
            torch.testing.assert_close(numbers(readings), in_one_pass(engine.bundle, utterances), rtol=0, atol=1e-5)


@pytest.mark.parametrize("modalities", SUBSETS)
async def test_any_set_of_modalities_gives_a_whole_reading(engine: Engine, modalities: tuple[Modality, ...]) -> None:
    reading = await engine.open().observe(random_utterance(random.Random(1), "ann", modalities))
    assert list(reading.probabilities) == list(EMOTIONS)
    assert sum(reading.probabilities.values()) == pytest.approx(1)
    assert reading.confidence == max(reading.probabilities.values()) == reading.probabilities[reading.label]
    assert reading.valence == pytest.approx(sum(p * CIRCUMPLEX[e][0] for e, p in reading.probabilities.items()))
    assert reading.arousal == pytest.approx(sum(p * CIRCUMPLEX[e][1] for e, p in reading.probabilities.items()))
    assert tuple(reading.modalities) == modalities
    assert sum(m.weight for m in reading.modalities.values()) == pytest.approx(1)
    for alone in reading.modalities.values():
        assert alone.label == max(alone.probabilities, key=lambda e: alone.probabilities[e])
        assert sum(alone.probabilities.values()) == pytest.approx(1)


async def test_a_glance_reads_as_the_final_would_and_leaves_no_trace(engine: Engine) -> None:
    first, second, third = (random_utterance(random.Random(i), name) for i, name in enumerate(("ann", "bo", "ann")))
    with engine.open() as watched, engine.open() as plain:
        for dialogue in (watched, plain):
            await dialogue.observe(first)
        glanced = [await watched.glance(second) for _ in range(3)]
        await watched.glance(random_utterance(random.Random(9), "someone new"))
        after = [await watched.observe(second), await watched.observe(third)]
        expected = [await plain.observe(second), await plain.observe(third)]
    torch.testing.assert_close(numbers(glanced), numbers([after[0]] * 3), rtol=0, atol=1e-5)
    torch.testing.assert_close(numbers(after), numbers(expected), rtol=0, atol=1e-5)


async def test_the_past_changes_a_reading(engine: Engine) -> None:
    utterance = random_utterance(random.Random(2), "ann")
    with engine.open() as dialogue:
        first = await dialogue.observe(utterance)
        again = await dialogue.observe(utterance)
    assert not torch.allclose(numbers([first]), numbers([again]), rtol=0, atol=1e-4)


async def test_a_final_says_which_earlier_turns_it_attended_to(engine: Engine) -> None:
    with engine.open() as dialogue:
        for turn in range(20):
            utterance = random_utterance(random.Random(turn), "ab"[turn % 2])
            assert (await dialogue.glance(utterance)).attended == ()
            reading = await dialogue.observe(utterance)
            weights = [one.weight for one in reading.attended]
            assert reading.turn == turn
            assert len(weights) == min(turn, 5)
            assert weights == sorted(weights, reverse=True)
            assert sum(weights) < 1
            assert {one.turn for one in reading.attended} <= set(range(max(0, turn - 7), turn))


async def test_what_was_encoded_before_others_spoke_is_read_in_its_new_place(engine: Engine) -> None:
    early, between = random_utterance(random.Random(3), "ann"), random_utterance(random.Random(4), "bo")
    with engine.open() as dialogue, engine.open() as plain:
        encoded = await dialogue.encode(early)
        await dialogue.observe(between)
        ahead = await dialogue.observe(encoded)
        await plain.observe(between)
        fresh = await plain.observe(early)
    torch.testing.assert_close(numbers([ahead]), numbers([fresh]), rtol=0, atol=1e-5)


async def test_observations_begun_together_take_effect_in_their_order(engine: Engine) -> None:
    utterances = conversation(5, 6)
    with engine.open() as dialogue, engine.open() as plain:
        together = await asyncio.gather(*(dialogue.observe(u) for u in utterances))
        one_by_one = [await plain.observe(u) for u in utterances]
    torch.testing.assert_close(numbers(together), numbers(one_by_one), rtol=0, atol=1e-5)


@pytest.mark.parametrize("stage", ["_read", "_fuse"])
@pytest.mark.parametrize("under_way", [False, True])
async def test_a_cancelled_final_is_wholly_in_memory_or_wholly_out(engine: Engine, stage: str, under_way: bool) -> None:
    cancelled, after = random_utterance(random.Random(6), "ann"), random_utterance(random.Random(7), "bo")
    with engine.open() as plain:
        if under_way:  # then it was too late, and it is in
            await plain.observe(cancelled)
        expected = await plain.observe(after)
    with engine.open() as dialogue, held_up(engine, stage, begin=under_way) as gate:
        said = await dialogue.encode(cancelled) if stage == "_fuse" else cancelled
        task = asyncio.create_task(dialogue.observe(said))
        assert await asyncio.to_thread(gate.begun.wait, WAIT)
        task.cancel()
        following = asyncio.create_task(dialogue.observe(after))
        await asyncio.sleep(0)
        gate.open.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        torch.testing.assert_close(numbers([await following]), numbers([expected]), rtol=0, atol=1e-5)


async def test_a_glance_is_answered_before_what_its_dialogue_asks_for_good_after_it(engine: Engine) -> None:
    said, answered = random_utterance(random.Random(6), "ann"), list[str]()
    with engine.open() as other, engine.open() as dialogue, held_up(engine, "_read", begin=True) as gate:
        under_way = asyncio.create_task(other.encode(said))
        assert await asyncio.to_thread(gate.begun.wait, WAIT)
        tasks = [
            asyncio.create_task(dialogue.glance(said), name="glance"),
            asyncio.create_task(dialogue.encode(said), name="for good"),
        ]
        for task in tasks:
            task.add_done_callback(lambda task: answered.append(task.get_name()))
        await asyncio.sleep(0)
        gate.open.set()
        await asyncio.gather(under_way, *tasks)
    assert answered == ["glance", "for good"]


class Gate:
    """Two moments of a held-up stage: it has been reached; it may go on."""

    def __init__(self) -> None:
        self.begun, self.open = threading.Event(), threading.Event()


@contextmanager
def held_up(engine: Engine, stage: str, *, begin: bool) -> Iterator[Gate]:
    """Hold the first job that reaches a stage, once it runs (begin) or while it still waits in the queue."""
    gate, real, put = Gate(), getattr(engine, stage), engine._worker._put

    def run(jobs: Sequence[Any]) -> Sequence[Any]:
        gate.begun.set()
        assert gate.open.wait(WAIT)
        return real.run(jobs)  # type: ignore[no-any-return]

    def put_behind(task: Any) -> Any:
        if task.stage is getattr(engine, stage) and not gate.begun.is_set():
            blocker: Stage[None, None] = Stage(lambda _: [None] if gate.open.wait(WAIT) else [], 1)
            put(_Task(blocker, None, asyncio.get_running_loop().create_future()))
            gate.begun.set()
        return put(task)

    if begin:
        setattr(engine, stage, Stage(run, real.most))
    else:
        engine._worker._put = put_behind  # type: ignore[method-assign]
    try:
        yield gate
    finally:
        gate.open.set()


async def test_a_slot_that_is_used_again_starts_empty(engine: Engine) -> None:
    first, second = random_utterance(random.Random(8), "ann"), random_utterance(random.Random(9), "bo")
    fresh = await engine.open().observe(second)
    for _ in range(6):
        with engine.open() as dialogue:
            await dialogue.observe(first)
        with engine.open() as dialogue:
            again = await dialogue.observe(second)
        torch.testing.assert_close(numbers([again]), numbers([fresh]), rtol=0, atol=1e-5)


async def test_when_all_slots_are_taken_opening_is_refused_until_one_closes(engine: Engine) -> None:
    dialogues = [engine.open() for _ in range(4)]
    with pytest.raises(EngineFull, match="close a dialogue"):
        engine.open()
    dialogues[0].close()
    dialogues[0].close()
    engine.open()
    with pytest.raises(EngineFull):
        engine.open()


async def test_a_closed_dialogue_answers_no_more(engine: Engine) -> None:
    utterance = random_utterance(random.Random(1), "ann")
    dialogue = engine.open()
    encoded = await dialogue.encode(utterance)
    dialogue.close()
    for late in (dialogue.observe(utterance), dialogue.observe(encoded), dialogue.glance(encoded)):
        with pytest.raises(RuntimeError, match="dialogue is closed"):
            await late


async def test_a_full_queue_refuses_glances_and_answers_every_final(tiny_bundle: Path) -> None:
    utterance = random_utterance(random.Random(1), "ann")
    with Engine(Bundle.load(tiny_bundle), device="cpu", slots=16, queue=2) as engine:
        dialogues = [engine.open() for _ in range(16)]
        encoded = await dialogues[0].encode(utterance)
        finals = [asyncio.create_task(d.observe(utterance)) for d in dialogues]
        glances = [asyncio.create_task(dialogues[0].glance(encoded)) for _ in range(40)]
        answers = await asyncio.wait_for(asyncio.gather(*finals), WAIT)
        provisional = await asyncio.gather(*glances, return_exceptions=True)
    assert len(answers) == 16
    assert {type(p) for p in provisional} <= {Reading, EngineBusy}
    assert EngineBusy in {type(p) for p in provisional}


async def test_a_dialogue_keeps_no_more_turns_than_the_prompt_reads(engine: Engine) -> None:
    with engine.open() as dialogue:
        for i in range(20):
            await dialogue.observe(random_utterance(random.Random(i), "ab"[i % 2], ["text"]))
        assert len(dialogue._history.turns) == engine.bundle.prompt.turns
        assert dialogue._history.speakers == ("a", "b")


async def test_each_face_is_read_alone(engine: Engine) -> None:
    crops = np.random.default_rng(0).integers(0, 256, (3, 48, 48), dtype=np.uint8)
    together = await engine.faces(crops)
    alone = [(await engine.faces(crops[i : i + 1]))[0] for i in range(3)]
    assert [f.label for f in together] == [f.label for f in alone]
    for a, b in zip(together, alone, strict=True):
        assert (
            a.confidence == pytest.approx(b.confidence, abs=1e-5) == pytest.approx(a.probabilities[a.label], abs=1e-5)
        )
    assert await engine.faces(crops[:0]) == []


@pytest.mark.parametrize(
    "crops", [np.zeros((2, 47, 48), np.uint8), np.zeros((48, 48), np.uint8), np.zeros((1, 48, 48))]
)
async def test_faces_of_another_shape_are_refused(engine: Engine, crops: np.ndarray) -> None:  # type: ignore[type-arg]
    with pytest.raises(ValueError, match="faces must be uint8"):
        await engine.faces(crops)


async def test_long_utterances_are_read(engine: Engine) -> None:
    rng = np.random.default_rng(0)
    audio = rng.normal(0, 0.1, 16_000 * 20).astype(np.float32)
    faces = rng.integers(0, 256, (200, 48, 48), dtype=np.uint8)
    reading = await engine.open().observe(Utterance("ann", text="so " * 500, audio=audio, faces=faces))
    assert sum(reading.probabilities.values()) == pytest.approx(1)


async def test_what_is_under_the_threshold_is_unsure(tiny_bundle: Path) -> None:
    utterance, crop = random_utterance(random.Random(1), "ann"), np.zeros((1, 48, 48), np.uint8)
    for threshold, unsure in ((0.0, False), (1.0, True)):
        bundle = Bundle.load(tiny_bundle)
        parts = {f.name: getattr(bundle, f.name) for f in fields(bundle)}
        calibration = type(bundle.calibration)(bundle.calibration.fused, bundle.calibration.alone, threshold)
        with Engine(Bundle(**parts | {"calibration": calibration}), device="cpu") as engine:
            assert (await engine.open().observe(utterance)).unsure is unsure
            face: FaceReading = (await engine.faces(crop))[0]
            assert face.unsure is unsure
