"""Pairs of sets of runs with a known difference, and how often a comparison sees it.

Each history is a row, so that thousands are judged at once; a row is judged as if it
were alone. Noise is log-normal: ``noise`` is its standard deviation as a share.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from engine.analysis.effect import deltas, noise_of
from engine.analysis.executions import Matrix


def verdicts(
    seed: int,
    *,
    histories: int,
    baseline: int,
    candidate: int,
    change: float = 0.0,
    noise: float = 0.05,
    history: int = 0,
    outlier: float | None = None,
    tails: float | None = None,
    level: float = 10.0,
) -> Counter[str]:
    """How often each verdict is given on a time. ``change`` is the planted share.

    ``history``: so many earlier runs are known. ``outlier``: one run of the baseline takes
    so many times as long. ``tails``: noise is Student's t with so many degrees of freedom.
    """
    chance = np.random.default_rng(seed)

    def drawn(count: int, factor: float) -> Matrix:
        shape = (histories, count)
        scatter = chance.standard_t(tails, shape) if tails else chance.standard_normal(shape)
        made: Matrix = level * factor * np.exp(noise * scatter)
        return made

    before, after = drawn(baseline, 1.0), drawn(candidate, 1.0 + change)
    if outlier is not None:
        before[:, 0] *= outlier
    known = noise_of(drawn(history, 1.0)) if history else None
    return Counter(delta.verdict for delta in deltas("exec_time", before, after, known, together=False))


def changes(found: Counter[str]) -> float:
    """The share of verdicts that say that something changed."""
    return (found["faster"] + found["slower"]) / found.total()


def any_node_changed(seed: int, *, comparisons: int, nodes: int, runs: int, noise: float = 0.05) -> float:
    """The share of comparisons of equal sets in which any of so many nodes is said to have changed."""
    chance = np.random.default_rng(seed)
    wrong = 0
    for _ in range(comparisons):
        before, after = (np.exp(noise * chance.standard_normal((nodes, runs))) for _ in range(2))
        wrong += any(delta.verdict in ("faster", "slower") for delta in deltas("exec_time", before, after))
    return wrong / comparisons
