"""One run of a benchmark, as it is kept: what was asked, where it ran, and what came out."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from pydantic import BaseModel, Field

from bench.figure import Curve, Figure
from bench.machine import Machine, commit, versions

Setting = str | int | float | bool | list[int] | list[str] | None


class Record(BaseModel):
    """figures: one number or distribution each; curves: figures along an axis; stacks: names of figures that add up,
    drawn as one bar; notes: what a reader has to know to read them right, one sentence each."""

    command: str
    settings: dict[str, Setting]
    seed: int
    repetitions: int
    date: datetime
    commit: str
    machine: Machine
    versions: dict[str, str]
    notes: list[str] = Field(default_factory=list)
    figures: dict[str, Figure]
    curves: list[Curve] = Field(default_factory=list)
    stacks: dict[str, list[str]] = Field(default_factory=dict)

    @classmethod
    def of(
        cls,
        command: str,
        settings: Mapping[str, Setting],
        figures: Mapping[str, Figure],
        curves: Sequence[Curve] = (),
        *,
        stacks: Mapping[str, list[str]] | None = None,
        notes: Sequence[str] = (),
        seed: int = 0,
        repetitions: int = 1,
    ) -> Self:
        """The figures with date, commit, machine and versions of now. command: as typed, "undertone bench latency"."""
        return cls(
            command=command,
            settings=dict(settings),
            seed=seed,
            repetitions=repetitions,
            date=datetime.now(UTC).replace(microsecond=0),
            commit=commit(),
            machine=Machine.this(),
            versions=versions(),
            notes=list(notes),
            figures=dict(figures),
            curves=list(curves),
            stacks=dict(stacks or {}),
        )

    def write(self, path: Path) -> None:
        """As JSON; its folder is made where it is missing."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        """What `write` wrote. Raises pydantic's ValidationError where it is something else."""
        return cls.model_validate_json(path.read_text(encoding="utf-8"))
