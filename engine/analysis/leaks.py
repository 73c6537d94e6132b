"""Memory that stays behind from run to run in one process of the host. Pure.

What is compared is the level at one and the same points of successive runs, the node
boundaries that all of them have; what a node takes and gives back within a run is no
leak. A node is blamed only where its own part can be told from the rest: it alone gains
what the level grows by, and nothing else gives that much back. A finding ends when a
later process runs as often without showing it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from .columns import Matrix, Vector
from .drift import slope
from .executions import Executions

Row = Mapping[str, Any]

LEAK_RUNS = 6
"""Fewest runs of a process from which growth is claimed; its first run, which loads models, is left out."""
MOST_RUNS = 60
LEAK_BYTES = 2 * 2.0**20
"""Growth below this a run is not worth a word."""
FALSE_ALARMS = 0.002
LEVELS = {"vram": ("vram_start", "vram_end"), "ram": ("ram_start_bytes", "ram_end_bytes")}
COLUMNS = tuple(name for names in LEVELS.values() for name in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """Growth of ``vram`` or ``ram`` from run to run, with its 95 % interval in bytes a run.

    ``node_id`` is the node to blame, ``None`` where it cannot be told. ``run_ids`` are the
    runs of the process that show it.
    """

    kind: Literal["vram", "ram"]
    node_id: str | None
    node_type: str | None
    node_title: str | None
    bytes_per_run: float
    low: float
    high: float
    total_bytes: float
    run_ids: tuple[int, ...]


def leaks(runs: Sequence[Row], measured: Executions) -> tuple[Leak, ...]:
    """The leaks of the newest process that ran often enough. ``runs`` are oldest first, one kind."""
    for process in reversed(_processes(runs)):
        ids = [run["id"] for run in process][1:][-MOST_RUNS:]
        if len(ids) < LEAK_RUNS - 1:
            continue
        columns = measured.columns_of(ids)
        found = (_leak(kind, measured, columns, ids) for kind in LEVELS)
        return tuple(leak for leak in found if leak is not None)
    return ()


def _processes(runs: Sequence[Row]) -> list[list[Row]]:
    """The runs of each host process, the process that ran last at the end."""
    found: dict[tuple[Any, Any, Any], list[Row]] = {}
    for run in runs:
        key = (run.get("worker_host"), run.get("worker_pid"), run.get("worker_started"))
        found[key] = [*found.pop(key, ()), run]
    return list(found.values())


def _leak(kind: Any, measured: Executions, columns: list[int], ids: Sequence[int]) -> Leak | None:
    start_name, end_name = LEVELS[kind]
    if start_name not in measured.values:
        return None
    starts, ends = (measured.values[name][:, columns] for name in (start_name, end_name))
    alike = np.isfinite(starts).all(axis=1) & np.isfinite(ends).all(axis=1)
    if not alike.any():
        return None
    levels = np.concatenate([starts[alike], ends[alike]]).mean(axis=0)
    growth = _growth(levels)
    if growth is None:
        return None
    per_run, half = growth
    row = _culprit(np.flatnonzero(alike), ends[alike] - starts[alike], per_run)
    node = measured.nodes[row] if row is not None else None
    return Leak(
        kind=kind,
        node_id=node.node_id if node else None,
        node_type=node.node_type if node else None,
        node_title=measured.titles[row] if row is not None else None,
        bytes_per_run=per_run,
        low=per_run - half,
        high=per_run + half,
        total_bytes=per_run * (len(ids) - 1),
        run_ids=tuple(ids),
    )


def _growth(levels: Vector) -> tuple[float, float] | None:
    """The slope of ``levels`` and half its interval, where it is certain, lasting and worth a word."""
    from scipy.special import stdtrit

    places = np.arange(len(levels), dtype=np.float64)
    whole = slope(places, levels)
    if whole.per_run < LEAK_BYTES or whole.error is None or whole.p_value >= FALSE_ALARMS:
        return None
    # A process that fills its caches grows at first and then no more.
    half = len(levels) // 2
    if slope(places[half:], levels[half:]).per_run < 0.4 * whole.per_run:
        return None
    return whole.per_run, float(stdtrit(whole.freedom, 0.975)) * whole.error


def _culprit(rows: Any, gains: Matrix, growth: float) -> int | None:
    """The only node that gains what the level grows by a run; ``None`` where it cannot be told."""
    count = gains.shape[1]
    mean = gains.mean(axis=1)
    error = gains.std(axis=1, ddof=1) / math.sqrt(count)
    surely = mean - 3.0 * error
    guilty = np.flatnonzero((surely > growth / 3.0) & (mean > growth / 2.0) & (mean < 2.0 * growth))
    others = np.delete(np.arange(len(mean)), guilty)
    # Nodes that take or give back more than the leak hide whose it is.
    hidden = (np.abs(mean[others]) + 2.0 * error[others] > growth / 2.0).any()
    return int(rows[guilty[0]]) if len(guilty) == 1 and not hidden else None
