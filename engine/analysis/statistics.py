"""What a class of node usually costs, over many runs. Pure: columns in, numbers out.

Only real executions count (see ``executions``); each is one value here, also where a
node ran several times in one run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .columns import Columns, Mask, Places, Vector
from .spread import Spread

Row = Mapping[str, Any]

_METRICS = ("exec_time", "vram_max", "ram_max_bytes", "energy_joules")
STEP_COLUMNS = ("run_id", "node_type", "status", *_METRICS)
"""The columns of steps that the statistics read."""
_STATES = {"ok": ("ok", None, ""), "cached": ("cached",), "error": ("error",)}


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
    vram_max: Spread | None
    ram_max_bytes: Spread | None
    energy_joules: Spread | None


def by_type(runs: Iterable[Row], columns: Columns) -> tuple[TypeStatistics, ...]:
    """Statistics of every node class, largest total time first.

    ``columns`` are the steps with :data:`STEP_COLUMNS`; those of other runs do not count.
    """
    start = {run["id"]: run.get("cold") for run in runs}
    run_of, run_ids = columns.coded("run_id")
    counted = np.array([run_id in start for run_id in run_ids], dtype=np.bool_)[run_of]
    type_at, types = columns.coded("node_type")
    ended = {name: columns.marked("status", states) for name, states in _STATES.items()}
    cold_at = np.array([start.get(run_id) for run_id in run_ids], dtype=np.float64)[run_of]
    values = {name: columns.numbers(name) for name in _METRICS}
    order = np.flatnonzero(counted)
    order = order[np.argsort(type_at[order], kind="stable")]
    edges = np.searchsorted(type_at[order], np.arange(len(types) + 1))
    found = []
    for code, kind in enumerate(types):
        rows = order[edges[code] : edges[code + 1]]
        if len(rows):
            mine = {name: column[rows] for name, column in values.items()}
            states_of = {name: mask[rows] for name, mask in ended.items()}
            found.append(_of_type(kind or "", run_of[rows], states_of, cold_at[rows], mine))
    return tuple(sorted(found, key=lambda entry: (-entry.total_s, entry.node_type)))


def _of_type(
    node_type: str, run_at: Places, ended: Mapping[str, Mask], cold: Vector, values: Mapping[str, Vector]
) -> TypeStatistics:
    executed = ended["ok"]
    times = values["exec_time"]
    known = times[executed & np.isfinite(times)]
    return TypeStatistics(
        node_type=node_type,
        run_count=int(np.count_nonzero(np.bincount(run_at))),
        executed_count=int(executed.sum()),
        cached_count=int(ended["cached"].sum()),
        error_count=int(ended["error"].sum()),
        total_s=float(known.sum()),
        warm=_spread(times[executed & (cold == 0)]),
        cold=_spread(times[executed & (cold == 1)]),
        **{name: _spread(column[executed]) for name, column in values.items()},
    )


def _spread(values: Vector) -> Spread | None:
    known = np.sort(values[np.isfinite(values)])
    if not len(known):
        return None
    middle, high = (_quantile(known, share) for share in (0.5, 0.95))
    return Spread(
        count=len(known),
        mean=float(known.mean()),
        median=middle,
        std=float(known.std(ddof=1)) if len(known) > 1 else None,
        p95=high,
        minimum=float(known[0]),
        maximum=float(known[-1]),
    )


def _quantile(ordered: Vector, share: float) -> float:
    """As ``np.percentile``, which spends more on its checks than on numbers that are in order."""
    at = share * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return float(ordered[low] + (at - low) * (ordered[high] - ordered[low]))
