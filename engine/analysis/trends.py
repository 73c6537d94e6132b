"""One workflow over time: does it get slower, and does memory stay behind? Pure.

Takes rows as the history gives them: mappings with the names of the columns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .spread import Line, known, line, median

Row = Mapping[str, Any]

LEAK_RUNS = 4
"""Fewest runs in one process from which growth is claimed, the first (it loads models) left out."""
LEAK_BYTES = 2 * 1024 * 1024
"""Growth a run below this is taken for noise of the allocator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """One quantity over the runs of a workflow, oldest first.

    ``values`` has one entry a run, ``None`` where it was not measured. ``slope_per_run`` is
    that of the least-squares line through the known ones; ``change_share`` is what the
    line gained from first to last, as a share of where it began. ``is_certain``: the slope
    is more than twice its standard error.
    """

    values: tuple[float | None, ...]
    median: float | None
    slope_per_run: float | None
    change_share: float | None
    is_certain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeTrend:
    """One node's time and memory over the runs."""

    node_id: str
    node_type: str
    node_title: str
    exec_time: Trend
    vram_max: Trend


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """Memory that a node keeps in every run and that is not given back between runs.

    ``kind``: ``vram`` or ``ram``. ``bytes_per_run`` is the smaller of what the node added
    in a typical run and of what the memory after it grew by from run to run. ``run_ids``
    are the runs of one process that show it.
    """

    kind: str
    node_id: str
    node_type: str
    node_title: str
    bytes_per_run: float
    total_bytes: float
    run_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trends:
    """A workflow's history. ``runs`` are the runs that count, oldest first."""

    runs: tuple[Row, ...]
    total_time: Trend
    vram_max: Trend
    ram_max_bytes: Trend
    nodes: tuple[NodeTrend, ...]
    leaks: tuple[Leak, ...]


def trends(runs: Iterable[Row], steps: Mapping[int, Iterable[Row]]) -> Trends:
    """How one workflow's runs developed.

    ``runs`` may come in any order; those that did not run to their end are left out.
    ``steps`` maps a run's id to its steps.
    """
    ordered = sorted(
        (run for run in runs if run.get("status") in ("success", "partial", None)),
        key=lambda run: (str(run.get("timestamp") or ""), run["id"]),
    )
    per_node = _by_node(ordered, steps)
    return Trends(
        runs=tuple(ordered),
        total_time=_trend([run.get("total_time") for run in ordered]),
        vram_max=_trend([run.get("vram_max") for run in ordered]),
        ram_max_bytes=_trend([run.get("ram_max_bytes") for run in ordered]),
        nodes=tuple(_node_trend(key, rows, ordered) for key, rows in per_node.items()),
        leaks=tuple(_leaks(ordered, per_node)),
    )


_Key = tuple[str, str]


def _by_node(runs: Sequence[Row], steps: Mapping[int, Iterable[Row]]) -> dict[_Key, dict[int, Row]]:
    """The steps of each node by run id; of a node that ran several times in a run, its last."""
    found: dict[_Key, dict[int, Row]] = defaultdict(dict)
    for run in runs:
        for step in steps.get(run["id"], ()):
            if step.get("role") in ("node", None):
                key = (str(step.get("node_id") or ""), str(step.get("node_type") or ""))
                found[key][run["id"]] = step
    return found


def _node_trend(key: _Key, rows: Mapping[int, Row], runs: Sequence[Row]) -> NodeTrend:
    def values(name: str) -> list[float | None]:
        steps = [rows.get(run["id"]) for run in runs]
        return [step.get(name) if step and step.get("status") in ("ok", None) else None for step in steps]

    return NodeTrend(
        node_id=key[0],
        node_type=key[1],
        node_title=_title(rows),
        exec_time=_trend(values("exec_time")),
        vram_max=_trend(values("vram_max")),
    )


def _title(rows: Mapping[int, Row]) -> str:
    last: Row = next(reversed(list(rows.values())))
    return str(last.get("node_title") or last.get("node_type") or last.get("node_id") or "")


def _trend(values: Sequence[float | None]) -> Trend:
    found = known(values)
    fitted: Line | None = line(found)
    change = None
    if fitted is not None and fitted.intercept > 0:
        change = fitted.slope * (len(found) - 1) / fitted.intercept
    return Trend(
        values=tuple(values),
        median=median(found),
        slope_per_run=fitted.slope if fitted else None,
        change_share=change,
        is_certain=fitted.is_certain if fitted else False,
    )


def _leaks(runs: Sequence[Row], per_node: Mapping[_Key, Mapping[int, Row]]) -> list[Leak]:
    leaks = []
    for process in _processes(runs):
        ids = [run["id"] for run in process][1:]
        if len(ids) < LEAK_RUNS - 1:
            continue
        for key, rows in per_node.items():
            for kind, start, end in (
                ("vram", "vram_start", "vram_end"),
                ("ram", "ram_start_bytes", "ram_end_bytes"),
            ):
                leak = _leak(kind, key, [rows.get(run_id) for run_id in ids], start, end, ids)
                if leak is not None:
                    leaks.append(leak)
    return sorted(leaks, key=lambda leak: -leak.total_bytes)


def _leak(
    kind: str, key: _Key, steps: Sequence[Row | None], start: str, end: str, run_ids: Sequence[int]
) -> Leak | None:
    """A leak shows twice: the node keeps memory in most runs, and what is in use after it grows."""
    pairs = [
        (run_id, float(step[start]), float(step[end]))
        for run_id, step in zip(run_ids, steps, strict=True)
        if step and step.get(start) is not None and step.get(end) is not None and step.get("status") == "ok"
    ]
    if len(pairs) < LEAK_RUNS - 1:
        return None
    kept = [after - before for _, before, after in pairs]
    typical = median(kept) or 0.0
    growing = line([after for _, _, after in pairs])
    if growing is None or not growing.is_certain:
        return None
    if sum(amount >= LEAK_BYTES for amount in kept) < 0.8 * len(kept):
        return None
    per_run = min(typical, growing.slope)
    if per_run < LEAK_BYTES:
        return None
    ids = tuple(run_id for run_id, _, _ in pairs)
    last = next(step for step in reversed(steps) if step)
    return Leak(
        kind=kind,
        node_id=key[0],
        node_type=key[1],
        node_title=str(last.get("node_title") or key[1]),
        bytes_per_run=per_run,
        total_bytes=per_run * len(ids),
        run_ids=ids,
    )


def _processes(runs: Sequence[Row]) -> list[list[Row]]:
    """The runs of each host process: memory of one says nothing about another's."""
    found: dict[tuple[Any, Any, Any], list[Row]] = defaultdict(list)
    for run in runs:
        found[(run.get("worker_host"), run.get("worker_pid"), run.get("worker_started"))].append(run)
    return list(found.values())
