"""How long the steps of a node's progress bar took. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from .spans import MOMENTS_MAX, ProgressUpdate


class StepTimes(NamedTuple):
    """``steps`` seen; median and spread of the seconds a step took; when each was.

    ``spread_s`` is the interquartile range: half of the steps lie within it. The times
    are ``None`` where fewer than two updates of one bar came in; all three are ``None``
    without any update. ``spans`` are ``(begin, end)`` in clock time
    of all steps whose begin is known, empty where there are more than ``MOMENTS_MAX``.
    """

    steps: int | None
    median_s: float | None
    spread_s: float | None
    spans: tuple[tuple[float, float], ...] = ()


def step_times(updates: Sequence[ProgressUpdate]) -> StepTimes:
    """Statistics of ``(t_s, value, maximum)`` updates in time order.

    A bar that falls back, or changes its maximum, is a new one (a node that samples
    once for each item of a list, or in two passes); the pause between two bars counts
    as no step. An update that skips some values spreads its time over them evenly.
    """
    if not updates:
        return StepTimes(None, None, None)
    total = 0.0
    seconds: list[float] = []
    spans: list[tuple[float, float]] = []
    previous: tuple[float, float, float] | None = None
    for t_s, value, maximum in updates:
        if previous is None or value < previous[1] or maximum != previous[2]:
            total += max(value, 0.0)
        else:
            gained = value - previous[1]
            if gained > 0:
                total += gained
                whole = max(1, round(gained))
                spans += _parts(previous[0], t_s, whole)
                seconds += [(t_s - previous[0]) / gained] * min(whole, 1000)
            else:
                continue  # said twice: the time runs on from the first
        previous = (t_s, value, maximum)
    if not seconds:
        return StepTimes(round(total), None, None)
    quarter, median, three_quarters = (float(q) for q in np.percentile(seconds, (25, 50, 75)))
    kept = tuple(spans) if len(spans) <= MOMENTS_MAX else ()
    return StepTimes(round(total), median, three_quarters - quarter, kept)


def _parts(begin_s: float, end_s: float, count: int) -> list[tuple[float, float]]:
    """The steps that one update ended, as long as each other: hosts leave out updates that come too fast."""
    bounds = np.linspace(begin_s, end_s, min(count, MOMENTS_MAX) + 1).tolist()
    return list(pairwise(bounds))
