"""What single runs of a quantity differ by: from its own history, and from what others show. Pure.

Five runs a side tell the noise of one node badly. :func:`noise_of` takes it from earlier runs;
:func:`usual_variance` from the other nodes, as far as nodes are alike in it. The latter's model is that
of G. Smyth, "Linear models and empirical Bayes methods", 2004: true variances are scattered as a scaled
inverse chi-square, whose two parameters follow from mean and variance of the logarithms of the observed
ones. Where nodes differ much in their noise it counts for little.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .columns import Matrix, Vector
from .outliers import medians

LEAST_ROWS = 10
"""Fewer quantities do not tell how alike they are."""
FREEDOM_MAX = 60.0
"""What others say is worth at most so many degrees of freedom, however alike they seem."""
CAUTION = 0.6
"""It counts for this part of that: noise is not scattered just as the model has it. Without this, 5.5 in
100 comparisons of equal runs called a node changed where the logarithms of noise are normal."""


@dataclass(frozen=True, slots=True)
class Noise:
    """What single runs of each row differ by: variance of the logarithms, and its degrees of freedom."""

    variance: Vector
    freedom: Vector


def noise_of(values: Matrix) -> Noise:
    """What single runs differ by, from the history: ``[row, run]``, oldest first.

    Half the mean square of the differences of neighbours (von Neumann), so that a lasting
    change on the way is one difference; those beyond 3.5 robust standard deviations do not
    count. Such an estimate is worth two thirds of its degrees of freedom.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(values > 0, np.log(values), np.nan)
        steps = np.abs(np.diff(logs, axis=1))
        usual = steps <= 3.5 * 1.4826 * medians(steps)[:, None]
        squares = np.where(usual, steps, 0.0) ** 2
        variance = squares.sum(axis=1) / usual.sum(axis=1) / 2.0
    count = np.isfinite(steps).sum(axis=1)
    enough = count >= 5
    return Noise(np.where(enough, variance, np.nan), np.where(enough, 0.6 * count, 0.0))


def usual_variance(variance: Vector, freedom: Vector) -> tuple[float, float]:
    """The usual variance among rows and the degrees of freedom that it is worth; 0 where it says nothing.

    ``variance`` of each row was estimated with ``freedom``; rows without noise do not count.
    """
    with np.errstate(invalid="ignore"):
        known = (variance > 0) & (freedom > 0)
    if known.sum() < LEAST_ROWS:
        return 0.0, 0.0
    from scipy.special import digamma, polygamma

    half = freedom[known] / 2.0
    logs = np.log(variance[known]) - digamma(half) + np.log(half)
    scatter = float(np.var(logs, ddof=1) - polygamma(1, half).mean())
    worth = min(FREEDOM_MAX, 2.0 * _inverse_trigamma(scatter)) if scatter > 0 else FREEDOM_MAX
    usual = float(np.exp(logs.mean() + digamma(worth / 2.0) - np.log(worth / 2.0)))
    return usual, CAUTION * worth


def _inverse_trigamma(value: float) -> float:
    """Newton's method on 1 / trigamma, which is nearly a line: the appendix of the same paper."""
    from scipy.special import polygamma

    x = 0.5 + 1.0 / value
    for _ in range(8):
        y = float(polygamma(1, x))
        x += y * (1.0 - y / value) / float(polygamma(2, x))
    return x
