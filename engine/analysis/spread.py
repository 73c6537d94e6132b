"""Plain statistics of a list of numbers: no run, no node, no numpy.

Every function takes finite numbers and answers ``None`` where there are too few.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How a set of values is distributed. ``std`` is the sample's (n - 1), ``None`` for one value."""

    count: int
    mean: float
    median: float
    std: float | None
    p95: float
    minimum: float
    maximum: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A least-squares line through points numbered 0, 1, 2 ...

    ``slope`` is per point. ``slope_error`` is the slope's standard error, ``None`` for
    two points or fewer than that.
    """

    slope: float
    intercept: float
    slope_error: float | None

    @property
    def is_certain(self) -> bool:
        """Whether the slope is more than twice its standard error away from flat."""
        return self.slope_error is not None and abs(self.slope) > 2.0 * self.slope_error


def known(values: Iterable[float | None]) -> list[float]:
    """The values that are there and finite."""
    return [float(value) for value in values if value is not None and math.isfinite(value)]


def median(values: Iterable[float | None]) -> float | None:
    """The middle of the known values, ``None`` where there are none."""
    found = known(values)
    return statistics.median(found) if found else None


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` (0 to 1) of ``values`` lie, interpolated linearly.

    Type 7 of Hyndman and Fan, "Sample Quantiles in Statistical Packages" (1996), the
    default of numpy and R. Raises ``ValueError`` without values.
    """
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def spread(values: Iterable[float | None]) -> Spread | None:
    """The distribution of the known values, ``None`` where there are none."""
    found = known(values)
    if not found:
        return None
    return Spread(
        count=len(found),
        mean=statistics.fmean(found),
        median=statistics.median(found),
        std=statistics.stdev(found) if len(found) > 1 else None,
        p95=percentile(found, 0.95),
        minimum=min(found),
        maximum=max(found),
    )


def line(values: Sequence[float]) -> Line | None:
    """The least-squares line through ``values`` in order; ``None`` for fewer than two.

    Slope = cov(x, y) / var(x); its standard error is sqrt(SSE / (n - 2) / Sxx), the
    textbook formulas of simple linear regression.
    """
    count = len(values)
    if count < 2:
        return None
    x_mean = (count - 1) / 2
    y_mean = statistics.fmean(values)
    sxx = math.fsum((x - x_mean) ** 2 for x in range(count))
    sxy = math.fsum((x - x_mean) * (y - y_mean) for x, y in enumerate(values))
    slope = sxy / sxx
    intercept = y_mean - slope * x_mean
    if count == 2:
        return Line(slope=slope, intercept=intercept, slope_error=None)
    errors = math.fsum((y - intercept - slope * x) ** 2 for x, y in enumerate(values))
    return Line(slope=slope, intercept=intercept, slope_error=math.sqrt(errors / (count - 2) / sxx))
