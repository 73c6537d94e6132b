"""Several sets of runs against each other: planted differences found, chance not, unlike kinds not judged."""

from __future__ import annotations

import numpy as np
import pytest

from engine.analysis.matrix import Matrix, matrix
from tests.planted.histories import evidence


def sets_of(levels: list[float], runs: int, noise: float, seed: int) -> tuple[list[list[int]], Matrix]:
    """Sets of ``runs`` runs of three nodes; ``levels`` is the second node's time in each set."""
    random = np.random.default_rng(seed)
    sets, times = [], {}
    for level in levels:
        ids = [len(times) + number + 1 for number in range(runs)]
        for run_id in ids:
            factor = np.exp(random.normal(0.0, noise, 3))
            times[run_id] = {
                "1": 2.0 * float(factor[0]),
                "2": level * float(factor[1]),
                "3": 1.0 * float(factor[2]),
            }
        sets.append(ids)
    return sets, matrix(sets, evidence(times))


def test_a_planted_difference_stands_in_its_row_and_column_only() -> None:
    sets, found = sets_of([5.0, 5.0, 7.0], 6, 0.02, seed=1)
    assert [each.counted_ids for each in found.sets] == [tuple(ids) for ids in sets]
    verdicts = [[one and one.verdict for one in row] for row in found.totals["total_time"].deltas]
    assert verdicts[2][:2] == ["slower", "slower"]
    assert (verdicts[0][2], verdicts[1][2]) == ("faster", "faster")
    assert verdicts[0][1] in ("no difference", "unknown")
    assert [verdicts[number][number] for number in range(3)] == [None] * 3
    first = found.nodes[0]
    assert first.node_id == "2"
    assert [one and one.verdict for one in first.deltas][2] == "slower"
    assert first.medians[2] == pytest.approx(7.0, rel=0.03)


def test_equal_sets_are_told_apart_in_five_of_a_hundred_cases_at_most() -> None:
    """However many pairs are looked at: of four sets, twelve."""
    wrong = 0
    tries = 300
    for seed in range(tries):
        _, found = sets_of([5.0] * 4, 4, 0.05, seed)
        square = found.totals["total_time"].deltas
        wrong += any(one.verdict in ("faster", "slower") for row in square for one in row if one is not None)
    assert wrong / tries <= 0.06


def test_the_power_to_find_a_fifth_stays() -> None:
    hits = 0
    for seed in range(60):
        _, found = sets_of([5.0, 5.0, 7.0], 5, 0.05, 1000 + seed)
        delta = found.totals["total_time"].deltas[2][0]
        assert delta is not None
        hits += delta.verdict == "slower"
    assert hits / 60 >= 0.95


def test_a_set_of_another_kind_is_named_and_not_judged() -> None:
    times = {run_id: {"1": 1.0 + run_id / 1000 + (3.0 if run_id > 6 else 0.0)} for run_id in range(1, 10)}
    found = matrix([[1, 2, 3], [4, 5, 6], [7, 8, 9]], evidence(times, cold={7: True, 8: True, 9: True}))
    assert found.sets[2].counted_ids == ()
    verdicts = [one.verdict for one in found.totals["total_time"].deltas[2] if one is not None]
    assert verdicts == ["unknown", "unknown"]
    assert "set 3" in found.notes[0]


@pytest.mark.parametrize("sets", [[], [[1]], [[1], []], [[1, 2], [2]]])
def test_sets_that_are_none(sets: list[list[int]]) -> None:
    with pytest.raises(ValueError, match="two sets"):
        matrix(sets, evidence({1: {"1": 1.0}, 2: {"1": 1.0}}))
