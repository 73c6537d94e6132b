"""Steps of many runs as columns, taken in part by part."""

from __future__ import annotations

import numpy as np

from engine.analysis.columns import Columns
from engine.analysis.executions import executions
from engine.model import Run, Step

NAMES = ("run_id", "node_id", "status", "exec_time", "vram_start")


def test_parts_become_codes_and_numbers() -> None:
    columns = Columns(NAMES)
    columns.add([(7, 7), ("a", "b"), (None, "cached"), (1.5, None), (3, None)])
    columns.add([(9,), ("b",), (None,), (2.0,), (4,)])
    places, distinct = columns.coded("node_id")
    assert [distinct[place] for place in places] == ["a", "b", "b"]
    assert columns.marked("status", ("cached",)).tolist() == [False, True, False]
    np.testing.assert_array_equal(columns.numbers("exec_time"), [1.5, np.nan, 2.0])
    np.testing.assert_array_equal(columns.numbers("vram_start"), [3.0, np.nan, 4.0])


def test_numbers_that_a_part_lacks_are_unknown() -> None:
    columns = Columns(NAMES)
    columns.add([(7,), ("a",), (None,), (1.5,)])
    columns.add([(8,), ("a",), (None,), (1.5,), (4,)])
    np.testing.assert_array_equal(columns.numbers("vram_start"), [np.nan, 4.0])


def test_without_steps_there_is_nothing() -> None:
    columns = Columns(NAMES)
    assert [len(values) for values in columns.coded("node_id")] == [0, 0]
    assert not columns.marked("status", ("ok",)).any()
    assert columns.numbers("exec_time").tolist() == []


def test_of_a_run_in_memory_the_profilers_own_nodes_do_not_count() -> None:
    steps = (
        Step(node_id="1", node_type="T", exec_time=1.0),
        Step(node_id="9", node_type="HolafProfilerReport", exec_time=5.0, role="profiler"),
    )
    columns = Columns(NAMES)
    columns.add_run(Run(timestamp="2026-05-01T10:00:00.000Z", steps=steps), 3)
    assert columns.coded("run_id")[1] == [3]
    assert columns.numbers("exec_time").tolist() == [1.0]


def test_a_node_is_called_as_in_the_newest_run_whose_titles_were_read() -> None:
    columns = Columns(("run_id", "node_id", "node_type", "status", "exec_time", "node_title"))
    columns.add([(1, 1), ("a", "b"), ("T", "T"), (None, None), (1.0, 1.0), ("old a", "old b")])
    columns.add([(2, 2, 2), ("a", "b", "c"), ("T", "T", "T"), (None,) * 3, (1.0,) * 3])
    columns.add([(3,), ("a",), ("T",), (None,), (1.0,), ("new a",)])
    found = executions((1, 2, 3), columns, ("exec_time",))
    assert [node.node_id for node in found.nodes] == ["a", "b", "c"]
    assert found.titles == ("new a", "old b", "T")
