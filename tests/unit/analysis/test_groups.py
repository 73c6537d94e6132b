"""Which nodes a pattern means, and what a group of them comes to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.analysis.groups import members_of, resolve, total, valid_color
from engine.model import Group, Run, Segment
from tests import builders

NODES = [
    ("3", "KSampler", "KSampler"),
    ("6", "Positive prompt", "CLIPTextEncode"),
    ("7", "My subgraph", "Subgraph"),
    ("7:3", "Inner sampler", "KSampler"),
    ("7:12:4", "Deep [x]?", "VAEDecode"),
    ("30", "Load $model*", "UNETLoader"),
]


@pytest.mark.parametrize(
    ("pattern", "members"),
    [
        ("3", ["3"]),
        ("#3", ["3"]),
        ("7", ["7", "7:3", "7:12:4"]),
        ("7:12", ["7:12:4"]),
        ("7:*", ["7:3", "7:12:4"]),
        ("positive PROMPT", ["6"]),
        ("*prompt", ["6"]),
        ("KSampler", ["3", "7:3"]),
        ("*Loader", ["30"]),
        ("Deep [x]?", ["7:12:4"]),
        ("deep [x]*", ["7:12:4"]),
        ("Load $model*", ["30"]),
        ("*", ["3", "6", "7", "7:3", "7:12:4", "30"]),
    ],
)
def test_pattern_means(pattern: str, members: list[str]) -> None:
    (group,) = resolve([Group(name="g", patterns=(pattern,))], NODES)
    assert list(group.members) == members
    assert group.unmatched == ()


@pytest.mark.parametrize("pattern", ["99", "ksampler 2", "clipte[x]t*", "Deep [xyz]?"])
def test_pattern_that_means_nothing_is_kept_for_the_report(pattern: str) -> None:
    (group,) = resolve([Group(name="g", patterns=(pattern, "3"))], NODES)
    assert group.members == ("3",)
    assert group.unmatched == (pattern,)


def test_members_from_elsewhere_stay_and_blank_lines_mean_nothing() -> None:
    (group,) = resolve([Group(name="g", members=("42",), patterns=("", "  ", " 6 "))], NODES)
    assert group.members == ("42", "6")
    assert group.unmatched == ()


def test_nodes_inside_belong_where_their_parent_belongs() -> None:
    parent = builders.step("2", "Loop", 0.0, 1.0)
    child = builders.step("2.0.0.1", "A", 1.0, 2.0, parent_node_id="2", display_node_id="2")
    grandchild = builders.step("x9", "B", 3.0, 4.0, parent_node_id="2.0.0.1")
    inner = builders.step("8:5", "C", 7.0, 8.0)
    steps = [parent, child, grandchild, inner]
    found = members_of(Group(name="g", members=("2",)), steps)
    assert [step.node_id for step in found] == ["2", "2.0.0.1", "x9"]
    assert [step.node_id for step in members_of(Group(name="g", members=("8",)), steps)] == ["8:5"]


def test_totals() -> None:
    one = builders.step("1", "A", 0.0, 4.0, vram_gb=(0, 3, 1), energy_joules=100.0)
    # Asynchronous: at work from 2 to 6 s, two of them beside the first; then waits for an input.
    two = replace(
        builders.step("2", "B", 2.0, 6.0),
        exec_time=4.0,
        segments=(Segment("async", 2.0, 6.0), Segment("lazy", 6.0, 8.0)),
    )
    report = replace(builders.step("9", "HolafProfilerReport", 6.0, 1.0), role="profiler")
    cached = builders.cached("3", "C", previous_s=2.0)
    run = Run(timestamp="", total_time=10.0, steps=(one, two, report, cached))
    both = Group(name="both", color="#0af", members=("1", "2", "3", "9"))
    alone = Group(name="alone", color="red-ish", members=("1",))
    first, second = total(run, [both, alone])
    assert (first.node_count, first.executed_count, first.cached_count) == (3, 2, 1)
    assert first.exec_time == pytest.approx(8.0)
    assert first.wall_time_s == pytest.approx(6.0)
    assert first.share == pytest.approx(0.8)
    assert (first.vram_max, first.energy_joules) == (3 * builders.GB, 100.0)
    assert first.color == "#00AAFF"
    assert second.exec_time == pytest.approx(4.0)
    assert "red-ish" in second.notes[0]
    assert valid_color(second.color) == (second.color, True)


def test_group_without_nodes_has_no_zeroes() -> None:
    (empty,) = total(builders.sdxl_run(), [Group(name="none", unmatched=("Nope",))])
    assert (empty.exec_time, empty.wall_time_s, empty.share, empty.vram_max) == (None, None, None, None)
    assert empty.notes == ("“Nope” matched no node",)
