"""What a class of node usually costs, over many runs. Pure: columns in, numbers out.

Only real executions count (see ``executions``); each is one value here, also where a
node ran several times in one run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .executions import Columns, Mask, Vector
from .spread import Spread

Row = Mapping[str, Any]

_METRICS = ("exec_time", "self_time_s", "vram_max", "ram_max_bytes", "energy_joules")
STEP_COLUMNS = ("run_id", "node_type", "role", "status", *_METRICS)
"""The columns of steps that the statistics read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeStatistics:
    """One node class over all its executions. Seconds and bytes.

    ``warm`` and ``cold`` are the times of runs that found models loaded and of runs that
    found none; times of runs that do not say are only in ``exec_time``.
    """

    node_type: str
    run_count: int
    executed_count: int
    cached_count: int
    error_count: int
    total_s: float
    exec_time: Spread | None
    warm: Spread | None
    cold: Spread | None
    self_time_s: Spread | None
    vram_max: Spread | None
    ram_max_bytes: Spread | None
    energy_joules: Spread | None


def by_type(runs: Iterable[Row], columns: Columns) -> tuple[TypeStatistics, ...]:
    """Statistics of every node class, largest total time first.

    ``columns`` are the steps with :data:`STEP_COLUMNS`; those of other runs and of the
    profiler's own nodes do not count.
    """
    start = {run["id"]: run.get("cold") for run in runs}
    counted = np.array(
        [
            run_id in start and role in ("node", None)
            for run_id, role in zip(columns["run_id"], columns["role"], strict=True)
        ],
        dtype=np.bool_,
    )
    codes: dict[str, int] = {}
    type_at = np.array(
        [codes.setdefault(kind or "", len(codes)) for kind in columns["node_type"]], dtype=np.int64
    )
    run_at = np.array(columns["run_id"], dtype=np.int64)
    state = np.array([status or "ok" for status in columns["status"]], dtype="U12")
    cold_at = np.array([start.get(run_id) for run_id in columns["run_id"]], dtype=np.float64)
    values = {name: np.array(columns[name], dtype=np.float64) for name in _METRICS}
    order = np.flatnonzero(counted)
    order = order[np.argsort(type_at[order], kind="stable")]
    edges = np.searchsorted(type_at[order], np.arange(len(codes) + 1))
    found = []
    for kind, code in codes.items():
        rows = order[edges[code] : edges[code + 1]]
        if len(rows):
            mine = {name: column[rows] for name, column in values.items()}
            found.append(_of_type(kind, run_at[rows], state[rows], cold_at[rows], mine))
    return tuple(sorted(found, key=lambda entry: (-entry.total_s, entry.node_type)))


def _of_type(
    node_type: str, run_at: Any, state: Any, cold: Vector, values: Mapping[str, Vector]
) -> TypeStatistics:
    executed: Mask = state == "ok"
    times = values["exec_time"]
    known = times[executed & np.isfinite(times)]
    return TypeStatistics(
        node_type=node_type,
        run_count=len(np.unique(run_at)),
        executed_count=int(executed.sum()),
        cached_count=int((state == "cached").sum()),
        error_count=int((state == "error").sum()),
        total_s=float(known.sum()),
        warm=_spread(times[executed & (cold == 0)]),
        cold=_spread(times[executed & (cold == 1)]),
        **{name: _spread(column[executed]) for name, column in values.items()},
    )


def _spread(values: Vector) -> Spread | None:
    known = values[np.isfinite(values)]
    if not len(known):
        return None
    middle, high = np.percentile(known, (50, 95)).tolist()
    return Spread(
        count=len(known),
        mean=float(known.mean()),
        median=middle,
        std=float(known.std(ddof=1)) if len(known) > 1 else None,
        p95=high,
        minimum=float(known.min()),
        maximum=float(known.max()),
    )
