"""A run that its report has seen is complete on disk before the prompt is over."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.model import Run, Series, Step, StepDevice
from engine.store.database import Database
from engine.store.history import History
from engine.store.writer import RunWriter
from tests.unit.store.help import ByHand

RUN = Run(timestamp="2026-11-21T10:00:00.000Z", name="settling")
SERIES = Series(metric="ram_bytes", unit="B", t_s=(0.0, 0.5), value=(1.0, 2.0))
NODE = Step(
    node_id="1", node_type="KSampler", exec_time=2.0, devices=(StepDevice(device="cuda:0", vram_max=1),)
)


def test_settling_writes_everything_and_finishing_adds_the_rest(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'history.db'}")
    writer = RunWriter(database)
    handle = writer.begin(RUN, ByHand(NODE))
    settled = replace(RUN, status="success", total_time=2.0, steps=(NODE,), series=(SERIES,))
    handle.settle(settled)
    run_id = handle.wait(20)
    assert run_id is not None
    history = History(database)
    seen = history.load_run(run_id)
    # What comes after its report may still fail or be killed.
    assert (seen.status, seen.total_time, len(seen.steps)) == ("running", 2.0, 1)
    assert [tuple(series.value) for series in seen.series] == [(1.0, 2.0)]

    shown = Step(node_id="2", node_type="PreviewImage", position=1, role="report_output", exec_time=0.1)
    node = replace(NODE, gpu_load_max=99.0, devices=(StepDevice(device="cuda:0", vram_max=2),))
    handle.finish(replace(settled, steps=(node, shown), warnings=("late",)))
    assert handle.wait(20) == run_id
    writer.close()
    after = history.load_run(run_id)
    assert [(step.node_id, step.exec_time) for step in after.steps] == [("1", 2.0), ("2", 0.1)]
    assert after.steps[0].gpu_load_max == 99.0
    assert [device.vram_max for device in after.steps[0].devices] == [2]
    assert [tuple(series.value) for series in after.series] == [(1.0, 2.0)]
    assert after.warnings == ("late",)
    history.close()


def test_a_run_that_could_not_be_put_together_keeps_its_steps(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'history.db'}")
    writer = RunWriter(database)
    handle = writer.begin(RUN, ByHand(NODE))
    assert handle.wait(20) is not None
    handle.finish(replace(RUN, status="partial", warnings=("see the log",)))
    run_id = handle.wait(20)
    writer.close()
    assert run_id is not None
    history = History(database)
    kept = history.load_run(run_id)
    assert (kept.status, [step.node_id for step in kept.steps]) == ("partial", ["1"])
    history.close()
