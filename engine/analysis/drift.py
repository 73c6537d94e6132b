"""Steady change along a series of runs: slope, its error, and whether it is more than chance. Pure.

Least squares over the order of the runs. Neighbouring runs that resemble each other (a
machine that warms up, a cache that fills) widen the error by (1 + r) / (1 - r).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from .columns import Matrix, Vector

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
        return float(p_values(np.array([self.per_run]), np.array([self.error]), self.freedom)[0])


def slope(places: Vector, values: Vector) -> Slope:
    """The line through ``values`` at ``places``; two values or more."""
    per_run, error = slopes(places, values[None, :])
    freedom = len(values) - 2
    return Slope(float(per_run[0]), float(error[0]) if freedom > 0 else None, freedom)


def slopes(places: Vector, values: Matrix) -> tuple[Vector, Vector]:
    """The lines through the rows of ``values``: change a run and its standard error, NaN for two runs."""
    x = places - places.mean()
    squares = float(np.sum(x**2))
    per_run = values @ x / squares
    residuals = values - values.mean(axis=1, keepdims=True) - per_run[:, None] * x
    freedom = len(places) - 2
    if freedom < 1:
        return per_run, np.full(len(values), np.nan)
    variance = np.sum(residuals**2, axis=1) / freedom * resemblances(residuals)
    return per_run, np.sqrt(variance / squares)


def p_values(per_run: Vector, error: Vector, freedom: int) -> Vector:
    """How often series that go nowhere have slopes like these, to either side."""
    from scipy.special import stdtr

    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(error > 0, np.abs(per_run) / error, np.where(per_run == 0, 0.0, np.inf))
    result: Vector = 2.0 * stdtr(freedom, -ratio)
    return result


def resemblance(residuals: Vector) -> float:
    """By how much likeness of neighbours widens a variance; 1 where there is none to speak of."""
    return float(resemblances(residuals[None, :])[0])


def resemblances(residuals: Matrix) -> Vector:
    """:func:`resemblance` of each row."""
    count = residuals.shape[1]
    if count < 10:
        return np.ones(len(residuals))
    squares = np.sum(residuals**2, axis=1)
    likeness = np.sum(residuals[:, 1:] * residuals[:, :-1], axis=1) / np.where(squares > 0, squares, 1.0)
    surplus = np.clip(likeness - 1.645 / math.sqrt(count), 0.0, 0.9)
    result: Vector = (1.0 + surplus) / (1.0 - surplus)
    return result
