"""What a group of nodes comes to in a run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.analysis.groups import total, valid_color
from engine.model import Group, Run, Segment
from tests import builders


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
    assert (first.vram_max, first.energy_joules, first.energy_count) == (3 * builders.GB, 100.0, 1)
    assert (first.energy_text, second.energy_text) == ("100 J (1 of 2 nodes)", "100 J")
    assert first.color == "#00AAFF"
    assert second.exec_time == pytest.approx(4.0)
    assert "red-ish" in second.notes[0]
    assert valid_color(second.color) == (second.color, True)


def test_many_lines_without_a_match_are_counted() -> None:
    (entry,) = total(builders.sdxl_run(), [Group(name="g", unmatched=tuple(f"line {n}" for n in range(40)))])
    assert len(entry.notes) == 6
    assert entry.notes[-1] == "35 more lines matched no node"


def test_group_without_nodes_has_no_zeroes() -> None:
    (empty,) = total(builders.sdxl_run(), [Group(name="none", unmatched=("Nope",))])
    assert (empty.exec_time, empty.wall_time_s, empty.share, empty.vram_max) == (None, None, None, None)
    assert empty.notes == ("“Nope” matched no node",)
