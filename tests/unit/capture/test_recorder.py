"""The recorder on hand-written boundaries: every kind of node life."""

from __future__ import annotations

from engine.capture.recorder import Outcome, Recorder
from engine.capture.spans import NodeRef
from engine.model import Boundary, DeviceMemory, Step

ORIGIN_S = 100.0
MIB = 2**20


def at(t_s: float, *, cpu_s: float = 0.0, ram: int = 0, peak: int | None = None, **more: object) -> Boundary:
    return Boundary(
        t_s=ORIGIN_S + t_s,
        cpu_s=cpu_s,
        ram_bytes=ram,
        ram_peak_bytes=peak,
        **more,  # type: ignore[arg-type]
    )


def describe(node_id: str) -> NodeRef:
    parent = "2" if node_id.startswith("2.") else None
    return NodeRef(
        node_id, f"Class{node_id}", f"Title {node_id}", parent_node_id=parent, display_node_id=parent
    )


def recorder_of(primary: str | None = None) -> Recorder:
    return Recorder(ORIGIN_S, describe, primary)


def kinds(step: Step) -> list[tuple[str, float, float]]:
    return [(segment.kind, segment.start_s, segment.end_s) for segment in step.segments]


def test_a_plain_node_is_billed_what_passed_between_its_boundaries() -> None:
    recorder = recorder_of("cuda:0")
    recorder.enter("1", at(1.0, cpu_s=5.0, ram=100 * MIB, vram=(DeviceMemory("cuda:0", 10, None),)))
    recorder.leave(
        "1",
        at(
            3.5, cpu_s=7.0, ram=120 * MIB, peak=700 * MIB, vram=(DeviceMemory("cuda:0", 30, 90),), sync_s=0.25
        ),
        Outcome(list_count=1),
    )
    step = recorder.step("1")
    assert (step.start_s, step.end_s, step.exec_time, step.self_time_s, step.wall_time_s) == (
        1.0,
        3.5,
        2.5,
        2.5,
        2.5,
    )
    assert (step.cpu_seconds, step.sync_time_s, step.list_count) == (2.0, 0.25, 1)
    assert (step.ram_start_bytes, step.ram_max_bytes, step.ram_end_bytes) == (100 * MIB, 700 * MIB, 120 * MIB)
    assert (step.vram_start, step.vram_max, step.vram_end) == (10, 90, 30)
    assert step.status == "ok"


def test_waiting_for_a_lazy_input_counts_as_wall_time_only() -> None:
    recorder = recorder_of()
    recorder.enter("switch", at(0.0))
    recorder.leave("switch", at(0.5), Outcome(waiting="lazy"))
    recorder.enter("slow", at(1.0))
    recorder.leave("slow", at(9.0), Outcome())
    recorder.enter("switch", at(10.0))
    recorder.leave("switch", at(10.25), Outcome())
    step = recorder.step("switch")
    assert (step.exec_time, step.self_time_s, step.wall_time_s) == (0.75, 0.75, 10.25)
    assert kinds(step) == [("run", 0.0, 0.5), ("lazy", 0.5, 10.0), ("run", 10.0, 10.25)]


def test_asynchronous_work_ends_when_its_tasks_end_not_when_the_executor_comes_back() -> None:
    recorder = recorder_of()
    recorder.enter("api", at(0.0))
    recorder.leave("api", at(0.25), Outcome(waiting="async"))
    recorder.enter("other", at(0.5))
    recorder.leave("other", at(1.0, ram=5, peak=800 * MIB), Outcome())
    recorder.enter("late", at(1.5))
    assert [node_id for node_id, _ in recorder.at_work] == ["late", "api"]
    recorder.tasks_done("api", at(2.0, cpu_s=0.5))
    assert recorder.at_work == [("late", ORIGIN_S + 1.5)]
    recorder.leave("late", at(4.0, cpu_s=9.0, ram=5, peak=900 * MIB), Outcome())
    recorder.enter("api", at(4.0, cpu_s=9.0))
    recorder.leave("api", at(4.25, cpu_s=9.0), Outcome())
    assert recorder.finished == ["other", "late", "api"]
    assert recorder.at_work == []
    step = recorder.step("api")
    assert kinds(step) == [("run", 0.0, 0.25), ("async", 0.25, 2.0), ("run", 4.0, 4.25)]
    assert step.exec_time == 2.25
    assert step.self_time_s == 0.5
    assert step.ram_max_bytes == 800 * MIB  # a peak while its tasks were in flight is its peak too
    assert step.cpu_seconds == 0.5  # what came after they had ended is not its doing


def test_peaks_and_reads_up_to_the_end_of_its_tasks_are_the_asynchronous_nodes() -> None:
    recorder = recorder_of()
    recorder.enter("api", at(0.0, read_bytes=0))
    recorder.leave("api", at(0.25, ram=10 * MIB, read_bytes=0), Outcome(waiting="async"))
    recorder.tasks_done("api", at(2.0, ram=10 * MIB, peak=500 * MIB, read_bytes=50 * MIB))
    recorder.enter("api", at(2.0, ram=10 * MIB, peak=20 * MIB, read_bytes=50 * MIB))
    recorder.leave("api", at(2.25, ram=10 * MIB, peak=10 * MIB, read_bytes=50 * MIB), Outcome())
    step = recorder.step("api")
    assert (step.ram_max_bytes, step.read_bytes) == (500 * MIB, 50 * MIB)


def test_the_node_that_runs_as_anothers_tasks_end_keeps_its_peak() -> None:
    recorder = recorder_of()
    recorder.enter("api", at(0.0))
    recorder.leave("api", at(0.25), Outcome(waiting="async"))
    recorder.enter("slow", at(0.5))
    recorder.tasks_done("api", at(2.0, ram=10 * MIB, peak=500 * MIB))
    recorder.leave("slow", at(3.0, ram=10 * MIB, peak=20 * MIB), Outcome())
    assert recorder.step("slow").ram_max_bytes == 500 * MIB


def test_a_node_that_is_cut_off_after_its_tasks_is_billed_until_they_ended() -> None:
    recorder = recorder_of()
    recorder.enter("api", at(0.0))
    recorder.leave("api", at(0.5), Outcome(waiting="async"))
    recorder.tasks_done("api", at(20.0))
    (step,) = recorder.steps(ORIGIN_S + 60.0, unfinished="interrupted")
    assert (step.status, step.exec_time) == ("interrupted", 20.0)


def test_a_node_that_begins_again_without_having_ended_waited_in_between() -> None:
    """As progress messages tell of a node that waits for its inputs."""
    recorder = recorder_of()
    recorder.enter("switch", at(0.0))
    recorder.enter("slow", at(5.0))
    recorder.leave("slow", at(9.0), Outcome())
    recorder.enter("switch", at(10.0))
    recorder.leave("switch", at(10.5), Outcome())
    step = recorder.step("switch")
    assert (step.exec_time, step.wall_time_s) == (0.5, 10.5)
    assert kinds(step) == [("lazy", 0.0, 10.0), ("run", 10.0, 10.5)]


def test_an_expanding_node_is_not_billed_for_the_nodes_it_became() -> None:
    recorder = recorder_of()
    recorder.enter("2", at(0.0))
    recorder.leave("2", at(1.0), Outcome(waiting="expand"))
    recorder.enter("2.0.0.1", at(1.0, cpu_s=1.0))
    recorder.leave("2.0.0.1", at(6.0, cpu_s=6.0), Outcome())
    recorder.enter("2", at(6.0, cpu_s=6.0))
    recorder.leave("2", at(6.5, cpu_s=6.25), Outcome())
    step = recorder.step("2")
    assert (step.exec_time, step.wall_time_s, step.cpu_seconds) == (1.5, 6.5, 0.25)
    child = recorder.steps(ORIGIN_S + 7.0)[1]
    assert (child.parent_node_id, child.display_node_id, child.exec_time) == ("2", "2", 5.0)


def test_a_cached_node_has_no_times_rather_than_zero() -> None:
    recorder = recorder_of()
    recorder.enter("1", at(1.0, ram=7))
    recorder.leave("1", at(1.1, ram=7), Outcome(status="cached"))
    step = recorder.step("1")
    assert step.status == "cached"
    assert (step.exec_time, step.self_time_s, step.wall_time_s, step.cpu_seconds) == (None, None, None, None)
    assert (step.ram_max_bytes, step.start_s) == (None, None)


def test_failed_and_unfinished_nodes_keep_what_is_known() -> None:
    recorder = recorder_of()
    recorder.enter("1", at(0.0))
    recorder.leave("1", at(2.0), Outcome("error", error_type="OutOfMemoryError", error_message="no"))
    recorder.enter("2", at(2.5))
    failed = recorder.step("1")
    assert (failed.status, failed.error_type, failed.exec_time) == ("error", "OutOfMemoryError", 2.0)
    first, second = recorder.steps(ORIGIN_S + 6.0, unfinished="interrupted")
    assert (first.status, first.exec_time) == ("error", 2.0)
    assert (second.status, second.start_s, second.end_s, second.exec_time) == ("interrupted", 2.5, 6.0, 3.5)


def test_an_asynchronous_node_that_is_cut_off_is_billed_until_then() -> None:
    recorder = recorder_of()
    recorder.enter("api", at(0.0))
    recorder.leave("api", at(0.5), Outcome(waiting="async"))
    (step,) = recorder.steps(ORIGIN_S + 4.0, unfinished="interrupted")
    assert (step.status, step.exec_time, step.self_time_s) == ("interrupted", 4.0, 0.5)
    assert kinds(step) == [("run", 0.0, 0.5), ("async", 0.5, 4.0)]


def test_a_node_that_runs_again_in_the_same_prompt_adds_up() -> None:
    recorder = recorder_of()
    for start_s in (0.0, 5.0):
        recorder.enter("loop", at(start_s))
        recorder.leave("loop", at(start_s + 1.0), Outcome())
    (step,) = recorder.steps(ORIGIN_S + 7.0)
    assert (step.exec_time, step.wall_time_s) == (2.0, 6.0)


def test_values_nobody_measured_stay_unknown() -> None:
    recorder = recorder_of()
    recorder.enter("1", Boundary(t_s=ORIGIN_S))
    recorder.leave("1", Boundary(t_s=ORIGIN_S + 1), Outcome())
    step = recorder.step("1")
    assert (step.cpu_seconds, step.ram_max_bytes, step.vram_max, step.read_bytes) == (None, None, None, None)


def test_a_model_loaded_by_asynchronous_work_is_the_loading_of_its_node() -> None:
    """It was nobody's: between two nodes none is running."""
    recorder = recorder_of()
    for node_id in ("a", "b"):
        recorder.enter(node_id, at(0.0))
        recorder.leave(node_id, at(0.5), Outcome(waiting="async"))
    recorder.loading(2.0, node_id="a", span=(ORIGIN_S + 0.5, ORIGIN_S + 3.0))
    recorder.loading(0.5, node_id="a", span=(ORIGIN_S + 1.0, ORIGIN_S + 1.5))  # inside the one before
    recorder.loading(9.0)  # either might have done it
    recorder.tasks_done("b", at(3.0))
    recorder.loading(1.0)
    recorder.loading(4.0, unload=True)
    recorder.loading(8.0, node_id="of another prompt")
    loads = {step.node_id: (step.load_time_s, step.offload_time_s) for step in recorder.steps(5.0)}
    assert loads == {"a": (3.5, 4.0), "b": (0.0, 0.0)}
    assert [step.load_spans for step in recorder.steps(5.0)] == [((0.5, 3.0),), ()]


def test_executions_of_a_loop_are_counted_and_add_up() -> None:
    recorder = recorder_of()
    for start_s in (1.0, 4.0, 9.0):
        recorder.enter("1", at(start_s))
        recorder.leave("1", at(start_s + 0.5), Outcome(list_count=1))
        recorder.enter("2", at(start_s + 0.5))
        recorder.leave("2", at(start_s + 0.75), Outcome(status="cached" if start_s > 1 else "ok"))
    looped, cached_later = recorder.steps(20.0)
    assert (looped.status, looped.execution_count, looped.exec_time) == ("ok", 3, 1.5)
    assert (looped.start_s, looped.end_s) == (1.0, 9.5)
    assert (cached_later.status, cached_later.execution_count) == ("ok", 1)


def test_a_cached_node_was_executed_no_time_at_all() -> None:
    recorder = recorder_of()
    recorder.enter("1", at(1.0))
    recorder.leave("1", at(1.1), Outcome(status="cached"))
    assert recorder.step("1").execution_count is None
