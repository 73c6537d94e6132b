"""A session from its first node to the history: composed once, closed once, whatever goes wrong."""

from __future__ import annotations

import asyncio
import contextvars
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.host.run import fake_host
from tests.unit.host.run.fake_host import Executor, HandRun
from tests.unit.store.help import query

MakeRun = Callable[..., HandRun]


def stored(tmp_path: Path, columns: str, rest: str = "") -> list[tuple[object, ...]]:
    from engine.host.run import archive, background

    background.finish_all(10.0)
    for writer in archive._writers.values():
        writer.close()
    (history,) = tmp_path.rglob("holaf_profiler.db")
    return query(history, f"SELECT {columns} FROM profiler_runs r {rest}")


STEPS = "JOIN profiler_steps s ON s.run_id = r.id ORDER BY s.position"


def test_what_a_report_showed_is_stored_with_the_tail(hand_run: MakeRun, tmp_path: Path) -> None:
    run = hand_run()
    run.run("7")
    report = run.enter("8")
    run.leave(report, "PENDING")
    run.run("1", "2")
    shown = run.session.reported_run()
    assert run.session.reported_run() is shown
    assert [(s.node_id, s.status) for s in shown.steps] == [
        ("7", "ok"), ("8", "running"), ("1", "ok"), ("2", "ok"), ("9", "skipped"),
    ]  # fmt: skip
    run.session.add_report_cost(0.25)
    run.run("8", "9")
    run.end()
    kept = stored(tmp_path, "s.node_id, s.status, s.exec_time, r.status, r.total_time", STEPS)
    assert [(row[0], row[1]) for row in kept] == [(key, "ok") for key in ("7", "8", "1", "2", "9")]
    times = {step.node_id: step.exec_time for step in shown.measured_steps}
    assert {row[0]: row[2] for row in kept if row[0] in times} == times
    assert {row[3:] for row in kept} == {("success", shown.total_time)}


def test_a_run_is_composed_once_and_the_end_makes_only_the_tail(
    hand_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.host.run import composition

    calls: list[str] = []
    for name in ("assemble", "with_tail", "with_history"):
        original = getattr(composition, name)

        def counted(*args: Any, _name: str = name, _original: Any = original) -> Any:
            calls.append(_name)
            return _original(*args)

        monkeypatch.setattr(composition, name, counted)
    run = hand_run()
    run.run("1", "2")
    run.session.reported_run()
    run.session.reported_run()
    run.end()
    stored(tmp_path, "r.id")
    assert calls == ["assemble", "with_history", "with_tail"]


def test_a_node_that_was_made_after_the_report_was_composed_is_in_its_groups(
    hand_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = {"class_type": "HolafProfilerGroup", "inputs": {"name": "Loading", "members": "Load"}}
    monkeypatch.setattr(fake_host, "PROMPT", {**fake_host.PROMPT, "6": group})
    run = hand_run()
    run.run("7", "1")
    (shown,) = run.session.reported_run().groups
    assert shown.members == ("1",)
    run.graph.made["1.0.5"] = ("1", {"class_type": "Made", "inputs": {}})
    run.run("1.0.5", "2", "8", "9")
    run.end()
    rest = "JOIN profiler_run_group_members m ON m.run_id = r.id"
    assert stored(tmp_path, "m.node_id", rest) == [("1",), ("1.0.5",)]


def test_without_a_report_the_run_is_composed_at_its_end(hand_run: MakeRun, tmp_path: Path) -> None:
    run = hand_run()
    run.run("1")
    run.leave(run.enter("2"), "FAILURE", ValueError("no"))
    run.end(ValueError("no"))
    assert stored(tmp_path, "r.status, r.error_node_id, r.error_type") == [("failed", "2", "ValueError")]


@pytest.mark.parametrize("error", [MemoryError("dumping"), KeyError("torch changed")])
def test_a_failure_at_the_end_closes_the_run_once(
    error: Exception, hand_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.host.run import background

    run = hand_run()
    run.session.draft = replace(
        run.session.draft, settings=replace(run.session.draft.settings, memory_snapshot="always")
    )

    def fail(*_args: object, **_named: object) -> str:
        raise error

    monkeypatch.setattr(run.session._memory_snapshot, "finish", fail)
    works: list[object] = []
    later = background.later
    monkeypatch.setattr(background, "later", lambda work: (works.append(work), later(work)))
    run.run("1", "2")
    run.end()
    run.session.switch_off(error)
    assert len(works) == 1
    ((status, warnings),) = stored(tmp_path, "r.status, r.warnings_json")
    assert status == "success"
    assert type(error).__name__ in str(warnings)


def test_a_run_that_is_switched_off_keeps_its_steps_and_opens_the_gate(
    hand_run: MakeRun, tmp_path: Path
) -> None:
    run = hand_run()
    run.run("1")
    run.session.switch_off(ValueError("a bug"))
    assert run.session.gate.is_open
    steps = "JOIN profiler_steps s ON s.run_id = r.id WHERE s.exec_time IS NOT NULL"
    assert stored(tmp_path, "r.status, s.node_id", steps) == [("partial", "1")]
    shown = run.session.reported_run()
    assert shown.stopped_early
    assert "skipped" not in {step.status for step in shown.steps}  # what ran after that nobody saw


def test_outputs_that_the_host_did_not_run_are_named(
    hand_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Report is valid where nothing else is: without it ComfyUI would have refused the prompt."""
    for outputs, is_said in ((fake_host.OUTPUTS, False), (["8", "9"], True)):
        monkeypatch.setattr(fake_host, "OUTPUTS", outputs)
        run = hand_run()
        warnings = run.session.reported_run().warnings
        run.end()
        assert any(text.startswith("Not run by ComfyUI: Save #2. ") for text in warnings) is is_said


def test_a_failure_at_the_end_of_asynchronous_tasks_ends_the_profiling_only(
    hand_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ended up in asyncio's own log, and the run went on with wrong times."""
    run = hand_run()
    failures: list[Any] = []

    async def prompt() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: failures.append(context))
        task = asyncio.ensure_future(asyncio.sleep(0))
        call = run.enter("1")
        call.pending_async["1"] = [task]
        monkeypatch.setattr(run.session.measurement, "tasks_done", lambda _node_id: 1 / 0)
        run.leave(call, "PENDING")
        await task
        await asyncio.sleep(0)

    asyncio.run(prompt())
    assert failures == []
    assert run.session.is_off
    assert run.session.reported_run().status == "partial"


def test_a_run_that_cannot_be_composed_keeps_the_steps_that_ended(
    hand_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.host.run import composition

    def fail(*_args: object) -> None:
        raise ValueError("on purpose")

    monkeypatch.setattr(composition, "assemble", fail)
    run = hand_run()
    run.run("1", "2")
    run.end()
    assert stored(tmp_path, "r.status, s.node_id", STEPS) == [("partial", "1"), ("partial", "2")]


STORY = "r.status, r.output_count, r.queue_position, r.attempt, r.retry_of IS NOT NULL, r.events_json"


def test_a_run_keeps_what_it_made_what_happened_and_how_it_came_to_run(
    hand_run: MakeRun, tmp_path: Path
) -> None:
    """The executor's result of the prompt before is not taken for this one's."""
    executor = Executor()
    executor.history_result = {"outputs": {"2": {"text": ["of the run before"]}}}
    failing = hand_run("first", executor)
    failing.leave(failing.enter("1"), "FAILURE", ValueError("no"))
    failing.end(ValueError("no"))
    stored(tmp_path, "r.id")
    again = hand_run("second")
    again.run("1")
    assert again.session.record_event("scene 2", "route")
    again.run("2")
    shown = {"images": [{"filename": "a.png", "subfolder": "", "type": "output"}]}
    again.executor.history_result = {"outputs": {"2": shown, "8": shown}}
    again.end()
    assert not again.session.record_event("too late", "route")
    first, second = stored(tmp_path, STORY, "ORDER BY r.id")
    assert first == ("failed", None, None, 1, 0, None)
    assert second[:5] == ("success", 1, None, 2, 1)
    (event,) = json.loads(str(second[5]))
    assert (event["text"], event["source"], event["t_s"] > 0) == ("scene 2", "route", True)


def test_messages_about_another_executors_nodes_are_not_taken_for_ones_of_this_prompt(
    hand_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ComfyUI has one progress state for all that it executes: the newest prompt hears of everything."""
    from comfy_execution import progress

    from engine.host.executor import hooks

    run = hand_run()
    listener = run.session._coverage._progress
    progress.get_progress_state().dynprompt = run.graph
    assert listener.attach()
    monkeypatch.setattr(hooks, "_executing", [object(), object()])
    listener.start_handler("1", None, "p")
    listener.finish_handler("1", None, "p")
    run.run("2")
    here = contextvars.copy_context()
    here.run(hooks._run.set, run.session)
    here.run(listener.start_handler, "made by another executor", None, "p")
    assert "progress messages" not in "".join(run.session._warnings)
    here.run(listener.start_handler, "1", None, "p")
    assert "progress messages" in "".join(run.session._warnings)
    run.end()
