"""What the lanes under the bars show: which curves, on which scale, and what is missing.

Reads the run into arrays; draws nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..analysis import series as curves
from ..analysis.labels import shorten
from ..analysis.summary import Peak, Summary
from ..analysis.units import bytes_scale, format_bytes, format_capacity
from ..model import Device, Run, Series, Step
from .axis import nice_ceiling, nice_ticks
from .notes import missing_reason
from .theme import Theme

MOST_DEVICES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One line: seconds and values as arrays of equal length, in time order.

    ``averaged``: where many readings share a pixel, their mean is the line and their
    range a shade behind it; else the line itself runs through every extreme.
    """

    label: str
    t_s: Any
    value: Any
    color: str
    line_width: float = 2.2
    dashed: bool = False
    filled: bool = False
    averaged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One plot under the bars. ``top`` is the value at its upper edge.

    ``caps`` are ``(start_s, end_s, value)``: a node's own peak over its time.
    ``marker`` is ``(t_s, value, text)``.
    """

    name: str
    curves: tuple[Curve, ...]
    top: float
    ticks: tuple[tuple[float, str], ...]
    height: float = 120.0
    aside: str = ""
    capacity: tuple[float, str] | None = None
    caps: tuple[tuple[float, float, float], ...] = ()
    caps_color: str = ""
    marker: tuple[float, float, str] | None = None


@dataclass(slots=True)
class Lanes:
    """The lanes of one run, and for each that is left out, why."""

    shown: list[Lane] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def lanes_for(run: Run, summary: Summary, theme: Theme) -> Lanes:
    """The lanes that have anything to show, top to bottom."""
    found = Lanes()
    total_s = summary.total_time or 0.0
    if total_s <= 0 or not summary.executed_count:
        return found
    devices = sorted(run.devices, key=lambda device: not device.primary)
    vram = [
        lane for device in devices if (lane := _vram_lane(run, summary, device, theme, total_s)) is not None
    ]
    found.shown += vram[:MOST_DEVICES]
    if len(vram) > MOST_DEVICES:
        found.left_out.append(
            f"VRAM of {len(vram) - MOST_DEVICES} more devices: only {MOST_DEVICES} are drawn"
        )
    if not vram:
        found.left_out.append(_reason(run, "VRAM", curves.PROCESS_VRAM))
    ram = _ram_lane(run, summary, theme, total_s)
    if ram is not None:
        found.shown.append(ram)
    else:
        found.left_out.append(_reason(run, "RAM", curves.RAM))
    _add_load(found, run, theme, total_s)
    return found


def _reason(run: Run, name: str, metric: str) -> str:
    reason = missing_reason(run, metric)
    if reason:
        return f"{name}: {reason}"
    return (
        f"{name}: no reading fell into this run"
        if run.metric(metric)
        else f"{name}: not measured in this run"
    )


def _add_load(found: Lanes, run: Run, theme: Theme, total_s: float) -> None:
    shown: list[Curve] = []
    devices = sorted(run.devices, key=lambda device: not device.primary)[:MOST_DEVICES]
    for number, key in enumerate([device.key for device in devices] or [None]):
        load = curves.find_series(run, curves.GPU_LOAD, key)
        if load is not None and _drawable(load):
            label = "GPU" if len(devices) < 2 else f"GPU {key}"
            color = theme.gpu if number == 0 else theme.capacity if number == 1 else theme.vram
            shown.append(_load_curve(load, label, color, total_s, 2.4))
    if not shown:
        found.left_out.append(_reason(run, "GPU load", curves.GPU_LOAD))
    machine = _drawable(curves.find_series(run, "machine_cpu_percent"))
    process = _drawable(curves.find_series(run, curves.CPU_LOAD))
    if machine is not None:
        shown.append(
            _load_curve(machine, "CPU, whole machine", theme.cpu, total_s, 1.6 if len(shown) else 2.2)
        )
    elif process is not None and max(process.value) <= 100:
        shown.append(_load_curve(process, "CPU, this process (100 % is one core)", theme.cpu, total_s, 1.6))
        process = None
    elif process is None:
        found.left_out.append(_reason(run, "CPU load", curves.CPU_LOAD))
    if shown:
        percents = ((0.0, "0"), (50.0, "50"), (100.0, "100 %"))
        found.shown.append(Lane(name="load", curves=tuple(shown), top=106.0, ticks=percents))
    has_gpu = any(curve.label.startswith("GPU") for curve in shown)
    if process is not None and (not has_gpu or machine is None):
        curve = _load_curve(
            process, "this process, in cores kept busy", theme.vram, total_s, 2.0, filled=True
        )
        top = nice_ceiling(max(100.0, float(curve.value.max())) / 100)
        cores = [(value * 100, f"{value:g}") for value in nice_ticks(top, 3)]
        found.shown.append(Lane(name="CPU", curves=(curve,), top=top * 106, ticks=tuple(cores), height=100.0))


def _drawable(series: Series | None) -> Series | None:
    """``series`` where it makes a line: two instants, or one average over an interval."""
    if series is None or (len(series.t_s) < 2 and not series.start_s):
        return None
    return series


def _vram_lane(run: Run, summary: Summary, device: Device, theme: Theme, total_s: float) -> Lane | None:
    primary = run.primary_device == device
    sampled = curves.find_series(run, curves.PROCESS_VRAM, device.key)
    edges, caps = _step_memory(summary.ranking, lambda step: _vram_of(step, device.key, primary))
    process = _memory_curve("this process", sampled, edges, theme.vram, total_s)
    whole_series = curves.find_series(run, curves.DEVICE_VRAM, device.key)
    whole = _memory_curve("whole device", whole_series, [], theme.muted, total_s)
    if process is None and whole is None:
        return None
    if process is None and not caps and whole is not None and not float(whole.value.max()):
        return None
    peak = next((one for one in summary.vram_peaks if one.device == device.key), None)
    shown = [_styled(process, filled=True)] if process else []
    if whole is not None:
        shown.append(_styled(whole, dashed=True, line_width=1.8))
    return _memory_lane(
        "VRAM" if len(run.devices) < 2 else f"VRAM {device.key}",
        shown,
        caps,
        peak,
        summary,
        theme.vram,
        height=176.0 if primary else 120.0,
        aside=device.name,
        capacity_bytes=device.memory_total_bytes,
    )


def _ram_lane(run: Run, summary: Summary, theme: Theme, total_s: float) -> Lane | None:
    sampled = curves.find_series(run, curves.RAM)
    edges, caps = _step_memory(
        summary.ranking, lambda step: (step.ram_start_bytes, step.ram_max_bytes, step.ram_end_bytes)
    )
    curve = _memory_curve("this process", sampled, edges, theme.ram, total_s)
    if curve is None:
        return None
    height = 120.0 if run.devices else 176.0
    shown = [_styled(curve, filled=True)]
    peak = summary.ram_peak
    capacity_bytes = peak.capacity_bytes if peak else None
    return _memory_lane(
        "RAM", shown, caps, peak, summary, theme.ram, height=height, capacity_bytes=capacity_bytes
    )


def _memory_lane(
    name: str,
    shown: Sequence[Curve],
    caps: Sequence[tuple[float, float, float]],
    peak: Peak | None,
    summary: Summary,
    color: str,
    *,
    height: float,
    aside: str = "",
    capacity_bytes: int | None = None,
) -> Lane:
    highest = max([float(curve.value.max()) for curve in shown] + [cap[2] for cap in caps] + [1.0])
    unit, factor = bytes_scale([highest])
    capacity = None
    if capacity_bytes and 0.3 * capacity_bytes < highest < 1.5 * capacity_bytes:
        top = max(capacity_bytes * 1.07, highest * 1.04)
        unit, factor = bytes_scale([capacity_bytes])
        capacity = (float(capacity_bytes), "capacity")
        whole = f"{capacity_bytes / factor:.1f}".removesuffix(".0")
        below = _steps_below(capacity_bytes / factor)
        ticks = [(value * factor, f"{value:g}") for value in below] + [
            (float(capacity_bytes), f"{whole} {unit}")
        ]
    else:
        top = nice_ceiling(highest * 1.12 / factor) * factor
        values = nice_ticks(top / factor, 3 if height < 150 else 4)
        ticks = [(value * factor, f"{value:g}") for value in values]
        ticks[-1] = (ticks[-1][0], f"{ticks[-1][1]} {unit}")
        if capacity_bytes:
            size = format_capacity(0.0, capacity_bytes).partition(" of ")[2]
            aside = f"{aside} · {size} in all, not on this scale".strip(" ·")
    return Lane(
        name=name,
        curves=tuple(shown),
        top=top,
        ticks=tuple(ticks),
        height=height,
        aside=aside,
        capacity=capacity,
        caps=tuple(caps),
        caps_color=color,
        marker=_marker(peak, summary, shown),
    )


def _steps_below(capacity: float) -> list[float]:
    """Round values under a capacity: its thirds or quarters where those are whole numbers."""
    nearest = round(capacity)
    if nearest and abs(capacity - nearest) < 0.02 * nearest:
        for parts in (3, 4):
            if nearest % parts == 0:
                return [float(nearest // parts * number) for number in range(parts)]
    return [value for value in nice_ticks(capacity, 4) if value < 0.86 * capacity]


def _marker(peak: Peak | None, summary: Summary, shown: Sequence[Curve]) -> tuple[float, float, str] | None:
    """Where the peak was: at its reading, else at the highest reading within its node."""
    if peak is None or not shown:
        return None
    t_s = peak.t_s
    step = next((one for one in summary.ranking if one.node_id == peak.node_id), None)
    if t_s is None:
        spans = curves.work_intervals(step) if step else ()
        if not spans:
            return None
        import numpy as np

        start, end = max(spans, key=lambda span: span[1] - span[0])
        inside = np.flatnonzero((shown[0].t_s >= start) & (shown[0].t_s <= end))
        best = inside[np.argmax(shown[0].value[inside])] if len(inside) else None
        sampled_close = best is not None and float(shown[0].value[best]) >= 0.97 * peak.value_bytes
        t_s = float(shown[0].t_s[best]) if best is not None and sampled_close else (start + end) / 2
    name = summary.names.get(peak.node_id) if peak.node_id else None
    text = f"peak {format_bytes(peak.value_bytes)}" + (f" · {shorten(name, 30)}" if name else "")
    return (t_s, peak.value_bytes, text)


def _vram_of(step: Step, device: str, primary: bool) -> tuple[int | None, int | None, int | None]:
    for entry in step.devices:
        if entry.device == device:
            return (entry.vram_start, entry.vram_max, entry.vram_end)
    return (step.vram_start, step.vram_max, step.vram_end) if primary else (None, None, None)


def _step_memory(
    steps: Sequence[Step], read: Callable[[Step], tuple[int | None, int | None, int | None]]
) -> tuple[list[tuple[float, float]], list[tuple[float, float, float]]]:
    """Readings at node boundaries, and each node's own peak over its time."""
    edges: list[tuple[float, float]] = []
    caps: list[tuple[float, float, float]] = []
    for step in steps:
        spans = curves.work_intervals(step)
        if not spans:
            continue
        start_bytes, max_bytes, end_bytes = read(step)
        if start_bytes is not None:
            edges.append((spans[0][0], float(start_bytes)))
        if end_bytes is not None:
            edges.append((spans[-1][1], float(end_bytes)))
        if max_bytes is not None and not step.shared:
            caps += [(start, end, float(max_bytes)) for start, end in spans]
    return edges, caps


def _memory_curve(
    label: str, sampled: Series | None, edges: list[tuple[float, float]], color: str, total_s: float
) -> Curve | None:
    import numpy as np

    t_s = np.array([t for t, _ in edges] + (list(sampled.t_s) if sampled else []), dtype=float)
    value = np.array([v for _, v in edges] + (list(sampled.value) if sampled else []), dtype=float)
    kept = (t_s >= 0) & (t_s <= total_s * 1.0005) & np.isfinite(value)
    t_s, value = t_s[kept], value[kept]
    if not len(t_s) or not value.any():
        return None
    order = np.argsort(t_s, kind="stable")
    return Curve(label=label, t_s=t_s[order], value=value[order], color=color)


def _load_curve(
    series: Series, label: str, color: str, total_s: float, line_width: float, *, filled: bool = False
) -> Curve:
    """An average stands level over its own interval; instants are joined by lines."""
    import numpy as np

    t_s, value = np.array(series.t_s, dtype=float), np.array(series.value, dtype=float)
    if len(series.start_s) == len(t_s):
        t_s = np.stack([np.array(series.start_s, dtype=float), t_s], axis=1).ravel()
        value = np.repeat(value, 2)
    return Curve(
        label=label,
        t_s=np.clip(t_s, 0.0, total_s),
        value=np.maximum(value, 0.0),
        color=color,
        line_width=line_width,
        filled=filled,
        averaged=True,
    )


def _styled(curve: Curve, *, filled: bool = False, dashed: bool = False, line_width: float = 2.4) -> Curve:
    from dataclasses import replace

    return replace(curve, filled=filled, dashed=dashed, line_width=line_width)
