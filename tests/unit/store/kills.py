"""Processes that are killed at random moments of a run, and what the history says of them after it."""

from __future__ import annotations

import mmap
import os
import random
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path

from engine.model import Run, Step
from engine.store.database import Database
from engine.store.history import History
from engine.store.writer import RunWriter
from tests.unit.store.help import a_run, a_step

NODES = 12
TRUTH_BYTES = 64


class Living:
    """A run that goes on in a process that will be killed: nodes one after another, some very short."""

    def __init__(self, truth: mmap.mmap, seed: int) -> None:
        self.steps: list[Step] = []
        self._busy: tuple[str, float] | None = None
        self._truth = truth
        self._chance = random.Random(seed)

    @property
    def finished_count(self) -> int:
        return len(self.steps)

    def steps_since(self, count: int) -> list[Step]:
        return self.steps[count:]

    def busy_with(self) -> tuple[str, float] | None:
        busy = self._busy
        return None if busy is None else (busy[0], time.monotonic() - busy[1])

    def go_through(self, writer: RunWriter, run: Run, *, at_once: bool) -> None:
        """One run from its first node to its end on disk. The truth says what is at work, or is changing.

        ``at_once``: its first nodes do not wait until it is on disk, which takes a busy machine a while.
        """
        handle = writer.begin(run, self)
        if not at_once:
            handle.wait(30.0)
        for number in range(NODES):
            node_id = f"{number}:{number * 7}"
            self._say(f"?{node_id}")
            handle.name_node(node_id)
            self._busy = (node_id, time.monotonic())
            self._say(node_id)
            time.sleep(self._chance.choice((0.0, 0.0, 0.001, 0.01, 0.03)))
            self._say(f"?{node_id}")
            handle.name_node(None)
            self._say("-")
            self._busy = None
            self.steps.append(a_step(node_id, number))
        self._say("end?")
        handle.finish(replace(run, status="success", total_time=1.0, steps=tuple(self.steps)))
        handle.wait(30.0)
        self._say("ended")

    def _say(self, text: str) -> None:
        self._truth[:] = text.encode().ljust(TRUTH_BYTES, b"\0")


@dataclass
class Count:
    """How many processes were killed, and what became of their runs."""

    killed: int = 0
    crashed: int = 0
    whole: int = 0
    not_begun: int = 0
    named: int = 0
    wrong: tuple[str, ...] = ()


def kill(folder: Path, count: int, seed: int = 1) -> Count:
    """Kill ``count`` processes at random moments, one after another, each in a run of its own."""
    chance = random.Random(seed)
    result = Count()
    path = folder / "history.db"
    made = Database(path)
    made.open()
    made.close()
    for number in range(count):
        with (folder / f"truth-{number}").open("w+b") as file:
            file.write(bytes(TRUTH_BYTES))
            file.flush()
            truth = mmap.mmap(file.fileno(), TRUTH_BYTES)
        at_once = chance.random() < 0.1
        child = os.fork()
        if child == 0:
            try:
                run = a_run(name=f"run {number}", status="running", total_time=None)
                Living(truth, seed + number).go_through(RunWriter(Database(path)), run, at_once=at_once)
            finally:
                os._exit(0)
        while not at_once and not truth[0]:
            time.sleep(0.001)
        time.sleep(chance.uniform(0.0, 0.25))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        result.killed += 1
        _judge(result, path, f"run {number}", truth[:].rstrip(b"\0").decode())
    return result


def _judge(result: Count, path: Path, name: str, truth: str) -> None:
    database = Database(path)
    history = History(database)
    found, _ = history.list_runs(q=name, sort="-id", limit=1)
    rows = [row for row in found if row["name"] == name]
    steps = history.step_rows(rows[0]["id"]) if rows else []
    database.close()
    if not rows:
        result.not_begun += 1
        problem = truth in ("ended",)
    elif rows[0]["status"] == "success":
        result.whole += 1
        problem = not truth.startswith("end") or len(steps) != NODES
    else:
        result.crashed += 1
        node_id = rows[0]["error_node_id"]
        result.named += node_id is not None
        problem = rows[0]["status"] != "crashed" or truth == "ended" or not _fits(node_id, truth)
    if problem:
        result.wrong += (f"{name}: {truth!r}, but {[(row['status'], row['error_node_id']) for row in rows]}",)


def _fits(node_id: str | None, truth: str) -> bool:
    """A truth with a question mark in front was changing: then both sides of the change are right."""
    if truth.startswith("?"):
        return node_id in (truth[1:], None)
    return node_id == (None if truth in ("", "-", "end?") else truth)
