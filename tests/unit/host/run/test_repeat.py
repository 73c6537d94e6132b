"""Series of repeated runs: what is queued, when they end, and that nobody waits for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from engine.host.run import repeat
from engine.host.run.repeat import Plan, Progress, RefusedPromptError, Repeats

PROMPT = {"1": {"class_type": "HolafProfilerStart", "inputs": {}}}


class FakeQueue:
    """A queue whose prompts end as ``end`` says, as soon as they are put in."""

    def __init__(self, end: Callable[[int], Mapping[str, Any] | None]) -> None:
        self.end = end
        self.extra: list[Mapping[str, Any]] = []
        self.cancelled: list[str] = []
        self.held: set[str] = set()
        self.repeats: Repeats | None = None

    def put(self, prompt: Mapping[str, Any], extra_data: Mapping[str, Any], user_id: str) -> str:
        self.extra.append(extra_data)
        number = len(self.extra)
        prompt_id = f"p{number}"
        run = self.end(number)
        if run is None:
            self.held.add(prompt_id)
        elif run:
            assert self.repeats is not None
            self.repeats.run_finished({"prompt_id": prompt_id, "run_id": number, **run})
        return prompt_id

    def holds(self, prompt_id: str) -> bool:
        return prompt_id in self.held

    def cancel(self, prompt_id: str, user_id: str) -> None:
        self.cancelled.append(prompt_id)
        self.held.discard(prompt_id)


class Watched:
    """The states that a series goes through, and its end."""

    def __init__(self) -> None:
        self.seen: list[Progress] = []
        self.over = threading.Event()
        self.queued = threading.Event()

    def __call__(self, progress: Progress) -> None:
        self.seen.append(progress)
        if progress.prompt_id is not None:
            self.queued.set()
        if progress.state != "running":
            self.over.set()


def ok(time_s: float) -> dict[str, Any]:
    return {"status": "success", "total_time": time_s}


def start(queue: FakeQueue, plan: Plan) -> tuple[Repeats, Watched]:
    watched = Watched()
    queue.repeats = repeats = Repeats(queue, watched)
    assert repeats.start("default", plan) is not None
    return repeats, watched


def test_warm_ups_are_run_and_not_counted() -> None:
    queue = FakeQueue(lambda number: ok(100.0 if number <= 2 else 1.0))
    _, watched = start(queue, Plan(prompt=PROMPT, runs=3, warm_ups=2))
    assert watched.over.wait(10)
    end = watched.seen[-1]
    assert (end.state, end.warm_ups_done, end.times_s, end.run_ids) == (
        "finished",
        2,
        (1.0, 1.0, 1.0),
        (3, 4, 5),
    )
    told_apart = [extra["holaf_profiler"]["repeat"]["warm_up"] for extra in queue.extra]
    assert told_apart == [True, True, False, False, False]
    assert end.as_json()["median_s"] == pytest.approx(1.0)


def test_a_series_ends_early_when_its_interval_is_narrow() -> None:
    queue = FakeQueue(lambda number: ok(1.0 + 0.001 * (number % 2)))
    _, watched = start(queue, Plan(prompt=PROMPT, runs=50, warm_ups=0, narrow=0.05))
    assert watched.over.wait(10)
    assert watched.seen[-1].state == "finished"
    assert len(queue.extra) == 5


def test_without_a_limit_all_runs_are_made() -> None:
    queue = FakeQueue(lambda _: ok(1.0))
    _, watched = start(queue, Plan(prompt=PROMPT, runs=8, warm_ups=0))
    assert watched.over.wait(10)
    assert len(watched.seen[-1].times_s) == 8


def test_a_failed_run_ends_the_series_and_is_named() -> None:
    queue = FakeQueue(lambda number: ok(1.0) if number < 3 else {"status": "failed", "total_time": 0.2})
    _, watched = start(queue, Plan(prompt=PROMPT, runs=5, warm_ups=0))
    assert watched.over.wait(10)
    end = watched.seen[-1]
    assert (end.state, len(end.times_s)) == ("failed", 2)
    assert "failed" in end.message


def test_a_refused_prompt_ends_the_series_with_the_reason() -> None:
    def refuse(_: int) -> Mapping[str, Any] | None:
        raise RefusedPromptError("The workflow has changed since Update nodes.")

    _, watched = start(FakeQueue(refuse), Plan(prompt=PROMPT))
    assert watched.over.wait(10)
    assert watched.seen[-1].message == "The workflow has changed since Update nodes."


def test_a_prompt_that_vanishes_does_not_hold_the_series(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeat, "LOOK_INTERVAL_S", 0.001)
    _, watched = start(FakeQueue(lambda _: {}), Plan(prompt=PROMPT))
    assert watched.over.wait(10)
    assert watched.seen[-1].state == "failed"


def test_cancel_interrupts_the_run_that_goes_on() -> None:
    queue = FakeQueue(lambda _: None)
    repeats, watched = start(queue, Plan(prompt=PROMPT, runs=5))
    assert watched.queued.wait(10)
    number = watched.seen[-1].id
    assert repeats.cancel("somebody else", number) is None
    assert repeats.cancel("default", number) is not None
    assert watched.over.wait(10)
    assert watched.seen[-1].state == "cancelled"
    assert queue.cancelled == ["p1"]


def test_a_user_has_one_series_at_a_time() -> None:
    queue = FakeQueue(lambda _: None)
    repeats, watched = start(queue, Plan(prompt=PROMPT))
    assert watched.queued.wait(10)
    assert repeats.start("default", Plan(prompt=PROMPT)) is None
    repeats.cancel("default", watched.seen[-1].id)
    assert watched.over.wait(10)
    assert repeats.start("default", Plan(prompt=PROMPT)) is not None
    assert [each.state for each in repeats.of_user("default")] == ["running", "cancelled"]
    repeats.cancel("default", 2)
