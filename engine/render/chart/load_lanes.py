"""The lanes of GPU and CPU load."""

from __future__ import annotations

from ...analysis import series as curves
from ...language import plain, t
from ...model import Run, Series
from .axis import nice_ceiling, nice_ticks
from .lane import Curve, Lane
from .theme import Theme

MOST_DEVICES = 3


def load_lanes(run: Run, theme: Theme, total_s: float) -> tuple[list[Lane], list[tuple[str, str]]]:
    """The lanes, and ``(name, metric)`` of each load that has too few readings to be drawn.

    GPU and machine are percent of what there is and share a lane; the process's CPU
    time can be many times 100 % and has its own, in cores.
    """
    shown = _gpu_curves(run, theme, total_s)
    has_gpu = bool(shown)
    missing = [] if has_gpu else [(t("GPU load"), curves.GPU_LOAD)]
    machine = _drawable(curves.find_series(run, curves.MACHINE_LOAD))
    process = _drawable(curves.find_series(run, curves.CPU_LOAD))
    if machine is not None:
        shown.append(_curve(machine, t("CPU, whole machine"), theme.cpu, total_s, 1.6 if has_gpu else 2.2))
    if machine is None and process is None:
        known = curves.MACHINE_LOAD if run.metric(curves.MACHINE_LOAD) else curves.CPU_LOAD
        missing.append((t("CPU load"), known))
    lanes = []
    if shown:
        percents = ((0.0, "0"), (50.0, "50"), (100.0, "100 %"))
        lanes.append(Lane(name=t("load"), curves=tuple(shown), top=106.0, ticks=percents))
    if process is not None and (not has_gpu or machine is None):
        curve = _curve(process, t("this process, in cores kept busy"), theme.vram, total_s, 2.0, filled=True)
        top = nice_ceiling(max(100.0, float(curve.value.max())) / 100)
        cores = [(value * 100, plain(value)) for value in nice_ticks(top, 3)]
        lanes.append(Lane(name="CPU", curves=(curve,), top=top * 106, ticks=tuple(cores), height=100.0))
    return lanes, missing


def _gpu_curves(run: Run, theme: Theme, total_s: float) -> list[Curve]:
    devices = sorted(run.devices, key=lambda device: not device.primary)[:MOST_DEVICES]
    colors = (theme.gpu, theme.capacity, theme.vram)
    found = []
    for number, key in enumerate([device.key for device in devices] or [None]):
        load = _drawable(curves.find_series(run, curves.GPU_LOAD, key))
        if load is not None:
            label = "GPU" if len(devices) < 2 else f"GPU {key}"
            found.append(_curve(load, label, colors[number], total_s, 2.4))
    return found


def _drawable(series: Series | None) -> Series | None:
    """``series`` where it makes a line: two instants, or one average over an interval."""
    if series is None or (len(series.t_s) < 2 and not series.start_s):
        return None
    return series


def _curve(
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
