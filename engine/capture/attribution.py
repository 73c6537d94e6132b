"""What the samples of a run say about each of its steps. Pure; touches no exact figure.

Two kinds of series are told apart by ``Series.start_s``. An *instant* belongs to every
step that was at work at that moment. An *average* belongs to the steps by overlap: a
sample counts for a step's maximum where at least half of it lies within the step, and
enters the step's average weighted by the overlap. A step that no sample falls into
keeps ``None``: how busy the GPU was in 3 ms cannot be told from a 100 ms average.

"At work" are a step's ``run`` and ``async`` segments, not its waiting.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from ..model import Run, Step, StepDevice
from .energy import (
    cumulative_energy,
    energy_by_step,
    energy_devices,
    energy_metrics,
    run_energy,
    used_devices,
)
from .overlap import SAME_MOMENT_S, Floats, Work, average, by_device, find, highest, work_of

CPU_AVERAGE_MIN_S = 0.001
"""From here on CPU time over run time says how busy a step was that no sample falls into."""
PRIMARY_FIELDS = ("vram_max", "device_vram_max_bytes", "gpu_load_max", "gpu_load_avg")
"""What a step repeats of its primary device's row."""


def attribute(run: Run) -> Run:
    """``run`` with what its series tell about each step, and with its energy.

    ``run`` has its ``total_time``. Fills ``time_share``, ``cpu_max``, ``gpu_load_max``,
    ``gpu_load_avg``, ``device_vram_max_bytes``, ``energy_joules``, ``shared`` and ``devices``
    of the steps, raises ``vram_max`` where a sample was higher than what stands there, and
    ``ram_max_bytes`` unless it is exact.
    """
    if not run.steps:
        return replace(run, energy_joules=run_energy(run))
    work = work_of(run.steps)
    fields: list[dict[str, Any]] = [{} for _ in run.steps]
    _mark_shared(run.steps, work, fields)
    _time_shares(run, work, fields)
    _cpu(run, work, fields)
    _ram(run, work, fields)
    _devices(run, work, fields)
    steps = tuple(
        replace(step, **changed) if changed else step for step, changed in zip(run.steps, fields, strict=True)
    )
    return replace(run, steps=steps, energy_joules=run_energy(run), metrics=energy_metrics(run))


# ---- which steps were not alone ---------------------------------------------------------------


def _mark_shared(steps: tuple[Step, ...], work: Work, fields: list[dict[str, Any]]) -> None:
    """A Report that waits is at work all along, so only ordinary nodes count."""
    ordinary = np.array([step.role == "node" for step in steps])
    chosen = ordinary[work.step] if len(work.step) else np.zeros(0, dtype=bool)
    start, end, owner = work.start[chosen], work.end[chosen], work.step[chosen]
    if len(start) < 2:
        return
    order = np.argsort(start, kind="stable")
    start, end, owner = start[order], end[order], owner[order]
    # Sorted by start, a stretch meets an earlier one if any of those ends after it starts, and a
    # later one if its next neighbour starts before it ends.
    meets_earlier = np.maximum.accumulate(end)[:-1] > start[1:] + SAME_MOMENT_S
    meets_later = start[1:] < end[:-1] - SAME_MOMENT_S
    for index in owner[1:][meets_earlier].tolist() + owner[:-1][meets_later].tolist():
        if not steps[index].shared:
            fields[index]["shared"] = True


def _time_shares(run: Run, work: Work, fields: list[dict[str, Any]]) -> None:
    """Each moment of the run, divided evenly among the ordinary nodes at work in it."""
    total_s = run.total_time
    ordinary = np.array([step.role == "node" and step.exec_time is not None for step in run.steps])
    chosen = ordinary[work.step] if len(work.step) else np.zeros(0, dtype=bool)
    if not total_s or not chosen.any():
        return
    start, end = np.minimum(work.start[chosen], total_s), np.minimum(work.end[chosen], total_s)
    moments = np.unique(np.concatenate((start, end)))
    begun = np.searchsorted(np.sort(start), moments, side="right")
    ended = np.searchsorted(np.sort(end), moments, side="right")
    at_work = (begun - ended)[:-1]
    # What one node had of the time up to each moment, had it been at work all along.
    portion = np.divide(np.diff(moments), at_work, out=np.zeros(len(at_work)), where=at_work > 0)
    passed = np.concatenate(([0.0], portion.cumsum()))
    own = passed[np.searchsorted(moments, end)] - passed[np.searchsorted(moments, start)]
    shares = np.bincount(work.step[chosen], own, minlength=work.count) / total_s
    for share, counts, changed in zip(shares.tolist(), ordinary.tolist(), fields, strict=True):
        if counts:
            changed["time_share"] = share


# ---- quantity by quantity ---------------------------------------------------------------------


def _cpu(run: Run, work: Work, fields: list[dict[str, Any]]) -> None:
    series = find(run, "cpu_percent")
    tops = highest(work, series).tolist() if series is not None else [math.nan] * work.count
    for step, top, changed in zip(run.steps, tops, fields, strict=True):
        known = [] if math.isnan(top) else [top]
        seconds = step.exec_time
        if step.cpu_seconds is not None and seconds is not None and seconds >= CPU_AVERAGE_MIN_S:
            # The exact average: no maximum is lower, and of a short step it is all that is known.
            known.append(100.0 * step.cpu_seconds / seconds)
        if known:
            changed["cpu_max"] = max(known)


def _ram(run: Run, work: Work, fields: list[dict[str, Any]]) -> None:
    metric = run.metric("ram_max_bytes")
    if metric is not None and metric.method is not None and metric.method.startswith("exact"):
        return
    series = find(run, "ram_bytes")
    if series is None:
        return
    for step, top, changed in zip(run.steps, highest(work, series).tolist(), fields, strict=True):
        before = step.ram_max_bytes
        if not math.isnan(top) and (before is None or top > before):
            changed["ram_max_bytes"] = int(top)


def _devices(run: Run, work: Work, fields: list[dict[str, Any]]) -> None:
    found = _by_device(run, work)
    order = {key: index for index, key in enumerate(found)}
    primary = run.primary_device
    used = used_devices(run)
    for index, (step, changed) in enumerate(zip(run.steps, fields, strict=True)):
        rows = {row.device: row for row in step.devices}
        for key, columns in found.items():
            values = {name: column[index] for name, column in columns.items()}
            values = {name: value for name, value in values.items() if not math.isnan(value)}
            if values:
                rows[key] = _raised(rows.get(key) or StepDevice(device=key), values)
        if not rows:
            continue
        devices = tuple(sorted(rows.values(), key=lambda row: order.get(row.device, len(order))))
        if devices != step.devices:
            changed["devices"] = devices
        own = rows.get(primary.key) if primary is not None else None
        if own is not None:
            for name in PRIMARY_FIELDS:
                value = getattr(own, name)
                if value is not None:
                    changed[name] = value
        joules = [d.energy_joules for d in devices if d.energy_joules is not None and d.device in used]
        if joules:
            changed["energy_joules"] = sum(joules)


def _by_device(run: Run, work: Work) -> dict[str, dict[str, list[float]]]:
    """Device -> field of :class:`StepDevice` -> a value for each step, NaN where there is none."""
    vram, total = by_device(run, "vram_bytes"), by_device(run, "device_vram_bytes")
    load, joules = by_device(run, "gpu_load_percent"), energy_devices(run)
    keys = dict.fromkeys([*(device.key for device in run.devices), *vram, *total, *load, *joules])
    found: dict[str, dict[str, list[float]]] = {}
    for key in keys:
        columns: dict[str, Floats] = {}
        if key in vram:
            columns["vram_max"] = highest(work, vram[key])
        if key in total:
            columns["device_vram_max_bytes"] = highest(work, total[key])
        if key in load:
            top = highest(work, load[key])
            columns["gpu_load_max"] = top
            columns["gpu_load_avg"] = np.where(np.isnan(top), np.nan, average(work, load[key]))
        readings = cumulative_energy(run, key) if key in joules else None
        if readings is not None:
            columns["energy_joules"] = energy_by_step(work, *readings)
        found[key] = {name: column.tolist() for name, column in columns.items()}
    return found


def _raised(before: StepDevice, values: dict[str, float]) -> StepDevice:
    """``before`` with ``values``; bytes become whole numbers and never fall."""
    fields: dict[str, Any] = dict(values)
    for name in ("vram_max", "device_vram_max_bytes"):
        if name in fields:
            known = getattr(before, name)
            fields[name] = int(fields[name]) if known is None else max(known, int(fields[name]))
    return replace(before, **fields)
