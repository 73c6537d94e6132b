"""What a class of node usually costs, over many runs. Pure: rows in, numbers out.

Takes rows as the history gives them: mappings with the names of the columns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .spread import Spread, spread

Row = Mapping[str, Any]

_MEASURED = ("ok", None)
"""Statuses whose times count; ``None`` is a row that another program wrote."""


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


def by_type(runs: Iterable[Row], steps: Mapping[int, Iterable[Row]]) -> tuple[TypeStatistics, ...]:
    """Statistics of every node class, largest total time first.

    ``steps`` maps a run's id to its steps. Only nodes that count in totals are counted.
    """
    cold = {run["id"]: run.get("cold") for run in runs}
    found: dict[str, list[tuple[int, Row]]] = defaultdict(list)
    for run_id, rows in steps.items():
        if run_id not in cold:
            continue
        for step in rows:
            if step.get("role") in ("node", None):
                found[str(step.get("node_type") or "")].append((run_id, step))
    statistics = [_of_type(node_type, entries, cold) for node_type, entries in found.items()]
    return tuple(sorted(statistics, key=lambda entry: (-entry.total_s, entry.node_type)))


def _of_type(node_type: str, entries: list[tuple[int, Row]], cold: Mapping[int, Any]) -> TypeStatistics:
    executed = [(run_id, step) for run_id, step in entries if step.get("status") in _MEASURED]

    def values(name: str) -> Spread | None:
        return spread(step.get(name) for _, step in executed)

    times = values("exec_time")
    return TypeStatistics(
        node_type=node_type,
        run_count=len({run_id for run_id, _ in entries}),
        executed_count=len(executed),
        cached_count=sum(step.get("status") == "cached" for _, step in entries),
        error_count=sum(step.get("status") == "error" for _, step in entries),
        total_s=times.mean * times.count if times else 0.0,
        exec_time=times,
        warm=spread(step.get("exec_time") for run_id, step in executed if cold[run_id] in (False, 0)),
        cold=spread(step.get("exec_time") for run_id, step in executed if cold[run_id] in (True, 1)),
        self_time_s=values("self_time_s"),
        vram_max=values("vram_max"),
        ram_max_bytes=values("ram_max_bytes"),
        energy_joules=values("energy_joules"),
    )
