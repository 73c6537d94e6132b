"""Repeating a profiled workflow: warm-ups, then runs one after the other until enough is known.

A series lives in ComfyUI, not in the browser: closing the panel or the tab changes
nothing about it. Prompts go in through the host's own queue, one at a time, so that
other prompts get their turn. The series in memory are forgotten with ComfyUI; their runs
are in the history.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from ...analysis.repeats import is_narrow_enough, summarize_repeats
from ...language import stored

log = logging.getLogger("holaf.profiler")

State = Literal["running", "finished", "cancelled", "failed"]

RUNS_MAX = 100
KEPT_SERIES = 20
LOOK_INTERVAL_S = 1.0
"""How often a series looks whether its prompt is still in the queue."""
PATIENCE_LOOKS = 10
"""So many looks after its prompt has left the queue without a word, a run counts as failed."""


class Queue(Protocol):
    """ComfyUI's queue, as far as a series needs it."""

    def put(self, prompt: Mapping[str, Any], extra_data: Mapping[str, Any], user_id: str) -> str:
        """Queue a prompt for a user and answer its id. Raises :class:`RefusedPromptError`."""

    def holds(self, prompt_id: str) -> bool:
        """Whether the prompt waits or runs."""

    def cancel(self, prompt_id: str, user_id: str) -> None:
        """Take the prompt out of the queue, or interrupt it if it runs."""


class RefusedPromptError(Exception):
    """ComfyUI did not take the prompt; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to repeat. ``narrow`` ends a series early: 0.05 is an interval of 5 % to either side."""

    prompt: Mapping[str, Any]
    extra_data: Mapping[str, Any] = field(default_factory=dict)
    runs: int = 5
    warm_ups: int = 1
    narrow: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a series stands. ``run_ids`` and ``times_s`` hold the runs that count, warm-ups left out."""

    id: int
    user_id: str
    state: State = "running"
    runs: int
    warm_ups: int
    warm_ups_done: int = 0
    run_ids: tuple[int | None, ...] = ()
    times_s: tuple[float, ...] = ()
    prompt_id: str | None = None
    message: str = ""

    def as_json(self) -> dict[str, Any]:
        """The series as the routes answer it, with what its runs come to."""
        found = summarize_repeats(self.times_s)
        return {
            "id": self.id,
            "state": self.state,
            "runs": self.runs,
            "warm_ups": self.warm_ups,
            "warm_ups_done": self.warm_ups_done,
            "done": len(self.times_s),
            "run_ids": [run_id for run_id in self.run_ids if run_id is not None],
            "times_s": list(self.times_s),
            "median_s": found.median_s if found else None,
            "low_s": found.low_s if found else None,
            "high_s": found.high_s if found else None,
            "outliers": list(found.outliers) if found else [],
            "message": stored(self.message),
        }


class Series:
    """One series, on a thread of its own."""

    def __init__(
        self, number: int, user_id: str, plan: Plan, queue: Queue, changed: Callable[[Progress], object]
    ) -> None:
        """``changed`` hears of every step forward, on the series' thread."""
        self.progress = Progress(id=number, user_id=user_id, runs=plan.runs, warm_ups=plan.warm_ups)
        self._plan = plan
        self._queue = queue
        self._changed = changed
        self._ends: dict[str, Mapping[str, Any]] = {}
        self._news = threading.Condition()
        self._cancelled = False

    def start(self) -> None:
        """Begin. Answers at once."""
        name = f"holaf-profiler-repeat-{self.progress.id}"
        threading.Thread(target=self._work, name=name, daemon=True).start()

    def cancel(self) -> None:
        """End the series now; the run that goes on is interrupted. Does nothing at a series' end."""
        with self._news:
            self._cancelled = True
            prompt_id = self.progress.prompt_id if self.progress.state == "running" else None
            self._news.notify_all()
        if prompt_id is not None:
            self._queue.cancel(prompt_id, self.progress.user_id)

    def run_finished(self, run: Mapping[str, Any]) -> None:
        """A profiled run has ended: ``prompt_id``, ``status``, ``total_time``, ``run_id``. Any thread."""
        with self._news:
            if self.progress.state == "running":
                self._ends[str(run["prompt_id"])] = run
                self._news.notify_all()

    def _work(self) -> None:
        try:
            end = self._repeat()
        except RefusedPromptError as error:
            end = replace(self.progress, state="failed", message=str(error))
        except Exception as error:  # the do-no-harm boundary of this thread
            log.exception("Workflow Profiler could not go on with a series of runs.")
            end = replace(self.progress, state="failed", message=f"{type(error).__name__}: {error}")
        self._advance(replace(end, prompt_id=None))

    def _repeat(self) -> Progress:
        for position in range(self._plan.warm_ups + self._plan.runs):
            if self._cancelled:
                return replace(self.progress, state="cancelled")
            prompt_id = self._queue.put(self._plan.prompt, self._extra_data(position), self.progress.user_id)
            self._advance(replace(self.progress, prompt_id=prompt_id))
            run = self._end_of(prompt_id)
            if self._cancelled:
                if self._queue.holds(prompt_id):  # queued at the moment of the cancel
                    self._queue.cancel(prompt_id, self.progress.user_id)
                return replace(self.progress, state="cancelled")
            if run is None or run["status"] not in ("success", "partial") or run.get("total_time") is None:
                status = run["status"] if run else "not recorded"
                return replace(self.progress, state="failed", message=f"A run ended as {status}.")
            if position < self._plan.warm_ups:
                self._advance(replace(self.progress, warm_ups_done=position + 1))
                continue
            self._advance(
                replace(
                    self.progress,
                    run_ids=(*self.progress.run_ids, run.get("run_id")),
                    times_s=(*self.progress.times_s, max(float(run["total_time"]), 1e-9)),
                )
            )
            done = len(self.progress.times_s)
            wanted = self._plan.narrow
            if wanted is None or done == self._plan.runs:
                continue
            if is_narrow_enough(self.progress.times_s, wanted):
                message = f"Enough is known after {done} runs."
                return replace(self.progress, state="finished", message=message)
        return replace(self.progress, state="finished")

    def _end_of(self, prompt_id: str) -> Mapping[str, Any] | None:
        """How the run ended; ``None`` where its prompt has gone and nobody heard of a run."""
        looks = 0
        while looks < PATIENCE_LOOKS:
            with self._news:
                if self._cancelled:
                    return None
                if prompt_id in self._ends:
                    return self._ends.pop(prompt_id)
                self._news.wait(LOOK_INTERVAL_S)
                if prompt_id in self._ends:
                    return self._ends.pop(prompt_id)
            looks = 0 if self._queue.holds(prompt_id) else looks + 1
        return None

    def _extra_data(self, position: int) -> dict[str, Any]:
        number = position - self._plan.warm_ups
        repeat = {
            "series": self.progress.id,
            "warm_up": number < 0,
            "number": number + 1 if number >= 0 else position + 1,
            "of": self._plan.runs if number >= 0 else self._plan.warm_ups,
        }
        ours = self._plan.extra_data.get("holaf_profiler")
        ours = dict(ours) if isinstance(ours, Mapping) else {}
        return {**self._plan.extra_data, "holaf_profiler": {**ours, "repeat": repeat}}

    def _advance(self, progress: Progress) -> None:
        with self._news:
            self.progress = progress
        self._changed(progress)


class Repeats:
    """All series of this ComfyUI, newest last. Any thread."""

    def __init__(self, queue: Queue, changed: Callable[[Progress], object]) -> None:
        self._queue = queue
        self._changed = changed
        self._numbers = itertools.count(1)
        self._series: dict[int, Series] = {}
        self._lock = threading.Lock()

    def start(self, user_id: str, plan: Plan) -> Progress | None:
        """Begin a series; ``None`` where one of this user's goes on already."""
        with self._lock:
            if any(each.state == "running" for each in self._of(user_id)):
                return None
            series = Series(next(self._numbers), user_id, plan, self._queue, self._changed)
            self._series[series.progress.id] = series
            for old in list(self._series)[:-KEPT_SERIES]:
                del self._series[old]
        series.start()
        return series.progress

    def of_user(self, user_id: str) -> list[Progress]:
        """A user's series, newest first."""
        with self._lock:
            return self._of(user_id)[::-1]

    def cancel(self, user_id: str, number: int) -> Progress | None:
        """End a series now; ``None`` where this user has none of that number."""
        with self._lock:
            series = self._series.get(number)
        if series is None or series.progress.user_id != user_id:
            return None
        series.cancel()
        return series.progress

    def run_finished(self, run: Mapping[str, Any]) -> None:
        """Hand a run's end to the series that waits for it."""
        with self._lock:
            running = [each for each in self._series.values() if each.progress.state == "running"]
        for series in running:
            series.run_finished(run)

    def _of(self, user_id: str) -> list[Progress]:
        return [each.progress for each in self._series.values() if each.progress.user_id == user_id]
