"""Memory that stays behind, against planted truths."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.analysis.leaks import Leak
from engine.analysis.trends import trends
from tests.planted.trends import MB, leaks_found, leaky_workflow

PLANTED: dict[str, Any] = {"runs": 20, "nodes": 8, "bytes_per_run": 20 * MB, "noise": 50 * MB}


def found(**planted: Any) -> tuple[Leak, ...]:
    return trends(leaky_workflow(np.random.default_rng(1), **{**PLANTED, "noise": MB, **planted})).leaks


def test_a_leak_under_noise_is_found_by_twenty_runs_and_its_node_blamed() -> None:
    rates = leaks_found(1, workflows=100, leaking=4, **PLANTED)
    assert rates["found"] >= 0.9
    assert rates["blamed"] >= 0.9
    assert rates["innocent"] == 0.0


def test_nobody_is_accused_where_it_cannot_be_told() -> None:
    """Noise at each boundary, and a node that takes in every run what another gives back."""
    for hidden in ({"shared_noise": False}, {"swing": 500 * MB}):
        rates = leaks_found(2, workflows=60, leaking=4, **PLANTED, **hidden)
        assert rates["found"] >= 0.9
        assert rates["innocent"] == 0.0


def test_innocent_workflows_are_not_accused() -> None:
    for hidden in ({}, {"shared_noise": False}, {"swing": 500 * MB}):
        assert leaks_found(3, workflows=150, leaking=None, **PLANTED, **hidden)["found"] <= 0.01


def test_a_leak_says_where_and_how_much() -> None:
    [leak] = found(leaking=2)
    assert (leak.kind, leak.node_id, leak.run_ids) == ("ram", "2", tuple(range(2, 21)))
    assert leak.low < 20 * MB < leak.high


def test_a_finding_ends_when_a_later_process_does_not_show_it() -> None:
    processes = [1] * 20 + [2] * 10
    assert found(leaking=2, runs=30, processes=processes), "it still leaks"
    cured = leaky_workflow(
        np.random.default_rng(1), **{**PLANTED, "noise": MB, "runs": 30, "leaking": None}, processes=processes
    )
    assert trends(cured).leaks == ()
    assert found(leaking=2, runs=23, processes=[1] * 20 + [2] * 3), "three runs say nothing yet"


def test_growth_over_restarts_is_no_leak() -> None:
    assert found(leaking=2, runs=20, processes=[number // 2 for number in range(20)]) == ()
