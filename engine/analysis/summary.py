"""What one run comes to: totals, peaks, idle time, and the two sentences that say so.

Pure: a :class:`Run` in, frozen data out. Never draws, never compares runs.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import replace

from ..model import Idle, Peak, Run, Series, Step, Summary
from . import series as curves
from .contention import find_contention
from .headline import detail_sentence, headline_sentence
from .labels import sentence_names
from .ranking import SORT_KEYS, rank

_MODEL_LOADER = re.compile(r"load", re.IGNORECASE)
_FILE_LOADER = re.compile(
    r"load_?(?:image|mask|video|audio|text|latent)|(?:image|mask|video|audio|text|latent)s?_?load",
    re.IGNORECASE,
)
"""What loads a picture or the like, not a model; WanVideoModelLoader is none of them."""
_LEAST_COVERAGE = 0.5
"""GPU load readings must cover this share of the run before idle time is claimed."""
_LEAST_READINGS = 3


def summarize(run: Run, sort_by: str = SORT_KEYS[0]) -> Summary:
    """Everything a report says about ``run`` in words.

    ``sort_by`` is one of :data:`ranking.SORT_KEYS`. Total time of a run that has
    none (it crashed) is the end of its last step.
    """
    steps = run.measured_steps
    total_time = duration_s(run)
    names = sentence_names(steps)
    vram_peaks = tuple(
        peak for device in run.devices if (peak := _vram_peak(run, steps, device.key, total_time)) is not None
    )
    primary = run.primary_device
    vram_peak = next((peak for peak in vram_peaks if primary and peak.device == primary.key), None)
    if vram_peak is None and primary is None:
        vram_peak = _vram_peak(run, steps, None, total_time)
        vram_peaks = (vram_peak,) if vram_peak else ()
    overhead_s = run.overhead.boundary_s + (run.overhead.sampler_s or 0.0)
    draft = Summary(
        headline="",
        detail="",
        status=run.status,
        total_time=total_time,
        busy_s=curves.union_s([span for step in steps for span in step.work]),
        node_count=len(steps),
        executed_count=sum(step.status not in ("cached", "skipped") for step in steps),
        cached_count=sum(step.status == "cached" for step in steps),
        error_count=sum(step.status == "error" for step in steps),
        interrupted_count=sum(step.status == "interrupted" for step in steps),
        skipped_count=sum(step.status == "skipped" for step in steps),
        vram_peak=vram_peak,
        vram_peaks=vram_peaks,
        device_vram_peak=_device_vram_peak(run, steps),
        ram_peak=_ram_peak(run, steps, total_time),
        idle=_gpu_idle(run, steps, total_time),
        energy_joules=run.energy_joules,
        overhead_s=overhead_s,
        overhead_share=overhead_s / total_time if total_time else None,
        sync_s=run.overhead.sync_s,
        contention=find_contention(run, total_time),
        ranking=rank(steps, sort_by),
        names=names,
    )
    return replace(draft, headline=headline_sentence(run, draft), detail=detail_sentence(run, draft))


def duration_s(run: Run) -> float | None:
    """The run's length in seconds; for a run that was cut off, to the last thing seen."""
    if run.total_time is not None:
        return run.total_time
    ends = [step.end_s for step in run.steps if step.end_s is not None]
    ends += [step.start_s for step in run.steps if step.start_s is not None]
    ends += [series.t_s[-1] for series in run.series if series.t_s]
    return max(ends, default=None)


def loads_models(step: Step) -> bool:
    """Whether the node spent its time loading models, as the host marked it or its class says."""
    if step.load_time_s and step.exec_time:
        return step.load_time_s > 0.5 * step.exec_time
    return bool(_MODEL_LOADER.search(step.node_type)) and not _FILE_LOADER.search(step.node_type)


def _node_at(steps: tuple[Step, ...], t_s: float) -> str | None:
    for step in steps:
        if any(start <= t_s <= end for start, end in step.work):
            return step.node_id
    return None


def _vram_of(step: Step, device: str | None, primary: bool) -> int | None:
    for entry in step.devices:
        if entry.device == device:
            return entry.vram_max
    return step.vram_max if primary or device is None else None


_Found = tuple[float, str | None, float | None]
"""A peak: bytes, the node it happened in, and when, where that is known."""


def _vram_peak(
    run: Run, steps: tuple[Step, ...], device: str | None, total_time: float | None
) -> Peak | None:
    info = next((entry for entry in run.devices if entry.key == device), None)
    primary = run.primary_device is not None and run.primary_device.key == device
    best: _Found | None = None
    for step in steps:
        value = _vram_of(step, device, primary)
        if value is not None and (best is None or value > best[0]):
            best = (float(value), step.node_id, None)
    best = _or_sampled(best, curves.find_series(run, curves.PROCESS_VRAM, device), steps, total_time)
    if best is None:
        return None
    return Peak(
        metric=curves.PROCESS_VRAM,
        value_bytes=best[0],
        device=device,
        device_name=info.name if info else None,
        capacity_bytes=info.memory_total_bytes if info else None,
        node_id=best[1],
        t_s=best[2],
    )


def _or_sampled(
    best: _Found | None, sampled: Series | None, steps: tuple[Step, ...], total_time: float | None
) -> _Found | None:
    """The highest sample where it is higher than ``best``.

    Samples taken while reports are drawn lie behind the measured part: they do not count.
    """
    if sampled is None:
        return best
    measured = [
        (value, t_s)
        for t_s, value in zip(sampled.t_s, sampled.value, strict=True)
        if total_time is None or t_s <= total_time
    ]
    if not measured:
        return best
    value, t_s = max(measured, key=lambda one: one[0])
    return best if best is not None and value <= best[0] else (value, _node_at(steps, t_s), t_s)


def _device_vram_peak(run: Run, steps: tuple[Step, ...]) -> Peak | None:
    primary = run.primary_device
    best: Peak | None = None
    for step in steps:
        value = step.device_vram_max_bytes
        if value is not None and (best is None or value > best.value_bytes):
            best = Peak(
                metric=curves.DEVICE_VRAM,
                value_bytes=float(value),
                device=primary.key if primary else None,
                device_name=primary.name if primary else None,
                capacity_bytes=primary.memory_total_bytes if primary else None,
                node_id=step.node_id,
            )
    return best


def _ram_peak(run: Run, steps: tuple[Step, ...], total_time: float | None) -> Peak | None:
    best: _Found | None = None
    for step in steps:
        if step.ram_max_bytes is not None and (best is None or step.ram_max_bytes > best[0]):
            best = (float(step.ram_max_bytes), step.node_id, None)
    best = _or_sampled(best, curves.find_series(run, curves.RAM), steps, total_time)
    if best is None:
        return None
    size = run.environment.get("ram.total_bytes", "")
    return Peak(
        metric=curves.RAM,
        value_bytes=best[0],
        node_id=best[1],
        t_s=best[2],
        capacity_bytes=int(size) if size.isdecimal() else None,
    )


def _gpu_idle(run: Run, steps: tuple[Step, ...], total_time: float | None) -> Idle | None:
    """Idle share: one minus the time-weighted mean load.

    NVML's utilisation is the share of an interval in which at least one kernel ran,
    so its complement is the share in which none did.
    """
    primary = run.primary_device
    sampled = curves.find_series(run, curves.GPU_LOAD, primary.key if primary else None)
    if sampled is None or not total_time or len(sampled.t_s) < _LEAST_READINGS:
        return None
    parts = curves.spans(sampled, total_time)
    covered = sum(end - start for start, end, _ in parts)
    if covered < _LEAST_COVERAGE * total_time:
        return None
    idle_s = sum((end - start) * _idle_fraction(value) for start, end, value in parts)
    if idle_s <= 0:
        return Idle(share=0.0)
    by_node = _idle_by_node(steps, parts)
    loading_s = sum(by_node.get(step.node_id, 0.0) for step in steps if loads_models(step))
    node_id = max(by_node, key=by_node.__getitem__, default=None)
    return Idle(
        share=idle_s / covered,
        loading_share=min(1.0, loading_s / idle_s),
        node_id=node_id,
        node_share=min(1.0, by_node[node_id] / idle_s) if node_id is not None else 0.0,
    )


def _idle_fraction(percent: float) -> float:
    return 1.0 - min(100.0, max(0.0, percent)) / 100.0


def _idle_by_node(steps: tuple[Step, ...], parts: list[tuple[float, float, float]]) -> dict[str, float]:
    """Idle seconds within each node's work, from the running total of idle time."""
    starts = [start for start, _, _ in parts]
    totals = [0.0]
    for start, end, value in parts:
        totals.append(totals[-1] + (end - start) * _idle_fraction(value))

    def idle_until(t_s: float) -> float:
        index = bisect_right(starts, t_s) - 1
        if index < 0:
            return 0.0
        start, end, value = parts[index]
        return totals[index] + (min(t_s, end) - start) * _idle_fraction(value)

    found: dict[str, float] = {}
    for step in steps:
        idle_s = sum(idle_until(end) - idle_until(start) for start, end in step.work)
        if idle_s > 0:
            found[step.node_id] = found.get(step.node_id, 0.0) + idle_s
    return found
