"""The one line about the run before: which run it is, by how much, because of which nodes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.host.report.against import against
from engine.model import Run
from engine.render import table
from engine.render.report import prepare
from engine.store.database import Database
from engine.store.history import History
from engine.store.writer import RunWriter
from tests.unit.store.help import a_run, a_step, record


class Bench:
    def __init__(self, folder: Path) -> None:
        self.history = History(Database(str(folder / "history.db")))
        self.writer = RunWriter(self.history.database)
        self.day = 0

    def run(self, decode_s: float, **fields: object) -> Run:
        self.day += 1
        steps = (
            a_step("1", node_title="Load", exec_time=1.0),
            a_step("2", 1, node_title="VAE Decode", exec_time=decode_s),
        )
        values = {"timestamp": f"2026-05-{self.day:02}T10:00:00.000Z", "total_time": 1.0 + decode_s}
        return a_run(**{"steps": steps, **values, **fields})

    def keep(self, decode_s: float, **fields: object) -> Run:
        run = self.run(decode_s, **fields)
        return replace(run, id=record(self.writer, run))

    def line(self, run: Run) -> str:
        return against(self.history, run, is_kept=run.id is not None).text


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.writer.close()
    made.history.close()


def test_the_first_run_has_nothing_to_compare_with(bench: Bench) -> None:
    assert bench.line(bench.run(2.0)) == ""
    bench.keep(2.0, workflow_id="another")
    assert bench.line(bench.run(2.0)) == ""


def test_a_slower_run_names_the_run_before_and_the_node(bench: Bench) -> None:
    bench.keep(9.0)
    before = bench.keep(2.0)
    now = bench.run(3.5)
    expected = f"1.5 s slower than run {before.id}: VAE Decode +1.5 s."
    assert bench.line(now) == expected
    kept = replace(now, id=record(bench.writer, now))
    assert bench.line(kept) == expected
    assert expected in table.render(prepare(kept, against=expected))


def test_a_pinned_run_is_the_baseline(bench: Bench) -> None:
    first = bench.keep(4.0, name="before the update")
    bench.keep(2.0)
    assert first.id is not None
    bench.history.update_run(first.id, pinned=True)
    line = bench.line(bench.run(3.0))
    assert line == f"1.0 s faster than the baseline, “before the update” (run {first.id}): VAE Decode −1.0 s."


def test_of_a_run_that_executed_other_nodes_those_are_compared_that_ran_in_both(bench: Bench) -> None:
    whole = bench.run(2.0)
    cached = tuple(replace(step, status="cached", exec_time=None) for step in whole.steps[:1])
    record(bench.writer, replace(whole, steps=(*cached, *whole.steps[1:])))
    assert bench.line(bench.run(3.0)) == "Not the same nodes ran as in run 1. In both: VAE Decode +1.0 s."
    assert bench.line(bench.run(3.0, status="failed")) == ""
    everything = bench.run(0.0)
    cached = tuple(replace(step, status="cached", exec_time=None) for step in everything.steps)
    assert bench.line(replace(everything, steps=cached)) == "", "nothing ran that could be compared"
