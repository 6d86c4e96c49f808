"""What was measured: a distribution with its unit, alone or along an axis."""

from collections.abc import Iterable, Sequence
from typing import Self

import numpy as np
from pydantic import BaseModel

_DIGITS = 4


class Spread(BaseModel):
    """The medians of several repetitions of one measurement; std is of the sample."""

    repetitions: int
    mean: float
    std: float
    minimum: float
    maximum: float


class Figure(BaseModel):
    """A distribution in a unit; percentiles by linear interpolation. spread: that of repetitions, if it has some."""

    unit: str = "ms"
    n: int
    p50: float
    p95: float
    p99: float
    mean: float
    minimum: float
    maximum: float
    spread: Spread | None = None

    @classmethod
    def of(cls, values: Iterable[float], unit: str = "ms") -> Self:
        """From at least one value; ValueError where there is none."""
        every = np.fromiter(values, np.float64)
        if not len(every):
            raise ValueError("a figure needs at least one value")
        p50, p95, p99 = (round(float(cut), _DIGITS) for cut in np.percentile(every, (50, 95, 99)))
        mean, low, high = (round(float(value), _DIGITS) for value in (every.mean(), every.min(), every.max()))
        return cls(unit=unit, n=len(every), p50=p50, p95=p95, p99=p99, mean=mean, minimum=low, maximum=high)

    @classmethod
    def over(cls, repetitions: Sequence[Sequence[float]], unit: str = "ms") -> Self:
        """All values of all repetitions together; the spread is that of their medians. ValueError as `of`."""
        pooled = cls.of((value for values in repetitions for value in values), unit)
        medians = np.array([np.median(values) for values in repetitions if len(values)])
        if len(medians) > 1:
            numbers = (medians.mean(), medians.std(ddof=1), medians.min(), medians.max())
            mean, std, low, high = (round(float(value), _DIGITS) for value in numbers)
            pooled.spread = Spread(repetitions=len(medians), mean=mean, std=std, minimum=low, maximum=high)
        return pooled


class Point(BaseModel):
    """A figure at one place of an axis."""

    at: float
    figure: Figure


class Curve(BaseModel):
    """Figures along an axis. over: what the axis counts, as "turn" or "sessions"; curves of one axis and unit belong
    in one table and one panel."""

    name: str
    over: str
    points: list[Point]

    @property
    def unit(self) -> str:
        """That of its points."""
        return self.points[0].figure.unit
