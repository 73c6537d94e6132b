"""What the writer and the live feed see of a run while its nodes end."""

from __future__ import annotations

from engine.capture.recorder import Outcome, Recorder, RunProgress
from engine.capture.spans import NodeRef
from engine.model import Boundary


def recorder_with(*node_ids: str) -> Recorder:
    recorder = Recorder(0.0, lambda node_id: NodeRef(node_id, "Class", ""))
    for node_id in node_ids:
        recorder.enter(node_id, Boundary(t_s=0.0))
        recorder.leave(node_id, Boundary(t_s=1.0), Outcome())
    return recorder


def test_ids_stop_where_they_asked_to_and_leave_out_the_packs_own_nodes() -> None:
    progress = RunProgress(recorder_with("a", "report", "b", "c"), left_out={"report"})
    assert progress.finished_count == 4
    assert progress.ids(0, 3) == ["a", "b"]
    assert progress.ids(3, 4) == ["c"]
    assert [step.node_id for step in progress.steps_since(2)] == ["b", "c"]


def test_a_waiting_report_is_not_what_the_run_is_busy_with() -> None:
    recorder = recorder_with("a")
    progress = RunProgress(recorder, left_out={"report"})
    assert progress.busy_with() is None
    for node_id in ("report", "api"):
        recorder.enter(node_id, Boundary(t_s=1.0))
        recorder.leave(node_id, Boundary(t_s=2.0), Outcome(waiting="async"))
    busy = progress.busy_with()
    assert busy is not None
    assert busy[0] == "api"
    recorder.enter("b", Boundary(t_s=3.0))
    busy = progress.busy_with()
    assert busy is not None
    assert busy[0] == "b"
