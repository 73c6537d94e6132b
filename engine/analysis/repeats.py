"""What several runs of the same workflow come to: a typical time, how sure it is, what to leave out.

Pure: seconds in, numbers out.

Outliers are those of ``outliers.py``, as in comparisons. The interval is Student's on the
logarithms of the runs that are kept, turned back into seconds.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .outliers import outliers

CONFIDENCE = 0.95
FEWEST_TO_STOP = 5
"""Runs that a series has at least before it may end early: looking after every run makes an
interval from fewer than these too narrow too often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """``median_s`` with its interval ``low_s`` to ``high_s`` (seconds, 95 %).

    ``kept`` and ``outliers`` are positions in the given times. ``relative_width`` is
    half the interval's width as a share of its middle. Interval and width are ``None``
    for fewer than two runs.
    """

    median_s: float
    low_s: float | None
    high_s: float | None
    relative_width: float | None
    kept: tuple[int, ...]
    outliers: tuple[int, ...]


def summarize_repeats(times_s: Sequence[float]) -> Repeats | None:
    """What ``times_s`` (positive seconds, one a run, warm-ups left out) come to; ``None`` for none."""
    if not times_s:
        return None
    marked = outliers(np.array([times_s]), len(times_s))[0]
    left_out, kept = (tuple(np.flatnonzero(chosen).tolist()) for chosen in (marked, ~marked))
    values = [math.log(times_s[position]) for position in kept]
    median_s = math.exp(statistics.median(values))
    if len(values) < 2:
        return Repeats(
            median_s=median_s, low_s=None, high_s=None, relative_width=None, kept=kept, outliers=left_out
        )
    middle = statistics.fmean(values)
    half = _student(len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))
    return Repeats(
        median_s=median_s,
        low_s=math.exp(middle - half),
        high_s=math.exp(middle + half),
        relative_width=math.sinh(half),
        kept=kept,
        outliers=left_out,
    )


def is_narrow_enough(times_s: Sequence[float], wanted: float) -> bool:
    """Whether a series may end early: its interval is at most ``wanted`` (0.05 is 5 %) to either side."""
    found = summarize_repeats(times_s)
    if found is None or found.relative_width is None or len(found.kept) < FEWEST_TO_STOP:
        return False
    return found.relative_width <= wanted


def _student(freedom: int) -> float:
    from scipy.stats import t  # scipy takes a while to load: only where an interval is asked for

    return float(t.ppf(0.5 + CONFIDENCE / 2, freedom))
