"""How sure it is that two sets of measurements differ, for many quantities at once. Pure.

One row is one quantity (a node's time, the run's energy), with one set of values on
each side; NaN is "not measured". Where all values are positive, everything happens
on their logarithms: noise of times grows with the time, and a ratio is what people
ask for.

The test is Student's t for two samples, with Welch's degrees of freedom where one
side has far more values than the other. ``noise`` adds what single runs of the same
quantity differed by in the history, so that small sets are not judged by themselves
alone. Where several rows are looked at, what noise they have together steadies that of
each (``noise``), and Benjamini and Hochberg's procedure
(``scipy.stats.false_discovery_control``) keeps the share of false verdicts where one
row alone would have it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from .columns import Mask, Matrix, Vector
from .noise import Noise, usual_variance
from .outliers import medians, outliers

Verdict = Literal["faster", "slower", "less", "more", "no difference", "unknown"]

ALPHA = 0.045
"""The share of false verdicts aimed at: a little under 5 %, for noise that is not quite normal."""
CONFIDENCE = 0.95
LEAST_SHARE = 0.01
"""A change under 1 % gets no verdict, however certain."""
TELLS_NOTHING = 9.0
"""Nodes of a millisecond differ by this share of themselves and more."""
RUNS_NEEDED_MAX = 200
_FAR = 4.0
"""Runs that scatter by so many times the variance that was to be expected are judged by themselves."""
_UNEVEN = 1.5
_WELCH_LEAST_RUNS = 10
"""Of fewer runs, a side's own variance is too uncertain to stand alone."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """How a metric is judged: by which words, and what is no difference worth one.

    A change within ``same_share`` or ``same_amount`` counts as none.
    ``resolution`` is the smallest difference that its measurement can show.
    """

    less: Verdict
    more: Verdict
    same_share: float
    same_amount: float
    resolution: float


TIME = Quantity("faster", "slower", 0.05, 0.01, 0.001)
MEMORY = Quantity("less", "more", 0.03, 32 * 2.0**20, 2.0**20)
ENERGY = Quantity("less", "more", 0.05, 2.0, 0.1)
QUANTITIES = {"vram_max": MEMORY, "ram_max_bytes": MEMORY, "energy_joules": ENERGY}


def quantity(metric: str) -> Quantity:
    """How ``metric`` is judged; what is not named is a time."""
    return QUANTITIES.get(metric, TIME)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """One quantity on both sides. ``baseline`` and ``candidate`` are medians of what counts.

    ``change`` is candidate minus baseline and ``ratio`` candidate by baseline; ``low`` and
    ``high`` are the ends of the 95 % interval of ``change``. ``runs_needed``: how many more
    runs a side it takes for a verdict, about. ``usual_share``: single runs of this quantity
    usually differ by up to this share of themselves (95 of 100 pairs), as the history shows.
    ``outliers`` are the ids of runs whose value was left out.
    """

    baseline: float | None
    candidate: float | None
    change: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    verdict: Verdict = "unknown"
    baseline_count: int = 0
    candidate_count: int = 0
    runs_needed: int | None = None
    usual_share: float | None = None
    outliers: tuple[int, ...] = ()

    @property
    def usual(self) -> float | None:
        """``usual_share`` as far as it tells something, and no less than is worth a word."""
        known = self.usual_share is not None and self.usual_share <= TELLS_NOTHING
        return max(self.usual_share or 0.0, LEAST_SHARE) if known else None

    @property
    def is_unusual(self) -> bool:
        """Whether the change is beyond :attr:`usual`."""
        if self.usual is None or self.ratio is None:
            return False
        return self.ratio <= 0 or max(self.ratio, 1.0 / self.ratio) - 1.0 > self.usual


def deltas(
    metric: str,
    baseline: Matrix,
    candidate: Matrix,
    noise: Noise | None = None,
    run_ids: Sequence[int] = (),
    *,
    together: bool = True,
    independent: bool = True,
) -> list[Delta]:
    """One delta a row. ``baseline`` is ``[row, run]``, ``candidate`` too; the rows are the same quantities.

    ``run_ids`` name the columns, the baseline's first: only for the outliers' names.
    ``together``: verdicts are corrected for the number of rows that can have one. ``independent``: no
    run counts in two rows, so that what the rows have in common may say how much each of them scatters.
    """
    kind = quantity(metric)
    stacked = np.concatenate([baseline, candidate], axis=1)
    if not np.isfinite(stacked).any():  # not measured at all, as energy is on many machines
        return [Delta(baseline=None, candidate=None)] * len(stacked)
    border = baseline.shape[1]
    logarithmic = _all_positive(stacked)
    kept = ~outliers(stacked, border)
    scaled = np.where(kept, _scaled(stacked, logarithmic), np.nan)
    before, after = _Side.of(scaled[:, :border]), _Side.of(scaled[:, border:])
    spread = _spread(before, after, noise, logarithmic, together and independent)
    p_values, half = _tested(before, after, spread)
    difference = after.mean - before.mean
    adjusted = corrected(p_values) if together else p_values
    median_before = medians(np.where(kept[:, :border], baseline, np.nan))
    median_after = medians(np.where(kept[:, border:], candidate, np.nan))
    left_out: dict[int, tuple[int, ...]] = {}
    for row, at in np.argwhere(~kept[:, : len(run_ids)]).tolist():
        left_out[row] = (*left_out.get(row, ()), run_ids[at])
    # As Python's own numbers, with which single values are computed much faster than with numpy's.
    numbers = zip(
        *(
            column.tolist()
            for column in (
                median_before,
                median_after,
                logarithmic,
                before.mean,
                difference,
                half,
                adjusted,
                spread.variance,
                before.count.astype(np.int64),
                after.count.astype(np.int64),
                _usual(noise, len(stacked)),
            )
        ),
        strict=True,
    )
    return [_delta(kind, *row, left_out=left_out.get(number, ())) for number, row in enumerate(numbers)]


def corrected(p_values: Vector) -> Vector:
    """``p_values`` corrected for their number; NaN stays NaN and does not count."""
    known = np.isfinite(p_values)
    if known.sum() < 2:
        return p_values
    from scipy.stats import false_discovery_control

    result: Vector = p_values.copy()
    result[known] = false_discovery_control(p_values[known])
    return result


@dataclass(frozen=True, slots=True)
class _Side:
    count: Vector
    mean: Vector
    squares: Vector
    """Sum of squared distances from the mean."""

    @classmethod
    def of(cls, values: Matrix) -> _Side:
        known = np.isfinite(values)
        count = known.sum(axis=1).astype(np.float64)
        filled = np.where(known, values, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = np.where(count > 0, filled.sum(axis=1) / count, np.nan)
        squares = (np.where(known, values - mean[:, None], 0.0) ** 2).sum(axis=1)
        return cls(count, mean, squares)


@dataclass(frozen=True, slots=True)
class _Spread:
    """Variance of one value, variance of the difference of the means, degrees of freedom; a row each."""

    variance: Vector
    of_difference: Vector
    freedom: Vector


def _spread(
    before: _Side, after: _Side, noise: Noise | None, logarithmic: Mask, from_others: bool
) -> _Spread:
    n, m = before.count, after.count
    with np.errstate(divide="ignore", invalid="ignore"):
        freedom = np.maximum(n + m - 2, 0.0)
        squares = before.squares + after.squares
        if noise is not None:
            usable = logarithmic & np.isfinite(noise.variance) & (noise.freedom > 0)
            own = squares / freedom
            # Runs that scatter far more than the history's are judged by themselves.
            usable &= ~((freedom > 0) & (own > _FAR * noise.variance))
            squares = squares + np.where(usable, noise.variance * noise.freedom, 0.0)
            freedom = freedom + np.where(usable, noise.freedom, 0.0)
        if from_others:
            usual, worth = usual_variance(np.where(logarithmic, squares / freedom, np.nan), freedom)
            drawn = logarithmic & (squares > 0) & (freedom > 0) & (squares <= _FAR * usual * freedom)
            squares = squares + np.where(drawn, usual * worth, 0.0)
            freedom = freedom + np.where(drawn, worth, 0.0)
        pooled = np.where(freedom > 0, squares / freedom, np.nan)
        of_difference = pooled * (1.0 / n + 1.0 / m)
        # Welch, where pooling would let the larger side speak for the smaller one.
        uneven = (np.maximum(n, m) > _UNEVEN * np.minimum(n, m)) & (np.minimum(n, m) >= _WELCH_LEAST_RUNS)
        if noise is not None:
            uneven &= ~usable
        a, b = before.squares / (n - 1) / n, after.squares / (m - 1) / m
        of_difference = np.where(uneven, a + b, of_difference)
        welch = (a + b) ** 2 / (a * a / (n - 1) + b * b / (m - 1))
        freedom = np.where(uneven & np.isfinite(welch), welch, freedom)
    of_difference = np.where((n > 0) & (m > 0), of_difference, np.nan)
    return _Spread(pooled, of_difference, freedom)


def _tested(before: _Side, after: _Side, spread: _Spread) -> tuple[Vector, Vector]:
    """Two-sided p values, and half the width of the intervals on the scale of the test."""
    from scipy.special import stdtr, stdtrit

    # One run against one is never judged, whatever the history says about single runs.
    alone = (before.count <= 1) & (after.count <= 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(spread.of_difference)
        known = np.isfinite(error) & (spread.freedom > 0)
        freedom = np.where(known, spread.freedom, 1.0)
        distance = np.abs(after.mean - before.mean)
        ratio = np.where(error > 0, distance / error, np.where(distance > 0, np.inf, 0.0))
        p_values = np.where(known & ~alone, 2.0 * stdtr(freedom, -ratio), np.nan)
        half = np.where(known, stdtrit(freedom, 0.5 + CONFIDENCE / 2) * error, np.nan)
    return p_values, half


def _delta(
    kind: Quantity,
    old: float,
    new: float,
    logarithmic: bool,
    level: float,
    difference: float,
    half: float,
    p_value: float,
    variance: float,
    old_count: int,
    new_count: int,
    usual: float,
    *,
    left_out: tuple[int, ...],
) -> Delta:
    made: dict[str, Any] = {
        "baseline": None if math.isnan(old) else old,
        "candidate": None if math.isnan(new) else new,
        "baseline_count": old_count,
        "candidate_count": new_count,
        "usual_share": None if math.isnan(usual) else usual,
        "outliers": left_out,
    }
    if not old_count or not new_count:
        return Delta(**made)
    change = new - old
    made |= {"change": change, "ratio": new / old if old else None}
    if math.isnan(half):
        return Delta(**made, runs_needed=1 if old_count == new_count == 1 else None)
    reach = min(half, 30.0)
    if logarithmic:
        center = math.exp(min(level, 700.0))
        low, high = center * math.expm1(difference - reach), center * math.expm1(difference + reach)
    else:
        center = level
        low, high = difference - half, difference + half
    low, high = min(low, change) - kind.resolution / 2, max(high, change) + kind.resolution / 2
    same = max(kind.same_share * abs(center), kind.same_amount)
    least = max(LEAST_SHARE * abs(center), kind.resolution)
    verdict: Verdict = "unknown"
    needed = None
    if not math.isnan(p_value) and p_value < ALPHA and abs(change) >= least:
        verdict = kind.less if change < 0 else kind.more
    elif not math.isnan(p_value) and -same <= low and high <= same:
        verdict = "no difference"
    else:
        reach_for = max(abs(change), same)
        wanted = math.log1p(reach_for / abs(center)) if logarithmic and center else reach_for
        needed = _runs_needed(variance, wanted, min(old_count, new_count))
    return Delta(**made, low=low, high=high, verdict=verdict, runs_needed=needed)


def _runs_needed(variance: float, difference: float, have: int) -> int | None:
    """Runs a side, beyond ``have``, that show ``difference`` in 80 of 100 tries.

    The sample size of a two-sided test at 5 %: 2 (1.96 + 0.84)^2 variance / difference^2.
    """
    if not math.isfinite(variance) or difference <= 0:
        return None
    wanted = math.ceil(2.0 * (1.96 + 0.84) ** 2 * variance / difference**2) + 1
    return min(RUNS_NEEDED_MAX, max(1, wanted - have))


def _usual(noise: Noise | None, rows: int) -> Vector:
    """``Delta.usual_share`` of each row; NaN where the history does not say."""
    if noise is None:
        return np.full(rows, np.nan)
    from scipy.special import stdtrit

    known = (noise.freedom > 0) & np.isfinite(noise.variance)
    reach = stdtrit(np.where(known, noise.freedom, 1.0), 0.5 + CONFIDENCE / 2) * np.sqrt(2.0 * noise.variance)
    return np.where(known, np.expm1(np.minimum(reach, 5.0)), np.nan)


def _all_positive(values: Matrix) -> Mask:
    known = np.isfinite(values)
    positive: Mask = (known & (values > 0)).sum(axis=1) == known.sum(axis=1)
    return positive


def _scaled(values: Matrix, logarithmic: Mask) -> Matrix:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(logarithmic[:, None], np.log(values), values)
