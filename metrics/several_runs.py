"""How long the panel's questions about several runs take: comparison, trend, statistics.

Calls of the routes' own handlers over two histories in SQLite: 1,000 runs of one workflow of 100 nodes, and
the 10,000 runs of ``metrics.history_speed``. ``python -m metrics.several_runs`` prints a table and writes
``metrics/results/several_runs.md``; it ends with 1 where a limit is missed.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from engine.host.api import comparison, statistics, trends
from engine.host.api.call import Call, Host
from engine.model import Run, Step
from engine.store.database import Database
from engine.store.history import History
from engine.store.writer import RunWriter
from tests.unit.store.help import record

from . import history_speed
from .result import MACHINE, write

NODES = 100
RUNS = 1_000
REPEATS = 7


def questions(
    history: History, newest: Sequence[int], workflow: str, trend_runs: Sequence[int]
) -> Iterable[tuple[str, Callable[[], Any], float]]:
    """What is asked, the call, its limit in milliseconds. ``newest`` are 40 runs of ``workflow``."""
    host = cast(Host, SimpleNamespace(history=lambda _user: history))

    def call(handler: Callable[[Call], Any], query: dict[str, Any]) -> Callable[[], Any]:
        return lambda: handler(Call(user_id="default", host=host, query=query))

    for count, limit in ((2, 30.0), (5, 50.0), (40, 200.0)):
        ids = newest[-count:]
        sides = {"baseline": ids[: count // 2], "candidate": ids[count // 2 :]}
        yield f"comparison of {count} runs", call(comparison.compare_runs, sides), limit
    for count in trend_runs:
        page = {"workflow": workflow, "last": count, "limit": 25, "offset": 0}
        yield f"trend of {count:,} runs", call(trends.get_trends, page), 60.0 if count <= 100 else 300.0
    page = {"last": 1_000, "limit": 100, "offset": 0}
    yield "statistics of 1,000 runs", call(statistics.get_statistics, page), 300.0


def fill(history: History) -> None:
    """Runs of one workflow whose nodes take a hundredth of a second to seven seconds."""
    chance = np.random.default_rng(1)
    lengths = np.exp(chance.uniform(-4.0, 2.0, NODES))
    prompt = {
        str(node): {
            "class_type": f"Class{node % 30}",
            "inputs": {"value": [str(node - 1), 0] if node else 1, "amount": node},
            "_meta": {"title": f"Node {node}"},
        }
        for node in range(NODES)
    }
    writer = RunWriter(history.database)
    for number in range(RUNS):
        times = (lengths * np.exp(0.05 * chance.standard_normal(NODES))).tolist()
        steps = tuple(
            Step(
                node_id=str(node),
                node_type=f"Class{node % 30}",
                node_title=f"Node {node}",
                position=node,
                exec_time=time_s,
                self_time_s=time_s,
                vram_max=(4 << 30) + node,
                ram_max_bytes=(8 << 30) + node,
                ram_start_bytes=8 << 30,
                ram_end_bytes=8 << 30,
            )
            for node, time_s in enumerate(times)
        )
        run = Run(
            timestamp=f"2026-01-{number // 60 + 1:02d}T00:{number % 60:02d}:00.000Z",
            status="success",
            total_time=sum(times),
            workflow_id="w",
            workflow_hash="h",
            cold=False,
            steps=steps,
            prompt=prompt,
        )
        record(writer, run)


def main() -> int:
    lines = ["# How long answers about several runs take", ""]
    lines += [f"Medians of {REPEATS} calls after a first one. {MACHINE}.", ""]
    lines += ["| history | question | median | limit |", "|---|---|---:|---:|"]
    missed = []

    def ask(name: str, *asked: Any) -> None:
        for what, question, limit in questions(*asked):
            spent = history_speed.milliseconds(question, REPEATS)
            lines.append(f"| {name} | {what} | {spent:.1f} ms | {limit:g} ms |")
            if spent > limit:
                missed.append(f"{name}: {what}")

    with tempfile.TemporaryDirectory() as folder:
        history = History(Database(str(Path(folder) / "history.db")))
        fill(history)
        ask(f"{RUNS:,} runs of one workflow", history, range(RUNS - 39, RUNS + 1), "w", (100, RUNS))
        history.close()
    history = History(Database(history_speed.made()))
    newest, _ = history.list_runs("default", limit=40, workflow="workflow 7")
    ids = sorted(run["id"] for run in newest)
    ask(f"{history_speed.RUNS:,} runs of 30 workflows", history, ids, "workflow 7", (100,))
    history.close()
    write("several_runs", "\n".join([*lines, ""]))
    print(f"missed: {missed}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
