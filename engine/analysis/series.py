"""Lookups and averages over a run's sampled series. Never changes or resamples them."""

from __future__ import annotations

from collections.abc import Sequence

from ..model import Run, Series
from ..model.step import Interval, merged

PROCESS_VRAM = "vram_bytes"
DEVICE_VRAM = "device_vram_bytes"
RAM = "ram_bytes"
CPU_LOAD = "cpu_percent"
MACHINE_LOAD = "machine_cpu_percent"
GPU_LOAD = "gpu_load_percent"
CPU_WAIT = "cpu_wait_percent"
GPU_OTHERS = "gpu_others_percent"
GPU_SLOWED = "gpu_slowed_percent"


def find_series(run: Run, metric: str, device: str | None = None) -> Series | None:
    """The series of ``metric`` (on ``device``, if given) that has any samples."""
    for series in run.series:
        if series.metric == metric and series.t_s and (device is None or series.device in (device, None)):
            return series
    return None


def union_s(intervals: Sequence[Interval]) -> float:
    """The length that ``intervals`` cover together, in seconds; overlaps count once."""
    return sum(end - start for start, end in merged(intervals))


def mean(series: Series | None, end_s: float | None, least_covered: float = 0.5) -> float | None:
    """The time-weighted mean over ``0..end_s``; ``None`` where readings cover less than that share of it."""
    if series is None or not end_s:
        return None
    parts = spans(series, end_s)
    covered_s = sum(end - start for start, end, _ in parts)
    if covered_s < least_covered * end_s:
        return None
    return sum((end - start) * value for start, end, value in parts) / covered_s


def spans(series: Series, end_s: float) -> list[tuple[float, float, float]]:
    """``(start, end, value)``: for how long each value stands, within ``0..end_s``.

    An average stands for its own interval; an instant until the next reading.
    """
    times = list(series.t_s)
    found: list[tuple[float, float, float]] = []
    for index, (t_s, value) in enumerate(zip(times, series.value, strict=False)):
        if index < len(series.start_s):
            start, stop = series.start_s[index], t_s
        else:
            start, stop = t_s, times[index + 1] if index + 1 < len(times) else end_s
        start, stop = max(0.0, start), min(end_s, stop)
        if stop > start:
            found.append((start, stop, value))
    return found
