"""Engines side by side, each in a real process."""

import os

import pytest

from bench.errors import CannotMeasure
from bench.processes import by_processes
from engine import Engine


def killed(slots: int) -> Engine:
    """What a process that has taken too much memory does."""
    os._exit(9)


def test_an_engine_that_is_ended_is_told_in_a_sentence() -> None:
    with pytest.raises(CannotMeasure, match=r"one of 2 engines was ended.*try fewer"):
        by_processes(killed, [2], seconds=0.1)
