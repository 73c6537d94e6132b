"""Rows and columns of made-up runs, in the forms in which the history gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.analysis.columns import Columns
from engine.analysis.compare import STEP_COLUMNS, Evidence

Node = tuple[str, str, str]
"""``(id, class, title)``."""


def run_row(run_id: int, **fields: Any) -> dict[str, Any]:
    """A finished warm run, one minute after the run before it."""
    return {
        "id": run_id,
        "timestamp": f"2026-01-01T{run_id // 60:02d}:{run_id % 60:02d}:00.000Z",
        "name": "",
        "status": "success",
        "total_time": None,
        "vram_max": None,
        "ram_max_bytes": None,
        "energy_joules": None,
        "cold": False,
        "timing": "precise",
        "cache": "keep",
        "interval_ms": 50,
        "workflow_id": "w",
        "workflow_hash": "h",
        "environment_id": 1,
        "settings": {},
        "worker_host": "box",
        "worker_pid": 1,
        "worker_started": 0.0,
        **fields,
    }


def step_columns(steps: Sequence[Mapping[str, Any]], names: Sequence[str] = STEP_COLUMNS) -> Columns:
    """Steps as columns; what a step does not say is an ordinary node that ran."""
    usual = {"status": "ok", "node_title": ""}
    columns = Columns(names)
    columns.add([[step.get(name, usual.get(name)) for step in steps] for name in columns.names])
    return columns


def timed(
    times: Mapping[int, Mapping[str, float | None]], **run_fields: Mapping[int, Any]
) -> tuple[dict[int, dict[str, Any]], Columns]:
    """Runs by id with the seconds of each node; ``None`` is a node that came from the cache.

    ``run_fields`` map a column to its values by run id.
    """
    runs = {}
    steps = []
    for run_id, nodes in times.items():
        fields = {name: values[run_id] for name, values in run_fields.items() if run_id in values}
        total = sum(seconds or 0.0 for seconds in nodes.values())
        runs[run_id] = run_row(run_id, **{"total_time": total, **fields})
        steps += [
            {
                "run_id": run_id,
                "node_id": node_id,
                "node_type": f"T{node_id}",
                "exec_time": seconds,
                "status": "ok" if seconds is not None else "cached",
            }
            for node_id, seconds in nodes.items()
        ]
    return runs, step_columns(steps)


def evidence(
    times: Mapping[int, Mapping[str, float | None]],
    history: Sequence[int] = (),
    **run_fields: Mapping[int, Any],
) -> Evidence:
    """What a comparison of such runs is made from."""
    runs, columns = timed(times, **run_fields)
    return Evidence(runs=runs, columns=columns, history=history, environments={}, prompts={})
