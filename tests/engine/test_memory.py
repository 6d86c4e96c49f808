"""The ring memory: what it holds, and that it forgets."""

import torch

from engine.memory import NewEntries, RingMemory


def ring(slots: int = 3, window: int = 4) -> RingMemory:
    sizes = {"paths": 2, "heads": 1, "head_dim": 2}
    return RingMemory(slots, window=window, device=torch.device("cpu"), dtype=torch.float32, **sizes)


def entry(*numbers: float) -> NewEntries:
    """One row for each number, filled with it, all modalities present."""
    values = torch.tensor(numbers, dtype=torch.float32).reshape(-1, 1, 1, 1, 1).expand(-1, 2, 2, 1, 2)
    return NewEntries(values, torch.ones(len(numbers), 3, dtype=torch.bool))


def held(memory: RingMemory, slot: int) -> set[float]:
    """The numbers of the turns that the slot's next turn can see."""
    view = memory.view([slot])
    keys, _ = view.keys_values(slice(0, 1))
    return set(keys[0, 0, 0, view.usable[0, :, 0], 0].tolist())


def test_the_next_turn_sees_the_last_window_minus_one() -> None:
    memory = ring(window=4)
    for turn in range(10):
        assert held(memory, 1) == set(map(float, range(max(0, turn - 3), turn)))
        memory.write([1], entry(turn))


def test_a_window_of_one_remembers_nothing() -> None:
    memory = ring(window=1)
    memory.write([0], entry(5))
    assert held(memory, 0) == set()


def test_slots_run_out_of_step_and_apart() -> None:
    memory = ring()
    memory.write([0], entry(1))
    memory.write([2, 0], entry(7, 2))
    assert [held(memory, slot) for slot in range(3)] == [{1.0, 2.0}, set(), {7.0}]
    assert memory.view([0, 1, 2, 0]).position.tolist() == [2, 0, 1, 2]


def test_a_modality_that_was_absent_is_not_usable() -> None:
    memory = ring()
    memory.write([0], NewEntries(entry(1).kv, torch.tensor([[True, False, True]])))
    assert memory.view([0]).usable[0].any(dim=0).tolist() == [True, False, True]


def test_a_cleared_slot_is_empty_and_the_others_are_not() -> None:
    memory = ring()
    memory.write([0, 1], entry(1, 2))
    memory.clear(0)
    assert held(memory, 0) == set()
    assert not memory.kv[0].any()
    assert held(memory, 1) == {2.0}


def test_one_dialogue_is_seen_where_it_lies_and_several_are_copied() -> None:
    memory = ring()
    memory.write([0, 1], entry(1, 2))
    for slots, where_it_lies in (([0], True), ([0, 1], False)):
        for part, seen in enumerate(memory.view(slots).keys_values(slice(1, 2))):
            assert torch.equal(seen, memory.kv[slots, part, 1:2])
            assert (seen.data_ptr() == memory.kv[0, part, 1:2].data_ptr()) is where_it_lies
