"""Verdicts against planted truths: how often they are wrong, and how often they see what is there."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import nct, t

from engine.analysis.effect import deltas, outliers
from tests.planted.comparisons import changes, many_nodes, verdicts

HISTORIES = 3_000
FALSE = 0.05 + 2 * (0.05 * 0.95 / HISTORIES) ** 0.5
"""One in twenty, and two standard errors of a rate from so many histories."""


@pytest.mark.parametrize("noise", [0.02, 0.05, 0.2])
@pytest.mark.parametrize("runs", [2, 3, 5, 8, 20, 40])
def test_at_most_one_false_change_in_twenty_at_each_number_of_runs(runs: int, noise: float) -> None:
    found = verdicts(runs, histories=HISTORIES, baseline=runs, candidate=runs, noise=noise)
    assert changes(found) <= FALSE


@pytest.mark.parametrize(("baseline", "candidate"), [(5, 1), (2, 6), (20, 3), (5, 20)])
def test_neither_are_there_more_where_one_side_has_more_runs(baseline: int, candidate: int) -> None:
    for history in (0, 20):
        found = verdicts(7, histories=HISTORIES, baseline=baseline, candidate=candidate, history=history)
        assert changes(found) <= FALSE


def test_single_runs_never_have_a_verdict() -> None:
    found = verdicts(1, histories=500, baseline=1, candidate=1, change=5.0, history=30)
    assert found == {"unknown": 500}


@pytest.mark.parametrize("spread", [0.0, 0.7, 1.4])
@pytest.mark.parametrize("runs", [2, 5, 20])
def test_looking_at_many_nodes_does_not_make_more_false_verdicts(runs: int, spread: float) -> None:
    """Whether their noise is alike or not."""
    assert many_nodes(runs, comparisons=300, nodes=30, runs=runs, spread=spread).any_false <= 0.075


@pytest.mark.parametrize(("spread", "seen"), [(0.0, 0.35), (0.5, 0.32), (1.0, 0.35)])
def test_nodes_steady_each_others_noise(spread: float, seen: float) -> None:
    """Each by itself, 19, 31 and 38 of 100 nodes that take a tenth longer are seen among thirty."""
    found = many_nodes(1, comparisons=300, nodes=30, runs=5, spread=spread, changed=3)
    assert found.seen >= seen
    assert found.false <= 0.05


def test_a_fifth_is_seen_in_five_runs_against_five() -> None:
    found = verdicts(1, histories=HISTORIES, baseline=5, candidate=5, change=0.2)
    assert found["slower"] >= 0.95 * HISTORIES
    assert found["faster"] == 0


def test_a_tenth_is_seen_in_five_runs_against_five_where_there_is_a_history() -> None:
    """Without one the best possible test (Student's) sees it in 75 of 100."""
    found = verdicts(1, histories=HISTORIES, baseline=5, candidate=5, change=0.1, history=20)
    assert found["slower"] >= 0.8 * HISTORIES
    best = nct.sf(t.ppf(0.975, 8), 8, math.log(1.1) / 0.05 * math.sqrt(5 / 2))
    assert 0.75 < best < 0.76
    alone = verdicts(1, histories=HISTORIES, baseline=5, candidate=5, change=0.1)
    assert alone["slower"] >= (best - 0.03) * HISTORIES


def test_power_rises_with_the_number_of_runs() -> None:
    seen = [
        changes(verdicts(1, histories=2_000, baseline=runs, candidate=runs, change=0.1))
        for runs in (2, 3, 5, 8, 20)
    ]
    assert seen == sorted(seen)
    assert seen[-1] > 0.99


def test_one_outlier_hides_no_change() -> None:
    found = verdicts(2, histories=HISTORIES, baseline=5, candidate=5, change=0.2, outlier=3.0)
    assert found["slower"] >= 0.95 * HISTORIES


def test_the_interval_holds_the_truth() -> None:
    chance = np.random.default_rng(3)
    before, after = 10.0 * np.exp(0.05 * chance.standard_normal((2, 3_000, 5)))
    held = [
        delta.low <= 2.0 <= delta.high
        for delta in deltas("exec_time", before, after * 1.2)
        if delta.low and delta.high
    ]
    assert 0.94 <= np.mean(held) <= 0.97


def test_values_that_never_vary_have_a_verdict_only_beyond_what_can_be_measured() -> None:
    mb = 2.0**20
    same, more = np.full((1, 3), 900 * mb), np.full((1, 3), 1000 * mb)
    assert deltas("vram_max", same, more)[0].verdict == "more"
    assert deltas("vram_max", more, same)[0].verdict == "less"
    assert deltas("vram_max", same, same + 4096.0)[0].verdict == "no difference"


def test_what_was_not_measured_has_no_numbers() -> None:
    nothing, one = np.full((1, 2), np.nan), np.full((1, 2), 1.0)
    delta = deltas("exec_time", nothing, one)[0]
    assert (delta.baseline, delta.candidate, delta.change, delta.verdict) == (None, 1.0, None, "unknown")
    zero = deltas("load_time_s", np.zeros((1, 3)), np.zeros((1, 3)))[0]
    assert (zero.change, zero.ratio, zero.verdict) == (0.0, None, "no difference")


def test_outliers_are_marked_by_the_stated_rule() -> None:
    calm = [10.0, 10.1, 9.9, 10.05, 9.95]
    assert outliers(np.array([[*calm, *calm]]), 5).sum() == 0
    assert np.flatnonzero(outliers(np.array([[*calm, 10.0, 10.1, 30.0, 9.9, 10.0]]), 5)[0]).tolist() == [7]
    assert outliers(np.array([[10.0, 10.0, 30.0, 10.0, 10.0, 30.0]]), 3).sum() == 0, "too few runs a side"
