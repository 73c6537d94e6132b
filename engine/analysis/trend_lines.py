"""One quantity over the runs of a workflow, for many nodes at once: its level and its drift. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .change_points import without_outliers
from .columns import Matrix, Vector
from .drift import LEAST_RUNS, p_values, slopes
from .outliers import medians

LEAST_DRIFT = 0.05
FALSE_DRIFTS = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """One quantity over the runs, oldest first.

    ``values`` has one entry a run of the trend, ``None`` where it was not measured or the
    run is of another kind. ``slope_per_run`` is the drift of the newest level (since the
    last change point); ``change_share`` what that drift comes to over its runs, as a share
    of where it began. ``is_certain``: the drift is no chance.
    """

    values: tuple[float | None, ...]
    median: float | None
    slope_per_run: float | None
    change_share: float | None
    is_certain: bool


def trend_lines(values: Matrix, since: Sequence[int]) -> list[Trend]:
    """The trend of each row of ``values``, ``[quantity, run]``; its newest level begins at ``since``."""
    drifts: list[tuple[float | None, float | None, bool]] = [(None, None, False)] * len(values)
    known = np.isfinite(values)
    alike: dict[tuple[int, bytes], list[int]] = {}
    for row, start in enumerate(since):
        alike.setdefault((start, known[row, start:].tobytes()), []).append(row)
    for (start, _), rows in alike.items():
        places = np.flatnonzero(known[rows[0], start:])
        if len(places) >= 2:
            level = values[rows, start:][:, places]
            for row, drift in zip(rows, _drifts(places.astype(np.float64), level), strict=True):
                drifts[row] = drift
    shown = values.astype(object)
    shown[~known] = None
    return [
        Trend(
            values=tuple(line),
            median=None if middle != middle else middle,
            slope_per_run=per_run,
            change_share=share,
            is_certain=certain,
        )
        for line, middle, (per_run, share, certain) in zip(
            shown.tolist(), medians(values).tolist(), drifts, strict=True
        )
    ]


def _drifts(places: Vector, values: Matrix) -> list[tuple[float | None, float | None, bool]]:
    """Of each row the slope a run, what it comes to as a share, and whether it is certain."""
    calm = without_outliers(values)
    per_run, error = slopes(places, calm)
    start = calm.mean(axis=1) - per_run * (places.mean() - places[0])
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(start > 0, per_run * (places[-1] - places[0]) / start, np.nan)
    certain = np.abs(share) >= LEAST_DRIFT
    if len(places) >= LEAST_RUNS:
        certain &= p_values(per_run, error, len(places) - 2) < FALSE_DRIFTS
    else:
        certain[:] = False
    shares = [None if one != one else one for one in share.tolist()]
    return list(zip(per_run.tolist(), shares, certain.tolist(), strict=True))
