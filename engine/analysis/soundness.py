"""A run with everything removed that no clock or counter can have shown. Never repairs a value.

Runs come from files, from other programs and from hardware that goes away. What
cannot be true (not a number, infinite, a negative duration or size) becomes "not
measured" here, once, so that nothing after this point has to ask.
"""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import Any

from ..model import Run, Segment, Series, Step, StepDevice

_LONGEST_S = 10 * 365 * 86_400.0
_STEP_NUMBERS = tuple(
    entry.name
    for entry in fields(Step)
    if str(entry.type).startswith(("int | None", "float | None"))
    and entry.name not in ("id", "previous_run_id")
)
_DEVICE_NUMBERS = tuple(entry.name for entry in fields(StepDevice) if entry.name != "device")


def sound(run: Run) -> Run:
    """``run`` itself where it is sound, else a copy without what cannot be true."""
    steps = tuple(_step(step) for step in run.steps)
    series = tuple(_series(one) for one in run.series)
    changed: dict[str, Any] = {}
    if any(new is not old for new, old in zip(steps, run.steps, strict=True)):
        changed["steps"] = steps
    if any(new is not old for new, old in zip(series, run.series, strict=True)):
        changed["series"] = series
    if run.total_time is not None and not _possible(run.total_time, _LONGEST_S):
        changed["total_time"] = None
    if run.energy_joules is not None and not _possible(run.energy_joules):
        changed["energy_joules"] = None
    return replace(run, **changed) if changed else run


def _possible(value: float, most: float = math.inf) -> bool:
    return math.isfinite(value) and 0 <= value <= most


def _step(step: Step) -> Step:
    changed: dict[str, Any] = {}
    for name in _STEP_NUMBERS:
        value = getattr(step, name)
        if value is not None and not _possible(value):
            changed[name] = None
    if step.start_s is not None and step.end_s is not None and step.end_s < step.start_s:
        changed["end_s"] = step.start_s if _possible(step.start_s) else None
    if not all(_segment_is_sound(part) for part in step.segments):
        changed["segments"] = tuple(part for part in step.segments if _segment_is_sound(part))
    for name in ("load_spans", "sampler_step_spans"):
        if not all(
            _possible(begin_s) and begin_s <= end_s < math.inf for begin_s, end_s in getattr(step, name)
        ):
            changed[name] = ()
    devices = tuple(_device(entry) for entry in step.devices)
    if devices != step.devices:
        changed["devices"] = devices
    return replace(step, **changed) if changed else step


def _segment_is_sound(part: Segment) -> bool:
    return _possible(part.start_s) and _possible(part.end_s) and part.end_s >= part.start_s


def _device(entry: StepDevice) -> StepDevice:
    bad = [
        name
        for name in _DEVICE_NUMBERS
        if (value := getattr(entry, name)) is not None and not _possible(value)
    ]
    nothing: dict[str, Any] = dict.fromkeys(bad)
    return replace(entry, **nothing) if bad else entry


def _series(series: Series) -> Series:
    """Readings of a sound time and value, in time order."""
    import numpy as np

    t_s = np.asarray(series.t_s, dtype=float)
    value = np.asarray(series.value, dtype=float)
    start_s = np.asarray(series.start_s, dtype=float)
    count = min(len(t_s), len(value))
    averaged = len(start_s) == len(t_s) and len(t_s) > 0
    kept = np.isfinite(t_s[:count]) & np.isfinite(value[:count]) & (value[:count] >= 0)
    if averaged:
        kept &= np.isfinite(start_s[:count]) & (start_s[:count] <= t_s[:count])
    in_order = bool((np.diff(t_s[:count]) >= 0).all())
    if in_order and kept.all() and count == len(t_s) == len(value) and averaged == bool(len(series.start_s)):
        return series
    order = np.flatnonzero(kept)
    order = order[np.argsort(t_s[order], kind="stable")]
    return replace(
        series,
        t_s=tuple(t_s[order].tolist()),
        value=tuple(value[order].tolist()),
        start_s=tuple(start_s[order].tolist()) if averaged else (),
    )
