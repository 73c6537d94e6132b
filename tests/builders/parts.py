"""Steps, curves and devices that the runs are made of."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import replace

from engine.model import Device, Metric, Segment, Series, Step

GB = 1024**3
MB = 1024**2
RTX_4090 = Device(
    key="cuda:0", name="NVIDIA GeForce RTX 4090", memory_total_bytes=24564 * MB, uuid="GPU-1", primary=True
)
RTX_3060 = Device(
    key="cuda:1", name="NVIDIA GeForce RTX 3060", memory_total_bytes=12288 * MB, uuid="GPU-2", primary=False
)
TIMESTAMP = "2026-11-21T14:02:11.250Z"

GPU_METRICS = (
    Metric(name="vram_bytes", unit="B", device="cuda:0", method="torch cudaMallocAsync + dynamic VRAM"),
    Metric(name="device_vram_bytes", unit="B", device="cuda:0", method="NVML"),
    Metric(name="gpu_load_percent", unit="%", device="cuda:0", method="NVML buffered samples"),
    Metric(name="ram_bytes", unit="B", method="resident size of the process"),
    Metric(name="machine_cpu_percent", unit="%", method="busy time of all cores over half a second"),
    Metric(name="energy_joules", unit="J", reason="energy counter not supported by this driver"),
)
CPU_METRICS = (
    Metric(name="vram_bytes", unit="B", reason="no GPU in use: ComfyUI runs with --cpu"),
    Metric(name="gpu_load_percent", unit="%", reason="NVML is not installed (libnvidia-ml.so.1 not found)"),
    Metric(name="energy_joules", unit="J", reason="NVML is not installed (libnvidia-ml.so.1 not found)"),
    Metric(name="ram_bytes", unit="B", method="resident size of the process"),
    Metric(name="cpu_percent", unit="%", method="CPU time of the process; 100 % is one core kept busy"),
    Metric(name="machine_cpu_percent", unit="%", method="busy time of all cores over half a second"),
)


def step(
    node_id: str,
    node_type: str,
    start_s: float,
    length_s: float,
    *,
    title: str = "",
    vram_gb: tuple[float, float, float] | None = None,
    ram_gb: tuple[float, float, float] | None = None,
    **fields: object,
) -> Step:
    """One executed node. ``vram_gb`` and ``ram_gb`` are (start, max, end)."""
    end_s = start_s + length_s
    values: dict[str, object] = {
        "node_title": title or node_type,
        "start_s": start_s,
        "end_s": end_s,
        "exec_time": length_s,
        "self_time_s": length_s,
        "wall_time_s": length_s,
        "segments": (Segment("run", start_s, end_s),),
    }
    if vram_gb is not None:
        start, top, end = (int(value * GB) for value in vram_gb)
        values |= {"vram_start": start, "vram_max": top, "vram_end": end}
        values |= {"device_vram_max_bytes": top + int(1.9 * GB)}
    if ram_gb is not None:
        start, top, end = (int(value * GB) for value in ram_gb)
        values |= {"ram_start_bytes": start, "ram_max_bytes": top, "ram_end_bytes": end}
    return Step(node_id=node_id, node_type=node_type, **{**values, **fields})  # type: ignore[arg-type]


def cached(node_id: str, node_type: str, *, title: str = "", previous_s: float | None = None) -> Step:
    """A node whose result came from the cache."""
    return Step(
        node_id=node_id,
        node_type=node_type,
        node_title=title or node_type,
        status="cached",
        previous_exec_time_s=previous_s,
        previous_run_id=127 if previous_s is not None else None,
    )


def positioned(steps: Sequence[Step]) -> tuple[Step, ...]:
    """``steps`` numbered in the order they stand in."""
    return tuple(replace(one, position=position) for position, one in enumerate(steps))


def curve(
    points: Sequence[tuple[float, float]], total_s: float, count: int, *, noise: float = 0.0, seed: int = 1
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """``count`` readings over ``total_s`` along straight lines between ``points``."""
    chance = random.Random(seed)
    times, values = [], []
    index = 0
    for number in range(count):
        t_s = total_s * number / max(1, count - 1)
        while index + 2 < len(points) and points[index + 1][0] <= t_s:
            index += 1
        (t0, v0), (t1, v1) = points[index], points[min(index + 1, len(points) - 1)]
        share = 0.0 if t1 <= t0 else min(1.0, max(0.0, (t_s - t0) / (t1 - t0)))
        times.append(t_s)
        values.append(max(0.0, v0 + (v1 - v0) * share + chance.uniform(-noise, noise)))
    return tuple(times), tuple(values)


def along(points: Sequence[tuple[float, float]], t_s: float) -> float:
    """The value at ``t_s`` on straight lines between ``points``."""
    for (t0, v0), (t1, v1) in itertools.pairwise(points):
        if t0 <= t_s <= t1 and t1 > t0:
            return v0 + (v1 - v0) * (t_s - t0) / (t1 - t0)
    return points[-1][1] if t_s > points[-1][0] else points[0][1]


def series(
    metric: str,
    unit: str,
    points: Sequence[tuple[float, float]],
    total_s: float,
    count: int,
    *,
    noise: float = 0.0,
    device: str | None = None,
    scale: float = 1.0,
    seed: int = 1,
) -> Series:
    """A made-up curve; ``scale`` multiplies the values (``GB`` for memory)."""
    times, values = curve(points, total_s, count, noise=noise, seed=seed)
    return Series(
        metric=metric, unit=unit, device=device, t_s=times, value=tuple(value * scale for value in values)
    )
