"""Runs against runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.analysis.compare import compare
from engine.model import Run, RunSettings, Step


def run(run_id: int, times: dict[str, float | None], **fields: Any) -> Run:
    """A run whose nodes took so long; ``None`` is a node that came from the cache."""
    steps = tuple(
        Step(node_id=node_id, node_type="T" + node_id, exec_time=time_s, status="ok" if time_s else "cached")
        for node_id, time_s in times.items()
    )
    total = sum(time_s or 0.0 for time_s in times.values())
    return Run(
        **{
            "timestamp": "2026",
            "id": run_id,
            "status": "success",
            "total_time": total,
            "steps": steps,
            **fields,
        }
    )


def test_the_largest_change_comes_first() -> None:
    found = compare([run(1, {"1": 1.0, "2": 5.0, "3": 2.0})], [run(2, {"1": 1.0, "2": 3.0, "3": 2.5})])
    assert [(node.node_id, node.deltas["exec_time"].change) for node in found.nodes] == [
        ("2", -2.0),
        ("3", 0.5),
        ("1", 0.0),
    ]
    total = found.totals["total_time"]
    assert (total.baseline, total.candidate, total.change, total.ratio) == (8.0, 6.5, -1.5, 6.5 / 8)


def test_of_several_runs_a_side_the_median_counts() -> None:
    before = [run(number, {"1": time_s}) for number, time_s in ((1, 1.0), (2, 1.2), (3, 9.0))]
    found = compare(before, [run(4, {"1": 2.0})])
    assert found.nodes[0].exec_times == (1.0, 1.2, 9.0, 2.0)
    delta = found.nodes[0].deltas["exec_time"]
    assert (delta.baseline, delta.candidate) == (1.2, 2.0)
    assert delta.is_noise, "the baseline's own runs differ by more"


def test_a_difference_beyond_the_scatter_is_no_noise() -> None:
    before = [run(number, {"1": 1.0 + number / 100}) for number in range(4)]
    after = [run(10 + number, {"1": 1.2 + number / 100}) for number in range(4)]
    assert compare(before, after).nodes[0].deltas["exec_time"].is_noise is False


def test_a_cached_node_is_not_faster() -> None:
    found = compare([run(1, {"1": 1.0})], [run(2, {"1": None})])
    node = found.nodes[0]
    assert (node.presence, node.statuses) == ("both", ("ok", "cached"))
    assert (node.deltas["exec_time"].candidate, node.deltas["exec_time"].change) == (None, None)
    assert any("cache" in note for note in found.notes)


def test_nodes_of_one_side_and_of_another_class_stand_apart() -> None:
    after = run(2, {"1": 1.0, "3": 1.0})
    swapped = replace(after, steps=(replace(after.steps[0], node_type="Other"), after.steps[1]))
    found = {
        (node.node_id, node.node_type): node.presence
        for node in compare([run(1, {"1": 1.0})], [swapped]).nodes
    }
    assert found == {("1", "T1"): "baseline", ("1", "Other"): "candidate", ("3", "T3"): "candidate"}


def test_a_node_that_ran_twice_in_a_run_counts_as_one() -> None:
    looped = run(2, {"1": 1.0})
    looped = replace(looped, steps=(looped.steps[0], replace(looped.steps[0], exec_time=2.5, position=1)))
    found = compare([run(1, {"1": 1.0})], [looped])
    assert [node.deltas["exec_time"].candidate for node in found.nodes] == [3.5]


def test_what_changed_under_the_runs_is_told() -> None:
    before = run(1, {"1": 1.0}, environment={"torch.version": "2.10", "os": "linux"}, cold=True)
    after = run(
        2,
        {"1": 1.0},
        environment={"torch.version": "2.11", "os": "linux"},
        cold=False,
        settings=RunSettings(timing="light"),
        forced=True,
    )
    found = compare([before], [after])
    assert [(entry.name, entry.before, entry.after) for entry in found.environment] == [
        ("torch.version", "2.10", "2.11")
    ]
    assert {entry.name: (entry.baseline, entry.candidate) for entry in found.settings} == {
        "timing": ("precise", "light"),
        "start": ("cold", "warm"),
    }
    text = " ".join(found.notes)
    assert all(word in text for word in ("Forced", "load models", "timing"))


def test_profiler_nodes_do_not_count() -> None:
    extra = Step(node_id="9", node_type="HolafProfilerReport", role="profiler", exec_time=1.0)
    before = run(1, {"1": 1.0})
    found = compare([replace(before, steps=(*before.steps, extra))], [run(2, {"1": 1.0})])
    assert [node.node_id for node in found.nodes] == ["1"]


def test_a_side_without_runs_is_an_error() -> None:
    with pytest.raises(ValueError, match="both sides"):
        compare([run(1, {})], [])
