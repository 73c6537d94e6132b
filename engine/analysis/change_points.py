"""After which run a quantity settled on another level. Pure.

Binary segmentation of one series: the split that explains most of the scatter is kept
where Student's t across it, corrected for every place that was tried, is beyond what a
quiet series shows; then both parts are looked at in the same way, and every place is
chosen again between its neighbours. In the spirit of E-divisive means (Matteson and
James, arXiv 1306.4933), with a test in place of permutations, which would need tens of
thousands of them to be as strict as a hundred nodes at once demand.

Single outliers neither make nor hide a change: each value is first brought within three
standard deviations of the median of its neighbourhood, and a level lasts three runs or
more. Neighbouring runs that resemble each other widen the error by (1 + r) / (1 - r).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .columns import Matrix, Vector
from .drift import resemblance
from .effect import quantity
from .outliers import medians

LEAST_RUNS = 8
"""A series of fewer runs has no change points."""
LEVEL_RUNS = 3
"""A level lasts at least so many runs."""
LEAST_CHANGE = 0.02
"""A change below this share is not worth a word."""
CLIP_DEVIATIONS = 3.0
_WINDOW = 5
_SMALLEST_NOISE = 0.003
"""Runs never agree better than this share, whatever a few of them seem to say."""


@dataclass(frozen=True, slots=True)
class Shift:
    """From place ``at`` of the series on the level is ``after``, before it was ``before``."""

    at: int
    before: float
    after: float


def shifts(metric: str, values: Vector, level: float) -> tuple[Shift, ...]:
    """The lasting changes in ``values`` (one a run, oldest first; NaN where unknown).

    ``level`` is the share of quiet series in which one may be found. Places are those of
    ``values``; levels are medians.
    """
    kind = quantity(metric)
    places = np.flatnonzero(np.isfinite(values))
    known = values[places]
    if len(known) < LEAST_RUNS or float(np.ptp(known)) <= kind.resolution or (known <= 0).any():
        return ()
    calm = without_outliers(np.log(known)[None, :])[0]
    floor = max(_SMALLEST_NOISE, kind.resolution / float(np.median(known)))
    found = _refined(calm, _segments(calm, level, floor))
    if not found or _is_a_line(calm, found):
        return ()
    edges = [0, *found, len(known)]
    levels = [float(np.median(known[a:b])) for a, b in pairwise(edges)]
    made = []
    for number, at in enumerate(found):
        before, after = levels[number], levels[number + 1]
        least = kind.same_amount / 2 if kind.less == "less" else kind.resolution * 2
        lasting = min(
            _nearer(known[edges[number] : at], before, after),
            _nearer(known[at : edges[number + 2]], after, before),
        )
        if abs(after - before) >= max(LEAST_CHANGE * before, least) and lasting >= LEVEL_RUNS:
            made.append(Shift(int(places[at]), before, after))
    return tuple(made)


def _nearer(values: Vector, own: float, other: float) -> int:
    """How many runs of a level are nearer to it than to the one beside it."""
    return int((np.abs(values - own) < np.abs(values - other)).sum())


def without_outliers(values: Matrix) -> Matrix:
    """Each row brought within three standard deviations of its neighbourhood's median."""
    if values.shape[1] < _WINDOW:
        return values
    middle = _medians_of_five(*(values[:, at : values.shape[1] - _WINDOW + at + 1] for at in range(_WINDOW)))
    half = _WINDOW // 2
    local = np.concatenate([middle[:, :1]] * half + [middle] + [middle[:, -1:]] * half, axis=1)
    steps = np.abs(np.diff(values, axis=1))
    deviation = 1.4826 * medians(steps)[:, None] / math.sqrt(2.0)
    reach = CLIP_DEVIATIONS * np.maximum(deviation, 1e-12)
    result: Matrix = np.clip(values, local - reach, local + reach)
    return result


def _medians_of_five(a: Matrix, b: Matrix, c: Matrix, d: Matrix, e: Matrix) -> Matrix:
    """The median at each place: of two pairs the lesser least and the greater greatest are not it."""
    low = np.maximum(np.minimum(a, b), np.minimum(c, d))
    high = np.minimum(np.maximum(a, b), np.maximum(c, d))
    median: Matrix = np.maximum(np.minimum(low, high), np.minimum(np.maximum(low, high), e))
    return median


def _segments(line: Vector, level: float, floor: float) -> list[int]:
    """The places at which ``line`` is split, in order."""
    waiting = [(0, len(line))]
    found = []
    while waiting:
        start, end = waiting.pop()
        at = _split(line[start:end], level, floor)
        if at is not None:
            found.append(start + at)
            waiting += [(start, start + at), (start + at, end)]
    return sorted(found)


def _split(part: Vector, level: float, floor: float) -> int | None:
    """Where ``part`` falls into two levels, if it does."""
    count = len(part)
    if count < LEAST_RUNS:
        return None
    at, between = _best(part)
    whole = float(np.sum((part - part.mean()) ** 2))
    freedom = count - 2
    variance = max((whole - between) / freedom, floor**2)
    residuals = np.concatenate([part[:at] - part[:at].mean(), part[at:] - part[at:].mean()])
    variance *= resemblance(residuals)
    from scipy.special import stdtr

    p_value = 2.0 * float(stdtr(freedom, -math.sqrt(between / variance))) * _tries(count)
    return at if p_value < level else None


def _tries(count: int) -> float:
    """As how many independent tests the search through ``count`` runs counts.

    Places next to each other are nearly one test. Fitted from above to the tails (5 % to
    0.1 %) of the strictest of all splits in two million quiet series of 8 to 1,000 runs.
    """
    return min(float(count - 2 * LEVEL_RUNS + 1), 16.0 * math.log(count / LEVEL_RUNS) - 15.0)


def _best(part: Vector) -> tuple[int, float]:
    """The split with the largest sum of squares between the two sides, and that sum."""
    count = len(part)
    sums = np.cumsum(part - part.mean())[LEVEL_RUNS - 1 : count - LEVEL_RUNS]
    left = np.arange(LEVEL_RUNS, count - LEVEL_RUNS + 1)
    between = sums**2 * count / (left * (count - left))
    place = int(np.argmax(between))
    return int(left[place]), float(between[place])


def _refined(line: Vector, found: list[int]) -> list[int]:
    """Each place chosen again between its neighbours, now that they are known."""
    for number in range(len(found)):
        start = found[number - 1] if number else 0
        end = found[number + 1] if number + 1 < len(found) else len(line)
        if end - start >= 2 * LEVEL_RUNS:
            found[number] = start + _best(line[start:end])[0]
    return found


def _is_a_line(line: Vector, found: list[int]) -> bool:
    """Whether a steady drift explains ``line`` better than levels do (Bayesian information criterion)."""
    count = len(line)
    x = np.arange(count)
    slope, start = np.polyfit(x, line, 1)
    drift = float(np.sum((line - start - slope * x) ** 2))
    edges = [0, *found, count]
    parts = [line[a:b] for a, b in pairwise(edges)]
    levels = float(sum(np.sum((part - part.mean()) ** 2) for part in parts))
    tiny = 1e-12 * count
    cost = math.log(count) * (2 * len(found) + 1 - 2)
    return count * math.log((drift + tiny) / count) < count * math.log((levels + tiny) / count) + cost
