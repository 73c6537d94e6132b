"""Pairs of sets of runs with a known difference, and how often a comparison sees it.

Each history is a row, so that thousands are judged at once; a row is judged as if it
were alone. Noise is log-normal: ``noise`` is its standard deviation as a share.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from engine.analysis.columns import Matrix
from engine.analysis.effect import deltas
from engine.analysis.noise import noise_of


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


@dataclass(frozen=True, slots=True)
class Nodes:
    """How comparisons of many nodes at once came out, as shares.

    ``any_false``: of the comparisons, those with a false verdict; ``false``: of the verdicts, the false
    ones; ``seen``: of the nodes that changed, those with a verdict.
    """

    any_false: float
    false: float
    seen: float


def many_nodes(
    seed: int,
    *,
    comparisons: int,
    nodes: int,
    runs: int,
    noise: float = 0.05,
    spread: float = 0.0,
    changed: int = 0,
    change: float = 0.1,
) -> Nodes:
    """``runs`` a side of so many nodes, of which ``changed`` did by the share ``change``.

    ``spread`` is how far the nodes differ in their noise: the standard deviation of its logarithm.
    """
    chance = np.random.default_rng(seed)
    any_false, false, seen = [], [], []
    for _ in range(comparisons):
        own = noise * np.exp(spread * chance.standard_normal((nodes, 1)))
        before, after = np.exp(own * chance.standard_normal((2, nodes, runs)))
        after[:changed] *= 1.0 + change
        found = np.array(
            [delta.verdict in ("faster", "slower") for delta in deltas("exec_time", before, after)]
        )
        wrong = int(found[changed:].sum())
        any_false.append(wrong > 0)
        false.append(wrong / max(1, int(found.sum())))
        seen.append(int(found[:changed].sum()) / max(1, changed))
    return Nodes(float(np.mean(any_false)), float(np.mean(false)), float(np.mean(seen)))
