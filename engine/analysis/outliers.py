"""Which measurements are left out of a comparison, and the medians that decide it. Pure.

The rule for outliers, stated wherever they are marked: on a side of five runs or
more a value is left out that lies further than 25 % from its side's median and
further than ten times the typical distance (the median absolute deviation of both
sides, as a standard deviation; fourteen times where both sides together have fewer
than eight runs). On normal noise it leaves out next to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .columns import Mask, Matrix, Vector

LEAST_RUNS = 5
DEVIATIONS = 10.0
DEVIATIONS_OF_FEW = 14.0
_FEW = 8
SHARE = 0.25


def outliers(values: Matrix, border: int) -> Mask:
    """Where ``values`` (baseline left of column ``border``) are outliers by the module's rule."""
    marked = np.zeros(values.shape, dtype=np.bool_)
    if max(border, values.shape[1] - border) < LEAST_RUNS:
        return marked
    sides = [part for part in (slice(0, border), slice(border, values.shape[1])) if part.stop > part.start]
    away = np.full(values.shape, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        for part in sides:
            middle = medians(values[:, part])[:, None]
            away[:, part] = np.abs(values[:, part] / middle - 1.0)
        typical = 1.4826 * medians(away)[:, None]
        few = np.isfinite(away).sum(axis=1, keepdims=True) < _FEW
        most = np.where(few, DEVIATIONS_OF_FEW, DEVIATIONS)
        far = away > np.maximum(most * typical, SHARE)
    for part in sides:
        enough = np.isfinite(values[:, part]).sum(axis=1) >= LEAST_RUNS
        marked[:, part] = far[:, part] & enough[:, None]
    return marked


def medians(values: Sequence[Sequence[float]] | Matrix) -> Vector:
    """The median of each row's known values; NaN where there are none."""
    values = np.asarray(values, dtype=np.float64)
    ordered = np.sort(values, axis=1)  # NaN goes last
    count = np.isfinite(values).sum(axis=1)
    if not values.shape[1]:
        return np.full(len(values), np.nan)
    rows = np.arange(len(values))
    low = ordered[rows, np.maximum((count - 1) // 2, 0)]
    high = ordered[rows, np.minimum(count // 2, values.shape[1] - 1)]
    return np.where(count > 0, (low + high) / 2.0, np.nan)
