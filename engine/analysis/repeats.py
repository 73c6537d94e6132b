"""What several runs of the same workflow come to: a typical time, how sure it is, what to leave out.

Pure: seconds in, numbers out.

Outliers are found by the generalized extreme Studentized deviate test on the logarithms
of the times (Rosner, "Percentage Points for a Generalized ESD Many-Outlier Procedure",
1983) with one false series in a hundred; at most a fifth of the runs can be outliers, and
fewer than five runs have none. The interval is Student's on the logarithms of the runs
that are kept, turned back into seconds.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

CONFIDENCE = 0.95
OUTLIER_LEVEL = 0.01
FEWEST_FOR_OUTLIERS = 5
MOST_OUTLIERS = 0.2
FEWEST_TO_STOP = 5
"""Runs that a series has at least before it may end early: looking after every run makes an
interval from fewer than these too narrow too often."""
_SMALLEST_SPREAD = 0.005
"""Half a percent: where runs agree better than this, nobody is an outlier for a millisecond."""


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
    logs = [math.log(time_s) for time_s in times_s]
    outliers = _outliers(logs)
    kept = tuple(position for position in range(len(logs)) if position not in outliers)
    values = [logs[position] for position in kept]
    median_s = math.exp(statistics.median(values))
    if len(values) < 2:
        return Repeats(
            median_s=median_s, low_s=None, high_s=None, relative_width=None, kept=kept, outliers=outliers
        )
    middle = statistics.fmean(values)
    half = _student(len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))
    return Repeats(
        median_s=median_s,
        low_s=math.exp(middle - half),
        high_s=math.exp(middle + half),
        relative_width=math.sinh(half),
        kept=kept,
        outliers=outliers,
    )


def is_narrow_enough(times_s: Sequence[float], wanted: float) -> bool:
    """Whether a series may end early: its interval is at most ``wanted`` (0.05 is 5 %) to either side."""
    found = summarize_repeats(times_s)
    if found is None or found.relative_width is None or len(found.kept) < FEWEST_TO_STOP:
        return False
    return found.relative_width <= wanted


def _outliers(logs: Sequence[float]) -> tuple[int, ...]:
    """The positions that the test finds, in order."""
    if len(logs) < FEWEST_FOR_OUTLIERS:
        return ()
    left = dict(enumerate(logs))
    removed: list[int] = []
    found = 0
    for _ in range(max(1, int(MOST_OUTLIERS * len(logs)))):
        count = len(left)
        middle = statistics.fmean(left.values())
        spread = max(statistics.stdev(left.values()), _SMALLEST_SPREAD)
        farthest = max(left, key=lambda position: abs(left[position] - middle))
        deviate = abs(left.pop(farthest) - middle) / spread
        removed.append(farthest)
        critical = _student(count - 2, 1.0 - OUTLIER_LEVEL / (2 * count))
        if deviate > (count - 1) * critical / math.sqrt((count - 2 + critical**2) * count):
            found = len(removed)
    return tuple(sorted(removed[:found]))


def _student(freedom: int, share: float = 0.5 + CONFIDENCE / 2) -> float:
    from scipy.stats import t  # scipy takes a while to load: only where an interval is asked for

    return float(t.ppf(share, freedom))
