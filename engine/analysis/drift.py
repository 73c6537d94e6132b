"""Steady change along a series of runs: slope, its error, and whether it is more than chance. Pure.

Least squares over the order of the runs. Neighbouring runs that resemble each other (a
machine that warms up, a cache that fills) widen the error by (1 + r) / (1 - r).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from .executions import Vector

LEAST_RUNS = 10


class Slope(NamedTuple):
    """Change a run, its standard error (``None`` for fewer than three runs), degrees of freedom."""

    per_run: float
    error: float | None
    freedom: int

    @property
    def p_value(self) -> float:
        """How often a series that goes nowhere has a slope like this, to either side."""
        if self.error is None:
            return 1.0
        if self.error == 0:
            return 0.0 if self.per_run else 1.0
        from scipy.special import stdtr

        return 2.0 * float(stdtr(self.freedom, -abs(self.per_run) / self.error))


def slope(places: Vector, values: Vector) -> Slope:
    """The line through ``values`` at ``places``; two values or more."""
    x = places - places.mean()
    squares = float(np.sum(x**2))
    per_run = float(np.sum(x * values)) / squares
    freedom = len(values) - 2
    if freedom < 1:
        return Slope(per_run, None, freedom)
    residuals = values - values.mean() - per_run * x
    variance = float(np.sum(residuals**2)) / freedom * resemblance(residuals)
    return Slope(per_run, math.sqrt(variance / squares), freedom)


def resemblance(residuals: Vector) -> float:
    """By how much likeness of neighbours widens a variance; 1 where there is none to speak of."""
    count = len(residuals)
    squares = float(np.sum(residuals**2))
    if count < 10 or squares <= 0:
        return 1.0
    likeness = float(np.sum(residuals[1:] * residuals[:-1])) / squares
    surplus = min(0.9, max(0.0, likeness - 1.645 / math.sqrt(count)))
    return (1.0 + surplus) / (1.0 - surplus)
