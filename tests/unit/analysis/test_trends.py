"""One workflow over time: changes, drift, what a series may hold, against planted truths."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.analysis.trends import Evidence, Trends, trends
from engine.model import Group
from tests.planted.trends import dated, false_changes, timed_workflow


def total(*times: float, **fields: object) -> Evidence:
    """A workflow of one node that took so long in each run."""
    return timed_workflow(np.array([times]), **fields)


def wobbling(count: int, level: float = 10.0) -> list[float]:
    return [level + 0.1 * (number * 7 % 5 - 2) for number in range(count)]


def points(found: Trends) -> list[tuple[str, str | None, int]]:
    return [(point.metric, point.node_id, point.run_id) for point in found.change_points]


def test_a_tenth_slower_half_way_is_dated() -> None:
    assert dated(1, workflows=60, at=50) >= 0.9


def test_neither_an_outlier_nor_a_late_change_hides_it() -> None:
    assert dated(2, workflows=60, at=50, outlier=True) >= 0.85
    assert dated(3, workflows=100, at=95) >= 0.5


def test_a_quiet_workflow_has_no_changes_whatever_the_number_of_nodes() -> None:
    assert false_changes(1, workflows=100, nodes=30, runs=40) <= 0.02
    assert false_changes(2, workflows=100, nodes=2, runs=100, noise=0.2) <= 0.02


def test_two_cold_runs_at_the_end_are_of_another_kind_and_no_change() -> None:
    found = trends(total(*wobbling(20), 37.0, 38.0, cold=[False] * 20 + [True, True]))
    assert points(found) == []
    assert [(kind.label, len(kind.run_ids)) for kind in found.kinds] == [("warm", 20), ("cold", 2)]
    assert found.totals["total_time"].values[-2:] == (None, None)
    assert "Of another kind: 2 cold" in found.notes[0]
    assert trends(total(*wobbling(20), 37.0, 38.0)).change_points == (), "nor are two outliers"


def test_two_changes_are_both_found_and_levels_are_medians() -> None:
    found = trends(total(*wobbling(20), *wobbling(20, 14.0), *wobbling(20, 12.0)))
    dates = [
        (point.run_id, round(point.before, 1), round(point.after, 1))
        for point in found.change_points
        if point.node_id is None
    ]
    assert dates == [(21, 10.0, 14.0), (41, 14.0, 12.0)]


def test_drift_is_drift_and_not_steps() -> None:
    found = trends(total(*(10.0 + 0.2 * number + 0.1 * (number * 7 % 5) for number in range(40))))
    assert points(found) == []
    trend = found.totals["total_time"]
    assert trend.is_certain
    assert trend.slope_per_run == pytest.approx(0.2, rel=0.1)
    assert trend.change_share == pytest.approx(0.78, rel=0.15)


def test_no_drift_is_claimed_of_noise() -> None:
    chance = np.random.default_rng(1)
    certain = sum(
        trends(timed_workflow(10.0 * np.exp(0.05 * chance.standard_normal((1, 30)))))
        .totals["total_time"]
        .is_certain
        for _ in range(300)
    )
    assert certain <= 2


def test_runs_that_broke_off_count_only_for_the_success_rate() -> None:
    found = trends(total(*wobbling(4), status=["success", "interrupted", "failed", "partial"]))
    assert [run["id"] for run in found.runs] == [1, 4]
    assert found.success_rate == 0.5


def test_a_run_whose_measuring_failed_is_no_measure() -> None:
    stopped = ["Measuring stopped early because of an error in the profiler: ValueError: a bug"]
    found = trends(total(*wobbling(3), status=["partial"] * 3, warnings=[[], stopped, ["another"]]))
    assert [run["id"] for run in found.runs] == [1, 3]


def test_the_environment_is_marked_where_it_changed() -> None:
    made = replace(
        total(*wobbling(6), environment_id=[1, 1, 2, 2, 2, 2]),
        environments={1: {"torch.version": "1"}, 2: {"torch.version": "2"}},
    )
    assert [(mark.run_id, mark.details) for mark in trends(made).environment_changes] == [
        (3, ("torch.version: 1 -> 2",))
    ]


def test_a_change_names_the_environment_that_changed_there() -> None:
    made = total(*wobbling(12), *wobbling(12, 15.0), environment_id=[1] * 12 + [2] * 12)
    made = replace(made, environments={1: {"pack.fast": "1.0"}, 2: {"pack.fast": "2.0"}})
    found = trends(made).change_points
    assert {(point.run_id, point.causes[0].detail) for point in found} == {(13, "fast: 1.0 -> 2.0")}


def test_the_total_s_first_cause_is_the_widget_of_the_node_that_changed() -> None:
    times = np.array([wobbling(24, 2.0), [*wobbling(12, 3.0), *wobbling(12, 5.0)]])

    def prompt(number: int) -> dict[str, object]:
        widgets = {"0": {"text": f"cat {number}"}, "1": {"steps": 20 if number <= 12 else 30}}
        made = {key: {"class_type": f"T{key}", "inputs": inputs} for key, inputs in widgets.items()}
        return {**made, "s": {"class_type": "HolafProfilerStart", "inputs": {"run_name": f"try {number}"}}}

    made = replace(timed_workflow(times), prompts={number: prompt(number) for number in range(1, 25)})
    for point in trends(made).change_points:
        assert point.causes[0].detail == "T1: steps 20 -> 30", point
        assert "Profiler" not in " ".join(cause.detail for cause in point.causes)


def test_the_newest_runs_are_set_against_the_pinned_ones() -> None:
    found = trends(total(*wobbling(5), *wobbling(10, 14.0), pinned=[True] * 5 + [False] * 10)).against_pinned
    assert found is not None
    assert found.verdict == "slower"


def test_groups_add_up_their_nodes() -> None:
    made = replace(
        timed_workflow(np.array([[1.0, 2.0], [3.0, 4.0], [9.0, 9.0]])),
        groups=(Group(name="g", members=("0", "1")),),
    )
    assert [group.exec_time.values for group in trends(made).groups] == [(4.0, 6.0)]


def test_nothing_in_nothing_out() -> None:
    empty = replace(total(), runs=[])
    found = trends(empty)
    assert (found.runs, found.nodes, found.leaks, found.totals["total_time"].median) == ((), (), (), None)
    assert found.success_rate is None
