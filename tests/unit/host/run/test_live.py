"""What browsers are sent of a run, and what ``GET status`` answers meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.host.run.conftest import server
from tests.unit.host.run.fake_host import HandRun

MakeRun = Callable[..., HandRun]


def wait_until(true: Callable[[], object]) -> None:
    """Waits for another thread, up to ten seconds; what is waited for takes a tenth of one."""
    moment = threading.Event()
    for _ in range(1000):
        if true():
            return
        moment.wait(0.01)
    raise AssertionError("It did not happen within ten seconds.")


def sent(event: str) -> list[dict[str, Any]]:
    return [data for name, data in server().sent if name == f"holaf.profiler.{event}"]


def test_start_steps_and_end_reach_an_open_browser(hand_run: MakeRun) -> None:
    server().sockets["tab"] = object()
    run = hand_run()
    run.run("7", "1")
    wait_until(lambda: sent("step"))
    run.run("2")
    run.end()
    wait_until(lambda: sent("run_finished"))
    (started,), (finished,) = sent("run_started"), sent("run_finished")
    assert (started["prompt_id"], started["total_nodes"]) == ("p", 2)
    assert [step["node_id"] for data in sent("step") for step in data["steps"]] == ["1", "2"]
    assert (finished["status"], finished["prompt_id"]) == ("success", "p")
    assert [node["node_id"] for node in finished["nodes"]] == ["1", "2"]
    assert isinstance(finished["run_id"], int)


def test_without_a_browser_nothing_but_the_end_is_sent(hand_run: MakeRun) -> None:
    run = hand_run()
    run.run("7", "1", "2")
    run.end()
    wait_until(lambda: sent("run_finished"))
    assert sent("run_started") == sent("step") == []


def test_of_many_short_nodes_only_the_newest_are_sent(
    hand_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.host.run import live

    monkeypatch.setattr(live, "STEPS_SENT_MAX", 1)
    monkeypatch.setattr(live, "MESSAGE_INTERVAL_S", 3600.0)
    server().sockets["tab"] = object()
    run = hand_run()
    run.run("1", "2")
    run.end()
    wait_until(lambda: sent("run_finished"))
    assert [[step["node_id"] for step in data["steps"]] for data in sent("step")] == [["2"]]


def test_the_status_names_the_node_at_work_and_ends_with_the_run(hand_run: MakeRun) -> None:
    from engine.host.run import live

    assert live.status("default") == {"active": False}
    run = hand_run()
    run.run("7", "1")
    call = run.enter("2")
    wait_until(lambda: live.status("default")["ram_bytes"])
    status = live.status("default")
    assert (status["active"], status["node_id"], status["title"]) == (True, "2", "Save")
    assert (status["done"], status["total"]) == (1, 2)
    run.leave(call)
    run.end()
    wait_until(lambda: not live.status("default")["active"])


def test_two_executors_at_once_both_have_a_status(hand_run: MakeRun) -> None:
    from engine.host.run import live

    first = hand_run("first")
    first.enter("1")
    second = hand_run("second")
    both = live.status("default")
    assert (both["prompt_id"], both["node_id"]) == ("second", None)
    assert [(run["prompt_id"], run["node_id"]) for run in both["runs"]] == [("second", None), ("first", "1")]
    assert live.status("somebody else") == {"active": False, "busy": True}
    second.end()
    wait_until(lambda: live.status("default")["prompt_id"] == "first")
    assert live.status("default")["node_id"] == "1"
    first.end()
    wait_until(lambda: not live.status("default")["active"])


def test_a_browser_that_cannot_be_reached_costs_the_run_nothing(
    hand_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.host.run import live

    def refuse(event: str, data: object) -> None:
        raise ValueError("a server that changed")

    server().sockets["tab"] = object()
    monkeypatch.setattr(server(), "send_sync", refuse)
    run = hand_run()
    run.run("1", "2")
    run.end()
    wait_until(lambda: not live.status("default")["active"])
    assert run.session.reported_run().status == "success"
