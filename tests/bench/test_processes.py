"""Engines side by side, each in a real process."""

import os

import pytest

from bench.errors import CannotMeasure
from bench.processes import by_processes
from engine import Engine
from engine.errors import DeviceError


def killed(slots: int) -> Engine:
    """What a process that has taken too much memory does."""
    os._exit(9)


def refused(slots: int) -> Engine:
    """What an engine that finds no room on the device does."""
    raise DeviceError(f"no room for {slots} dialogues")


def test_why_an_engine_could_not_run_is_told() -> None:
    with pytest.raises(CannotMeasure, match="one of 2 engines could not run: no room for 512 dialogues"):
        by_processes(refused, [2], seconds=0.1)


def test_an_engine_that_is_ended_is_told_in_a_sentence() -> None:
    with pytest.raises(CannotMeasure, match=r"one of 2 engines was ended.*try fewer"):
        by_processes(killed, [2], seconds=0.1)
