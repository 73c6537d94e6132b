"""Runs against runs: values, verdicts, what is left out and what is said about it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.analysis.compare import compare
from engine.analysis.what_changed import what_changed
from engine.model import Group
from tests.planted.histories import evidence, run_row, step_columns


def test_the_largest_change_comes_first() -> None:
    found = compare(
        [1], [2], evidence({1: {"1": 1.0, "2": 5.0, "3": 2.0}, 2: {"1": 1.0, "2": 3.0, "3": 2.5}})
    )
    changes = [(node.node_id, node.deltas["exec_time"].change) for node in found.nodes]
    assert changes == [("2", -2.0), ("3", 0.5), ("1", 0.0)]
    total = found.totals["total_time"]
    assert (total.baseline, total.candidate, total.change, total.ratio) == (8.0, 6.5, -1.5, 6.5 / 8)


def test_one_run_against_one_gets_no_verdict_but_what_single_runs_usually_show() -> None:
    history = {number: {"1": 1.0 + 0.01 * (-1) ** number} for number in range(1, 21)}
    found = compare([21], [22], evidence({**history, 21: {"1": 1.0}, 22: {"1": 2.0}}, history=list(history)))
    delta = found.totals["total_time"]
    assert (delta.verdict, delta.ratio) == ("unknown", 2.0)
    assert delta.usual_share is not None
    assert 0.01 < delta.usual_share < 0.2
    assert any("One run a side" in note for note in found.notes)


def test_of_several_runs_a_side_the_median_counts() -> None:
    found = compare([1, 2, 3], [4], evidence({1: {"1": 1.0}, 2: {"1": 1.2}, 3: {"1": 9.0}, 4: {"1": 2.0}}))
    node = found.nodes[0]
    assert node.exec_times == (1.0, 1.2, 9.0, 2.0)
    assert (node.deltas["exec_time"].baseline, node.deltas["exec_time"].candidate) == (1.2, 2.0)
    assert node.deltas["exec_time"].verdict == "unknown", "the baseline's own runs differ by more"
    assert node.deltas["exec_time"].runs_needed


def test_a_change_beyond_the_scatter_has_a_verdict_and_an_interval() -> None:
    times = {number: {"1": 1.0 + number / 100} for number in range(1, 6)}
    times |= {10 + number: {"1": 1.2 + number / 100} for number in range(1, 6)}
    delta = compare([1, 2, 3, 4, 5], [11, 12, 13, 14, 15], evidence(times)).nodes[0].deltas["exec_time"]
    assert delta.verdict == "slower"
    assert delta.low is not None
    assert delta.high is not None
    assert 0.1 < delta.low <= 0.2 <= delta.high < 0.3


def test_equal_sides_have_no_difference_and_scattered_ones_cannot_tell() -> None:
    quiet = {number: {"1": 1.0 + number % 3 / 1000} for number in range(1, 11)}
    found = compare([1, 2, 3, 4, 5], [6, 7, 8, 9, 10], evidence(quiet)).totals["total_time"]
    assert found.verdict == "no difference"
    wild = {number: {"1": 1.0 + number % 3} for number in range(1, 11)}
    found = compare([1, 2, 3, 4, 5], [6, 7, 8, 9, 10], evidence(wild)).totals["total_time"]
    assert found.verdict == "unknown"
    assert found.runs_needed
    assert found.runs_needed > 10


def test_a_cached_node_is_not_faster_and_keeps_its_run_out_of_the_totals() -> None:
    found = compare([1], [2], evidence({1: {"1": 1.0, "2": 1.0}, 2: {"1": None, "2": 1.0}}))
    node = next(node for node in found.nodes if node.node_id == "1")
    assert (node.pairing, node.statuses) == ("id", ("ok", "cached"))
    assert (node.deltas["exec_time"].candidate, node.deltas["exec_time"].change) == (None, None)
    assert found.counted_ids == ()
    assert any("cache" in note for note in found.notes)


def test_cold_runs_are_left_out_of_a_comparison_of_warm_ones_and_named() -> None:
    times = {number: {"1": 1.0 + number / 1000} for number in range(1, 11)} | {11: {"1": 40.0}}
    found = compare([1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11], evidence(times, cold={11: True}))
    assert found.totals["total_time"].verdict == "no difference"
    assert 11 not in found.counted_ids
    assert any("leave out run 11" in note for note in found.notes)
    assert [kind.label for kind in found.kinds] == ["warm", "cold"]


def test_sides_without_a_kind_in_common_get_numbers_but_no_verdict() -> None:
    times = {number: {"1": 1.0 + (number > 3)} for number in range(1, 7)}
    found = compare([1, 2, 3], [4, 5, 6], evidence(times, cold=dict.fromkeys((1, 2, 3), True)))
    total = found.totals["total_time"]
    assert (total.baseline, total.candidate, total.verdict) == (1.0, 2.0, "unknown")
    assert any("No verdict on totals" in note for note in found.notes)


def test_one_outlier_hides_nothing_and_is_named() -> None:
    times = {number: {"1": 10.0 + number / 20} for number in range(1, 6)}
    times |= {number: {"1": 12.0 + number / 20} for number in range(6, 11)}
    times[3] = {"1": 60.0}
    delta = compare([1, 2, 3, 4, 5], [6, 7, 8, 9, 10], evidence(times)).totals["total_time"]
    assert (delta.verdict, delta.outliers) == ("slower", (3,))


def test_repeated_executions_of_a_node_in_a_run_add_up_and_peaks_are_the_highest() -> None:
    steps = [
        {"run_id": 1, "node_id": "1", "node_type": "T", "exec_time": 1.0, "vram_max": 10 << 20},
        {"run_id": 2, "node_id": "1", "node_type": "T", "exec_time": 1.0, "vram_max": 30 << 20},
        {"run_id": 2, "node_id": "1", "node_type": "T", "exec_time": 2.5, "vram_max": 20 << 20},
    ]
    made = replace(evidence({}), runs={1: run_row(1), 2: run_row(2)}, columns=step_columns(steps))
    found = compare([1], [2], made)
    assert found.nodes[0].deltas["exec_time"].candidate == 3.5
    assert found.nodes[0].deltas["vram_max"].candidate == 30 << 20


def test_nodes_of_one_side_are_listed_as_such() -> None:
    found = compare([1], [2], evidence({1: {"1": 1.0, "2": 1.0}, 2: {"1": 1.0, "3": 1.0}}))
    assert {node.node_id: node.pairing for node in found.nodes} == {
        "1": "id",
        "2": "baseline only",
        "3": "candidate only",
    }


def test_groups_add_up_the_times_of_their_nodes() -> None:
    made = evidence({1: {"1": 1.0, "2": 2.0, "3": 4.0}, 2: {"1": 1.5, "2": 2.5, "3": 4.0}})
    made = replace(made, groups=(Group(name="both", members=("1", "2")), Group(name="none", members=("77",))))
    found = compare([1], [2], made).groups
    assert [(group.name, group.node_count, group.deltas["exec_time"].change) for group in found] == [
        ("both", 2, 1.0)
    ]


def test_what_changed_beneath_is_said_in_words() -> None:
    prompts = {
        run_id: {"1": {"class_type": "T1", "inputs": {"steps": steps, "seed": run_id, "api_key": "sk"}}}
        for run_id, steps in ((1, 20), (2, 30))
    }
    made = evidence({1: {"1": 1.0}, 2: {"1": 1.0}}, environment_id={1: 1, 2: 2}, timing={2: "light"})
    environments = {1: {"torch.version": "2.10", "os": "linux"}, 2: {"torch.version": "2.11", "os": "linux"}}
    found = compare([1], [2], replace(made, prompts=prompts, environments=environments))
    assert [(change.kind, change.detail) for change in found.changes] == [
        ("widget", "T1: steps 20 -> 30"),
        ("setting", "timing: precise -> light"),
        ("environment", "torch.version: 2.10 -> 2.11"),
    ]
    assert any("timing" in note for note in found.notes)


def test_runs_that_recorded_operators_count_only_where_there_are_no_others() -> None:
    recorded = {run_id: {"inside": "kernels"} for run_id in (2, 3, 5, 6)}
    times = {run_id: {"1": 9.0 if run_id in recorded else 1.0} for run_id in range(1, 7)}
    found = compare([1, 2, 3], [4, 5, 6], evidence(times, settings=recorded))
    assert found.counted_ids == (1, 4)
    assert [kind.run_ids for kind in found.kinds] == [(1, 4), (2, 3, 5, 6)]
    assert [kind.label for kind in found.kinds] == ["operators not recorded", "operators recorded"]
    assert compare([2, 3], [5, 6], evidence(times, settings=recorded)).counted_ids == (2, 3, 5, 6)


def test_a_text_that_was_left_out_of_a_shared_run_is_no_change() -> None:
    def changes(shared: str) -> int:
        prompts = {
            run_id: {"1": {"class_type": "T1", "inputs": {"text": text}}}
            for run_id, text in ((1, "a castle on a hill"), (2, shared))
        }
        found = evidence({1: {"1": 1.0}, 2: {"1": 1.0}})
        return len(compare([1], [2], replace(found, prompts=prompts)).changes)

    assert changes("<text of 18 characters>") == 0
    assert changes("<text of 19 characters>") == 1


@pytest.mark.parametrize(("baseline", "candidate"), [([], [1]), ([1], []), ([1, 2], [2])])
def test_sides_that_cannot_be_compared_are_an_error(baseline: list[int], candidate: list[int]) -> None:
    with pytest.raises(ValueError, match="side"):
        compare(baseline, candidate, evidence({1: {"1": 1.0}, 2: {"1": 1.0}}))


def test_what_changed_at_the_node_whose_time_stands_out_comes_first() -> None:
    """One run a side, with a history in which single runs hardly differ."""
    times = {run_id: {"1": 1.0 + run_id / 1e4, "2": 2.0 + run_id / 1e4} for run_id in range(1, 9)}
    times[9] = {"1": 1.001, "2": 2.8}
    prompts = {
        run_id: {node: {"class_type": f"T{node}", "inputs": {"n": run_id}} for node in ("1", "2")}
        for run_id in (8, 9)
    }
    found = compare([8], [9], replace(evidence(times, history=range(1, 8)), prompts=prompts))
    assert found.nodes[0].deltas["exec_time"].is_unusual
    assert [change.detail for change in found.changes] == ["T2: n 8 -> 9", "T1: n 8 -> 9"]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("--lowvram --port 8188", "--listen 0.0.0.0 --port=80 --lowvram", []),
        (None, "--auto-launch", []),
        ("--lowvram --port 8188", "--highvram --port 8188", ["launch flags: --lowvram -> --highvram"]),
    ],
)
def test_where_comfyui_answers_explains_no_difference(
    before: str | None, after: str, said: list[str]
) -> None:
    environments = [{"host.flags": flags} if flags else {} for flags in (before, after)]
    found = what_changed({}, {}, environments=(environments[0], environments[1]))
    assert [change.detail for change in found] == said
