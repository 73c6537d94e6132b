"""Where ticks stand and what they say, and many readings in few pixels. Pure numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

from ...language import plain

_TIME_STEPS_S = (60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """Seconds ``0..total_s`` on design pixels ``left..right``."""

    total_s: float
    left: float
    right: float

    def x(self, t_s: Any) -> Any:
        """The pixel of a time; takes numbers and arrays. Times outside lie on the edge."""
        span = self.right - self.left
        if isinstance(t_s, (int, float)):
            return self.left + span * min(1.0, max(0.0, t_s / self.total_s))
        import numpy as np

        return self.left + span * np.clip(t_s / self.total_s, 0.0, 1.0)

    def ticks(self, most: int = 9) -> list[tuple[float, str]]:
        """``(pixel, label)`` at round times, at most ``most`` + 1 of them."""
        step = _time_step(self.total_s / most)
        count = int(self.total_s / step + 1e-9)
        return [
            (self.x(number * step), _time_label(number * step, step, self.total_s))
            for number in range(count + 1)
        ]


def nice_ticks(top: float, most: int = 4) -> list[float]:
    """Round values from 0 up to ``top``, at most ``most`` + 1 of them."""
    if top <= 0:
        return [0.0]
    step = _nice(top / most)
    return [number * step for number in range(int(top / step + 1e-9) + 1)]


def nice_ceiling(value: float) -> float:
    """A round value a little above ``value``."""
    return _nice(value / 4) * math.ceil(value / _nice(value / 4) - 1e-9) if value > 0 else 1.0


class Columns(NamedTuple):
    """Readings by pixel column: arrays of equal length, in time order."""

    x: Any
    low: Any
    high: Any
    mean: Any


def decimate(x: Any, y: Any, columns: float, least: float = 4.0) -> Columns | None:
    """The lowest, the highest and the mean ``y`` in each pixel column.

    ``x`` are pixels in rising order. ``None`` for fewer than ``least`` readings a
    column, which are better drawn as they are.
    """
    import numpy as np

    if len(x) <= least * max(1.0, columns):
        return None
    column = np.floor(x).astype(np.int64)
    first = np.flatnonzero(np.concatenate(([True], column[1:] != column[:-1])))
    count = np.diff(np.concatenate((first, [len(x)])))
    return Columns(
        x=column[first] + 0.5,
        low=np.minimum.reduceat(y, first),
        high=np.maximum.reduceat(y, first),
        mean=np.add.reduceat(y, first) / count,
    )


def _nice(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    for factor in (1.0, 2.0, 2.5, 5.0):
        if step <= factor * power * (1 + 1e-9):
            return factor * power
    return 10.0 * power


def _time_step(least_s: float) -> float:
    if least_s <= 30:
        return 30.0 if least_s > 20 else 20.0 if least_s > 10 else _nice(least_s)
    return next((float(step) for step in _TIME_STEPS_S if step >= least_s), _nice(least_s / 86400) * 86400)


def _time_label(t_s: float, step_s: float, total_s: float) -> str:
    if total_s < 1:
        return f"{plain(t_s * 1000)} ms"
    if total_s < 120 or step_s < 20:
        return f"{plain(t_s)} s"
    if total_s < 3600:
        minutes, seconds = divmod(round(t_s), 60)
        return f"{minutes}:{seconds:02d} min" if step_s < 60 else f"{minutes} min"
    hours, minutes = divmod(round(t_s / 60), 60)
    return f"{hours} h" if step_s >= 3600 else f"{hours}:{minutes:02d} h"
