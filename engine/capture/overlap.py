"""Which samples fall into which stretches of work, and what they come to. Pure arithmetic on arrays.

Knows series and stretches, no quantity by name and no step beyond its segments.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..model import Run, Series, Step
from ..model.step import merged

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

SAME_MOMENT_S = 1e-6
"""Overlaps up to this are rounding."""


@dataclass(frozen=True, slots=True)
class Work:
    """All stretches of work: ``start``, ``end`` in seconds, ``step`` is the index of the step.

    Stretches of one step do not overlap each other.
    """

    start: Floats
    end: Floats
    step: Ints
    count: int

    @property
    def seconds(self) -> Floats:
        """Seconds at work, step by step."""
        return self.total(self.end - self.start)

    def total(self, values: Floats) -> Floats:
        """``values``, one a stretch, summed by step."""
        return np.bincount(self.step, values, minlength=self.count).astype(np.float64)


def work_of(steps: tuple[Step, ...]) -> Work:
    starts: list[float] = []
    ends: list[float] = []
    owners: list[int] = []
    for index, step in enumerate(steps):
        for start_s, end_s in step.work if len(step.work) < 2 else merged(step.work):
            starts.append(start_s)
            ends.append(end_s)
            owners.append(index)
    return Work(np.array(starts), np.array(ends), np.array(owners, dtype=np.intp), len(steps))


def arrays(series: Series) -> tuple[Floats, Floats, Floats | None]:
    """Times, values and, for averages, beginnings."""
    t_s = np.asarray(series.t_s, dtype=np.float64)
    value = np.asarray(series.value, dtype=np.float64)
    if len(series.start_s) != len(t_s):
        return t_s, value, None
    start = np.asarray(series.start_s, dtype=np.float64)
    if len(start):
        # Averages that overlap by rounding would count twice.
        start[1:] = np.maximum(start[1:], t_s[:-1])
        start = np.minimum(start, t_s)
    return t_s, value, start


def _max_by_step(work: Work, low: Ints, high: Ints, value: Floats) -> Floats:
    """The highest of ``value[low:high]`` of each stretch, by step; NaN where there is none."""
    result = np.full(work.count, -np.inf)
    some = np.flatnonzero(high > low)
    if len(some):
        bounds = np.column_stack((low[some], high[some])).ravel()
        tops = np.maximum.reduceat(np.append(value, -np.inf), bounds)[::2]
        np.maximum.at(result, work.step[some], tops)
    result[np.isneginf(result)] = np.nan
    return result


def highest(work: Work, series: Series) -> Floats:
    """The highest sample of each step, NaN where none falls into it."""
    t_s, value, start = arrays(series)
    if start is None:
        low = np.searchsorted(t_s, work.start, side="left")
        high = np.searchsorted(t_s, work.end, side="right")
        return _max_by_step(work, low, high, value)
    if not len(t_s):
        return np.full(work.count, np.nan)
    low = np.searchsorted(t_s, work.start, side="right")
    high = np.searchsorted(start, work.end, side="left")
    last = len(t_s) - 1
    # Only the first and the last of a range can stick out of the stretch.
    for edge, step_in, is_low in ((low, 1, True), (high - 1, -1, False)):
        at = np.clip(edge, 0, last)
        inside = np.minimum(t_s[at], work.end) - np.maximum(start[at], work.start)
        too_little = (inside < (t_s[at] - start[at]) / 2) & (high > low)
        if is_low:
            low = low + step_in * too_little
        else:
            high = high + step_in * too_little
    return _max_by_step(work, low, high, value)


def average(work: Work, series: Series) -> Floats:
    """The overlap-weighted average of each step, NaN where nothing overlaps."""
    t_s, value, start = arrays(series)
    if start is None or not len(t_s):
        return np.full(work.count, np.nan)
    width = t_s - start
    ends = np.column_stack((start, t_s)).ravel()
    covered = np.column_stack((np.zeros(len(t_s)), width)).ravel().cumsum()
    summed = np.column_stack((np.zeros(len(t_s)), width * value)).ravel().cumsum()
    time = np.interp(work.end, ends, covered) - np.interp(work.start, ends, covered)
    area = np.interp(work.end, ends, summed) - np.interp(work.start, ends, summed)
    time, area = work.total(time), work.total(area)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(time > SAME_MOMENT_S, area / time, np.nan)


def by_device(run: Run, metric: str) -> dict[str, Series]:
    """The series of a quantity that is read device by device."""
    return {series.device: series for series in run.series if series.metric == metric and series.device}


def find(run: Run, metric: str) -> Series | None:
    """The series of a quantity of the process, if it was sampled."""
    return next((series for series in run.series if series.metric == metric), None)
