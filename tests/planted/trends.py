"""Workflows with a known past, and how often a trend tells it.

Times are log-normal, levels of memory normal around a base that all nodes of a run share.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.analysis.columns import Matrix
from engine.analysis.trends import DETAILS, STEP_COLUMNS, Evidence, Trends, trends
from tests.planted.histories import run_row, step_columns

MB = 2.0**20


def timed_workflow(times: Matrix, **fields: Any) -> Evidence:
    """A workflow whose nodes took ``times`` (``[node, run]``, seconds).

    ``fields`` map columns of runs to a value a run.
    """
    count = times.shape[1]
    runs = [
        run_row(
            run + 1,
            **{"total_time": float(times[:, run].sum())},
            **{name: values[run] for name, values in fields.items()},
        )
        for run in range(count)
    ]
    steps = [
        {
            "run_id": run + 1,
            "node_id": str(node),
            "node_type": f"T{node}",
            "exec_time": float(times[node, run]),
        }
        for run in range(count)
        for node in range(times.shape[0])
    ]
    return Evidence(
        runs=runs,
        columns=step_columns(steps, (*STEP_COLUMNS, *DETAILS)),
        environments={},
        prompts={},
    )


def quiet(chance: np.random.Generator, nodes: int, runs: int, noise: float = 0.05) -> Matrix:
    """Times that go nowhere, of nodes of very different lengths."""
    lengths = np.exp(chance.uniform(-3.0, 3.0, nodes))[:, None]
    made: Matrix = lengths * np.exp(noise * chance.standard_normal((nodes, runs)))
    return made


def false_changes(seed: int, *, workflows: int, nodes: int, runs: int, noise: float = 0.05) -> float:
    """The share of quiet workflows in which any series is said to have changed."""
    chance = np.random.default_rng(seed)
    found = (trends(timed_workflow(quiet(chance, nodes, runs, noise))) for _ in range(workflows))
    return sum(bool(one.change_points) for one in found) / workflows


def dated(
    seed: int,
    *,
    workflows: int,
    at: int,
    runs: int = 100,
    change: float = 0.10,
    noise: float = 0.05,
    nodes: int = 10,
    outlier: bool = False,
    within: int = 3,
) -> float:
    """The share of workflows whose planted change of the total is dated within so many runs.

    Every run has one factor of noise, as a busy machine has, and the slowest node changes.
    """
    chance = np.random.default_rng(seed)
    good = 0
    for _ in range(workflows):
        times = quiet(chance, nodes, runs, 0.0) * np.exp(noise * chance.standard_normal(runs))
        times[:, at:] *= 1.0 + change
        if outlier:
            times[:, int(chance.integers(5, runs - 1))] *= 3.0
        found = trends(timed_workflow(times)).change_points
        points = [point for point in found if point.metric == "total_time"]
        good += len(points) == 1 and abs(points[0].run_id - (at + 1)) <= within
    return good / workflows


def leaky_workflow(
    chance: np.random.Generator,
    *,
    runs: int,
    nodes: int,
    leaking: int | None,
    bytes_per_run: float,
    noise: float,
    swing: float = 0.0,
    processes: Sequence[int] = (),
    shared_noise: bool = True,
) -> Evidence:
    """RAM at node boundaries. ``swing``: what the first node takes and the last gives back in each run.

    ``processes`` is the process of each run; growth starts anew with each.
    """
    owner = list(processes) or [1] * runs
    rows = []
    steps = []
    grown = 0.0
    for run in range(runs):
        if run and owner[run] != owner[run - 1]:
            grown = 0.0
        rows.append(run_row(run + 1, total_time=1.0, worker_pid=owner[run]))
        base = 4000 * MB + (noise * chance.standard_normal() if shared_noise else 0.0)
        for node in range(nodes):
            jitter = 0.0 if shared_noise else noise
            start = base + grown + jitter * chance.standard_normal()
            grown += bytes_per_run if node == leaking else 0.0
            base += swing if node == 0 else -swing if node == nodes - 1 else 0.0
            end = base + grown + jitter * chance.standard_normal()
            steps.append(
                {
                    "run_id": run + 1,
                    "node_id": str(node),
                    "node_type": f"T{node}",
                    "exec_time": 1.0,
                    "ram_start_bytes": start,
                    "ram_end_bytes": end,
                }
            )
    return Evidence(
        runs=rows,
        columns=step_columns(steps, (*STEP_COLUMNS, *DETAILS)),
        environments={},
        prompts={},
    )


def leaks_found(seed: int, *, workflows: int, **planted: Any) -> dict[str, float]:
    """Shares: ``found`` any leak, ``blamed`` the right node, ``innocent`` another node accused."""
    chance = np.random.default_rng(seed)
    counts = {"found": 0, "blamed": 0, "innocent": 0}
    for _ in range(workflows):
        leaks = trends(leaky_workflow(chance, **planted)).leaks
        accused = {leak.node_id for leak in leaks} - {None}
        guilty = {str(planted["leaking"])} if planted["leaking"] is not None else set()
        counts["found"] += bool(leaks)
        counts["blamed"] += bool(accused & guilty)
        counts["innocent"] += bool(accused - guilty)
    return {name: count / workflows for name, count in counts.items()}


def band_holds(seed: int, *, workflows: int, runs: int, noise: float = 0.05, step: float = 0.0) -> float:
    """The share of held-out next runs that lie in the forecast's band; ``step``: a change half way."""
    chance = np.random.default_rng(seed)
    held = known = 0
    for _ in range(workflows):
        times = quiet(chance, 1, runs + 1, noise)
        times[:, (runs + 1) // 2 :] *= 1.0 + step
        found: Trends = trends(timed_workflow(times[:, :-1]))
        band = found.forecast["total_time"]
        if band.low is not None and band.high is not None:
            known += 1
            held += band.low <= float(times[:, -1].sum()) <= band.high
    return held / known
