"""The lanes of VRAM and RAM: sampled readings, those at node boundaries, and each node's own peak."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ...analysis import series as curves
from ...analysis.labels import shorten
from ...analysis.units import bytes_scale, format_bytes, format_whole
from ...language import plain, t
from ...model import Device, Peak, Run, Series, Step, Summary
from .axis import nice_ceiling, nice_ticks
from .lane import Curve, Lane
from .theme import Theme


def vram_lane(run: Run, summary: Summary, device: Device, theme: Theme, total_s: float) -> Lane | None:
    primary = run.primary_device == device
    sampled = curves.find_series(run, curves.PROCESS_VRAM, device.key)
    edges, caps = _step_memory(summary.ranking, lambda step: _vram_of(step, device.key, primary))
    process = _memory_curve(t("this process"), sampled, edges, theme.vram, total_s)
    whole_series = curves.find_series(run, curves.DEVICE_VRAM, device.key)
    whole = _memory_curve(t("whole device"), whole_series, [], theme.muted, total_s)
    if process is None and whole is None:
        return None
    if process is None and not caps and whole is not None and not float(whole.value.max()):
        return None
    peak = next((one for one in summary.vram_peaks if one.device == device.key), None)
    shown = [_styled(process, filled=True)] if process else []
    if whole is not None:
        shown.append(_styled(whole, dashed=True, line_width=1.8))
    return _memory_lane(
        t("VRAM") if len(run.devices) < 2 else f"{t('VRAM')} {device.key}",
        shown,
        caps,
        peak,
        summary,
        theme.vram,
        height=176.0 if primary else 120.0,
        note=device.name,
        capacity_bytes=device.memory_total_bytes,
    )


def ram_lane(run: Run, summary: Summary, theme: Theme, total_s: float) -> Lane | None:
    sampled = curves.find_series(run, curves.RAM)
    edges, caps = _step_memory(
        summary.ranking, lambda step: (step.ram_start_bytes, step.ram_max_bytes, step.ram_end_bytes)
    )
    curve = _memory_curve(t("this process"), sampled, edges, theme.ram, total_s)
    if curve is None:
        return None
    height = 120.0 if run.devices else 176.0
    shown = [_styled(curve, filled=True)]
    peak = summary.ram_peak
    capacity_bytes = peak.capacity_bytes if peak else None
    return _memory_lane(
        t("RAM"), shown, caps, peak, summary, theme.ram, height=height, capacity_bytes=capacity_bytes
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
    note: str = "",
    capacity_bytes: int | None = None,
) -> Lane:
    highest = max([float(curve.value.max()) for curve in shown] + [cap[2] for cap in caps] + [1.0])
    unit, factor = bytes_scale([highest])
    capacity = None
    if capacity_bytes and 0.3 * capacity_bytes < highest < 1.5 * capacity_bytes:
        top = max(capacity_bytes * 1.07, highest * 1.04)
        unit, factor = bytes_scale([capacity_bytes])
        capacity = (float(capacity_bytes), t("capacity"))
        below = _steps_below(capacity_bytes / factor)
        ticks = [(value * factor, plain(value)) for value in below] + [
            (float(capacity_bytes), format_whole(capacity_bytes))
        ]
    else:
        top = nice_ceiling(highest * 1.12 / factor) * factor
        values = nice_ticks(top / factor, 3 if height < 150 else 4)
        ticks = [(value * factor, plain(value)) for value in values]
        ticks[-1] = (ticks[-1][0], f"{ticks[-1][1]} {unit}")
        if capacity_bytes:
            size = t("{size} in all, not on this scale", size=format_whole(capacity_bytes))
            note = f"{note} · {size}".strip(" ·")
    return Lane(
        name=name,
        curves=tuple(shown),
        top=top,
        ticks=tuple(ticks),
        height=height,
        note=note,
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
        spans = step.work if step else ()
        if not spans:
            return None
        import numpy as np

        start, end = max(spans, key=lambda span: span[1] - span[0])
        inside = np.flatnonzero((shown[0].t_s >= start) & (shown[0].t_s <= end))
        best = inside[np.argmax(shown[0].value[inside])] if len(inside) else None
        sampled_close = best is not None and float(shown[0].value[best]) >= 0.97 * peak.value_bytes
        t_s = float(shown[0].t_s[best]) if best is not None and sampled_close else (start + end) / 2
    name = summary.names.get(peak.node_id) if peak.node_id else None
    text = t("peak {size}", size=format_bytes(peak.value_bytes)) + (f" · {shorten(name, 30)}" if name else "")
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
        spans = step.work
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


def _styled(curve: Curve, *, filled: bool = False, dashed: bool = False, line_width: float = 2.4) -> Curve:
    return replace(curve, filled=filled, dashed=dashed, line_width=line_width)
