"""Runs built by hand, with made-up but plausible numbers, for tests and for the gallery.

Every builder is deterministic. Nothing here is measured.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

from engine.model import (
    Device,
    Group,
    Metric,
    Overhead,
    Run,
    RunSettings,
    Segment,
    Series,
    Step,
    StepDevice,
)

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


def sdxl_run() -> Run:
    """A cold SDXL text-to-image run of 41.2 s on a 24 GB card, with groups."""
    # id, class, title, length, vram (start, max, end), ram
    rows: list[tuple[str, str, str, float, tuple[float, float, float], float]] = [
        ("12", "UNETLoader", "Load Diffusion Model", 6.9, (0.4, 12.3, 12.2), 14.2),
        ("11", "DualCLIPLoader", "Load CLIP", 2.6, (12.2, 14.1, 14.0), 17.8),
        ("10", "VAELoader", "Load VAE", 0.4, (14.0, 14.3, 14.2), 18.1),
        ("6", "CLIPTextEncode", "Positive prompt", 1.3, (14.2, 15.0, 14.3), 18.1),
        ("7", "CLIPTextEncode", "Negative prompt", 0.5, (14.3, 14.9, 14.3), 18.1),
        ("5", "EmptyLatentImage", "Empty Latent Image", 0.002, (14.3, 14.3, 14.3), 18.1),
        ("3", "KSampler", "KSampler", 24.6, (14.3, 16.9, 15.1), 16.4),
        ("8", "VAEDecode", "VAE Decode", 3.4, (15.1, 18.3, 14.6), 16.9),
        ("14", "ImageScaleBy", "Upscale Image", 0.7, (14.6, 14.9, 14.6), 17.4),
        ("9", "SaveImage", "Save Image", 0.75, (14.6, 14.6, 14.6), 17.6),
    ]
    ram: list[tuple[float, float]] = [
        (0, 6.2),
        (6.9, 14.2),
        (9.5, 17.8),
        (11.8, 18.1),
        (13.0, 16.4),
        (36.3, 16.4),
    ]
    ram += [(40, 17.4), (41.2, 17.6)]
    steps = []
    t_s = 0.01

    def ram_at(moment_s: float) -> float:
        return along(ram, moment_s)

    for node_id, kind, title, length, levels, ram_top in rows:
        fields: dict[str, object] = {"cpu_max": 92.0, "gpu_load_avg": 3.0, "gpu_load_max": 12.0}
        if kind == "KSampler":
            fields = {"gpu_load_avg": 97.6, "gpu_load_max": 100.0, "sampler_steps": 30, "cpu_max": 100.0}
            fields |= {"sampler_step_median_s": 0.79, "sampler_step_spread_s": 0.02}
        if kind in ("UNETLoader", "DualCLIPLoader"):
            fields["load_time_s"] = length * 0.93
        steps.append(
            step(
                node_id,
                kind,
                t_s,
                length,
                title=title,
                vram_gb=levels,
                ram_gb=(ram_at(t_s), max(ram_top, ram_at(t_s), ram_at(t_s + length)), ram_at(t_s + length)),
                **fields,
            )
        )
        t_s += length + 0.004
    total_s = 41.2
    vram = [(0.0, 0.4), (4.8, 12.2), (6.9, 12.2), (8.8, 14.1), (9.6, 14.0), (10.0, 14.2), (10.9, 15.0)]
    vram += [(11.3, 14.3), (11.6, 14.9), (11.8, 14.3), (29.0, 16.9), (36.3, 15.1), (38.6, 18.3), (39.7, 14.6)]
    vram += [(41.2, 14.6)]
    device = [(time, value + 1.9) for time, value in vram]
    ram = [
        (0, 6.2),
        (6.9, 14.2),
        (9.5, 17.8),
        (11.8, 18.1),
        (13.0, 16.4),
        (36.3, 16.4),
        (40, 17.4),
        (41.2, 17.6),
    ]
    gpu = [(0.0, 4.0), (9.8, 3.0), (10.1, 62.0), (11.6, 66.0), (12.1, 99.0), (36.4, 99.0), (36.6, 93.0)]
    gpu += [(39.6, 92.0), (40.0, 14.0), (41.2, 0.0)]
    cpu = [
        (0, 58),
        (0.3, 88),
        (9.8, 88),
        (10.1, 16),
        (36.4, 14),
        (39.6, 15),
        (39.9, 62),
        (41.0, 60),
        (41.2, 25),
    ]
    count = 824
    return Run(
        id=128,
        name="sdxl portrait",
        timestamp=TIMESTAMP,
        status="success",
        total_time=total_s,
        cold=True,
        snapshot_match="match",
        steps=positioned(steps),
        series=(
            series("vram_bytes", "B", vram, total_s, count, device="cuda:0", scale=GB, noise=0.03),
            series("device_vram_bytes", "B", device, total_s, count, device="cuda:0", scale=GB, noise=0.02),
            series("gpu_load_percent", "%", gpu, total_s, count, device="cuda:0", noise=2.5, seed=2),
            series("machine_cpu_percent", "%", cpu, total_s, 82, noise=6.0, seed=3),
            series("ram_bytes", "B", ram, total_s, count, scale=GB, noise=0.02),
        ),
        devices=(RTX_4090,),
        metrics=GPU_METRICS,
        groups=sdxl_groups(),
        environment={
            "comfyui.version": "0.30.0",
            "torch.version": "2.11.0+cu130",
            "python.version": "3.11.9",
        },
        overhead=Overhead(
            boundary_s=0.004,
            boundary_count=20,
            sync_s=0.011,
            sampler_s=0.016,
            sample_count=824,
            sample_interval_median_s=0.0502,
            sample_interval_p95_s=0.0561,
        ),
    )


def sdxl_groups() -> tuple[Group, ...]:
    """Four groups that cover :func:`sdxl_run`."""
    return (
        Group(name="Sampling", color="#E69F00", members=("3",), patterns=("KSampler",)),
        Group(name="Loaders", color="#56B4E9", members=("12", "11", "10"), patterns=("*Loader",)),
        Group(name="Decode & save", color="#CC79A7", members=("8", "9"), patterns=("8", "9")),
        Group(name="Prompt", color="#009E73", members=("6", "7"), patterns=("* prompt",)),
    )


def cpu_only_run() -> Run:
    """A small run on a machine without a GPU."""
    rows = [
        ("1", "UNETLoader", "Load Diffusion Model", 0.42, (1.1, 1.4, 1.3)),
        ("2", "VAELoader", "Load VAE", 0.08, (1.3, 1.4, 1.4)),
        ("3", "KSampler", "KSampler", 7.9, (1.4, 3.2, 2.6)),
        ("4", "VAEDecode", "VAE Decode", 2.2, (2.6, 4.1, 2.7)),
        ("5", "SaveImage", "Save Image", 0.31, (2.7, 2.8, 2.7)),
    ]
    steps, t_s = [], 0.0
    for node_id, kind, title, length, ram in rows:
        steps.append(step(node_id, kind, t_s, length, title=title, ram_gb=ram))
        t_s += length + 0.001
    ram_points = [(0, 1.1), (0.5, 1.4), (4, 3.2), (8.3, 2.7), (9.6, 4.1), (10.4, 2.7), (10.92, 2.7)]
    return Run(
        id=7,
        name="",
        timestamp=TIMESTAMP,
        status="success",
        total_time=10.92,
        cold=False,
        steps=positioned(steps),
        series=(
            series("ram_bytes", "B", ram_points, 10.92, 218, scale=GB, noise=0.01),
            series(
                "machine_cpu_percent", "%", [(0, 30), (0.5, 96), (10.5, 97), (10.92, 40)], 10.92, 22, noise=3
            ),
            series(
                "cpu_percent", "%", [(0, 60), (0.5, 760), (10.5, 780), (10.92, 100)], 10.92, 218, noise=20
            ),
        ),
        metrics=CPU_METRICS,
        settings=replace(sdxl_run().settings, timing="light"),
        overhead=Overhead(boundary_s=0.0006, boundary_count=10, sampler_s=0.006, sample_count=218),
    )


def chain_run(count: int, total_s: float, *, samples: int | None = None, seed: int = 5) -> Run:
    """``count`` nodes of a dozen types one after another in ``total_s`` seconds."""
    chance = random.Random(seed)
    kinds = [
        "UNETLoader",
        "CLIPTextEncode",
        "KSampler",
        "VAEDecode",
        "ImageScaleBy",
        "ControlNetApplyAdvanced",
    ]
    kinds += [
        "LoraLoader",
        "ImageBlend",
        "MaskToImage",
        "SaveImage",
        "UpscaleModelLoader",
        "IPAdapterAdvanced",
    ]
    weights = [chance.paretovariate(1.1) for _ in range(count)]
    scale = total_s * 0.985 / sum(weights)
    gap = total_s * 0.015 / (count + 1)
    steps, t_s, vram, points = [], gap, 0.5, [(0.0, 0.5)]
    for number, weight in enumerate(weights):
        kind = kinds[number % len(kinds)]
        length = weight * scale
        after = max(0.4, min(15.0, vram + chance.uniform(-2.5, 2.9)))
        top = min(23.0, max(vram, after) + chance.uniform(0.0, 2.5))
        points += [(t_s, vram), (t_s + length / 2, top), (t_s + length, after)]
        steps.append(
            step(
                str(number + 1),
                kind,
                t_s,
                length,
                vram_gb=(vram, top, after),
                ram_gb=(
                    8 + 4.5 * t_s / total_s,
                    8.4 + 4.5 * (t_s + length) / total_s,
                    8 + 4.5 * (t_s + length) / total_s,
                ),
            )
        )
        vram, t_s = after, t_s + length + gap
    readings = samples if samples is not None else max(1, min(200_000, int(total_s / 0.05)))
    each = max(1, readings // 4)
    return Run(
        id=count,
        name=f"{count} nodes",
        timestamp=TIMESTAMP,
        status="success",
        total_time=total_s,
        cold=False,
        steps=positioned(steps),
        series=(
            series("vram_bytes", "B", points, total_s, each, device="cuda:0", scale=GB, noise=0.1),
            series(
                "gpu_load_percent", "%", [(0, 60), (total_s, 82)], total_s, each, device="cuda:0", noise=18
            ),
            series("machine_cpu_percent", "%", [(0, 30), (total_s, 20)], total_s, each, noise=12, seed=9),
            series("ram_bytes", "B", [(0, 8), (total_s, 12.5)], total_s, each, scale=GB, noise=0.05),
        ),
        devices=(RTX_4090,),
        metrics=GPU_METRICS,
        overhead=Overhead(boundary_s=count * 30e-6, sync_s=count * 12e-6, sampler_s=readings * 9e-6),
    )


def one_node_run() -> Run:
    """A single node of 1.9 s."""
    return replace(chain_run(1, 1.9), name="", groups=())


def tiny_run() -> Run:
    """Twelve nodes in 0.05 s: hardly a sample."""
    return replace(chain_run(12, 0.05, samples=4), name="trivial")


def long_run() -> Run:
    """A video workflow of 2 h with 40 nodes, 36,000 readings."""
    return replace(chain_run(40, 7203.0, samples=36_000, seed=11), name="video upscale", settings=_slow())


def async_run() -> Run:
    """Async nodes that overlap, one that waits for a lazy input, one that expands."""
    steps = [
        step("1", "LoadImage", 0.0, 0.4, ram_gb=(2.0, 2.1, 2.1)),
        Step(
            node_id="2",
            node_type="ApiImageNode",
            node_title="Remote upscaler",
            start_s=0.4,
            end_s=6.4,
            exec_time=6.0,
            self_time_s=0.02,
            wall_time_s=6.0,
            shared=True,
            segments=(Segment("run", 0.4, 0.42), Segment("async", 0.42, 6.4)),
        ),
        Step(
            node_id="3",
            node_type="ApiImageNode",
            node_title="Remote captioner",
            start_s=0.45,
            end_s=4.2,
            exec_time=3.75,
            self_time_s=0.01,
            wall_time_s=3.75,
            shared=True,
            segments=(Segment("run", 0.45, 0.46), Segment("async", 0.46, 4.2)),
        ),
        Step(
            node_id="4",
            node_type="LazySwitch",
            node_title="Switch",
            start_s=0.5,
            end_s=3.1,
            exec_time=0.1,
            self_time_s=0.1,
            wall_time_s=2.6,
            segments=(Segment("run", 0.5, 0.55), Segment("lazy", 0.55, 3.05), Segment("run", 3.05, 3.1)),
        ),
        step("5", "KSampler", 0.55, 2.5, ram_gb=(2.1, 3.0, 2.4), shared=True),
        Step(
            node_id="6",
            node_type="LoopOpen",
            node_title="For each tile",
            start_s=6.45,
            end_s=9.9,
            exec_time=0.05,
            self_time_s=0.05,
            wall_time_s=3.45,
            segments=(Segment("run", 6.45, 6.48), Segment("expand", 6.48, 9.88), Segment("run", 9.88, 9.9)),
        ),
        *(
            step(
                f"6.0.0.{tile + 1}",
                "VAEDecodeTiled",
                6.5 + tile * 1.12,
                1.1,
                title=f"Tile {tile + 1}",
                display_node_id="6",
                parent_node_id="6",
                ram_gb=(2.4, 3.4, 2.5),
            )
            for tile in range(3)
        ),
    ]
    total_s = 9.92
    return Run(
        id=31,
        name="async and lazy",
        timestamp=TIMESTAMP,
        status="success",
        total_time=total_s,
        steps=positioned(steps),
        series=(
            series(
                "ram_bytes", "B", [(0, 2), (3, 3), (6, 2.4), (9, 3.4), (9.92, 2.5)], total_s, 198, scale=GB
            ),
            series(
                "machine_cpu_percent", "%", [(0, 20), (3, 90), (3.2, 4), (6.4, 4), (6.6, 88)], total_s, 20
            ),
        ),
        metrics=CPU_METRICS,
        overhead=Overhead(boundary_s=0.001, sampler_s=0.004),
    )


def failed_run() -> Run:
    """Out of memory in the sampler after 12.3 s."""
    run = sdxl_run()
    steps = list(run.steps[:7])
    sampler = replace(steps[6], end_s=12.3, exec_time=0.5, self_time_s=0.5, wall_time_s=0.5, status="error")
    message = "CUDA out of memory. Tried to allocate 9.00 GiB. GPU 0 has a total capacity of 23.99 GiB"
    steps[6] = replace(
        sampler,
        segments=(Segment("run", sampler.start_s or 0.0, 12.3),),
        vram_max=int(23.1 * GB),
        error_type="torch.OutOfMemoryError",
        error_message=message,
    )
    return replace(
        run,
        id=129,
        status="failed",
        total_time=12.3,
        steps=tuple(steps),
        error_node_id="3",
        error_type="torch.OutOfMemoryError",
        error_message=message,
        series=tuple(cut(one, 12.3) for one in run.series),
    )


def cut(one: Series, end_s: float) -> Series:
    """``one`` up to ``end_s``."""
    count = sum(t_s <= end_s for t_s in one.t_s)
    return replace(one, t_s=one.t_s[:count], value=one.value[:count], start_s=one.start_s[:count])


def interrupted_run() -> Run:
    """Cancelled in the sampler after 21.7 s."""
    run = sdxl_run()
    steps = list(run.steps[:7])
    length = 21.7 - (steps[6].start_s or 0.0)
    steps[6] = replace(
        steps[6],
        end_s=21.7,
        exec_time=length,
        self_time_s=length,
        wall_time_s=length,
        status="interrupted",
        segments=(Segment("run", steps[6].start_s or 0.0, 21.7),),
    )
    return replace(
        run,
        id=130,
        status="interrupted",
        total_time=21.7,
        steps=tuple(steps),
        forced=True,
        snapshot_match="mismatch",
        series=tuple(cut(one, 21.7) for one in run.series),
    )


def all_cached_run() -> Run:
    """Every node came from the cache."""
    run = sdxl_run()
    steps = [
        cached(one.node_id, one.node_type, title=one.node_title, previous_s=one.exec_time)
        for one in run.steps
    ]
    return replace(run, id=131, total_time=0.012, steps=positioned(steps), series=(), cold=False)


def partly_cached_run() -> Run:
    """A second run with only the sampler's seed changed."""
    run = sdxl_run()
    kept = [
        cached(one.node_id, one.node_type, title=one.node_title, previous_s=one.exec_time)
        for one in run.steps[:6]
    ]
    shift = (run.steps[6].start_s or 0.0) - 0.01
    ran = [
        replace(
            one,
            start_s=(one.start_s or 0.0) - shift,
            end_s=(one.end_s or 0.0) - shift,
            segments=tuple(
                Segment(part.kind, part.start_s - shift, part.end_s - shift) for part in one.segments
            ),
        )
        for one in run.steps[6:]
    ]
    moved = []
    for one in run.series:
        kept_points = [
            (t_s - shift, value) for t_s, value in zip(one.t_s, one.value, strict=True) if t_s >= shift
        ]
        moved.append(
            replace(one, t_s=tuple(t for t, _ in kept_points), value=tuple(value for _, value in kept_points))
        )
    return replace(
        run,
        id=132,
        total_time=41.2 - shift,
        cold=False,
        steps=positioned([*kept, *ran]),
        series=tuple(moved),
        snapshot_match="no reference",
    )


def empty_run() -> Run:
    """A prompt in which nothing but the profiler ran."""
    return Run(id=1, timestamp=TIMESTAMP, status="success", total_time=0.003, metrics=CPU_METRICS)


def crashed_run() -> Run:
    """A host that was killed while the sampler ran."""
    run = sdxl_run()
    steps = list(run.steps[:7])
    steps[6] = replace(
        steps[6],
        end_s=None,
        exec_time=None,
        self_time_s=None,
        wall_time_s=None,
        status="running",
        segments=(),
    )
    return replace(
        run,
        id=133,
        status="crashed",
        total_time=None,
        steps=tuple(steps),
        running_node_id="3",
        series=tuple(cut(one, 20.0) for one in run.series),
    )


def two_gpu_run() -> Run:
    """The text encoder on a second card."""
    run = sdxl_run()
    steps = []
    for one in run.steps:
        second = 7.6 if one.node_type == "CLIPTextEncode" else 5.1 if one.position >= 2 else 0.2
        entries = (
            StepDevice(
                device="cuda:0", vram_start=one.vram_start, vram_max=one.vram_max, vram_end=one.vram_end
            ),
            StepDevice(device="cuda:1", vram_max=int(second * GB)),
        )
        steps.append(replace(one, devices=entries))
    points = [(0, 0.2), (7, 0.2), (9.5, 5.1), (10.5, 7.6), (11.5, 7.4), (12, 5.1), (41.2, 5.1)]
    extra = (
        series("vram_bytes", "B", points, 41.2, 824, device="cuda:1", scale=GB),
        series(
            "gpu_load_percent",
            "%",
            [(0, 0), (9.9, 0), (10, 88), (11.7, 90), (11.9, 0)],
            41.2,
            824,
            device="cuda:1",
        ),
    )
    return replace(
        run, id=134, devices=(RTX_4090, RTX_3060), steps=tuple(steps), series=(*run.series, *extra)
    )


def hostile_run() -> Run:
    """Titles that are long, foreign, empty, or code for something else."""
    titles = [
        "A very long title that somebody wrote to remember which of the seven loaders this was, v2 (copy)",
        "$\\frac{a}{b}$ costs $5_000",
        "<img src=x onerror=alert(1)>",
        "キーサンプラー(高解像度修正)",
        "😀🔥 Prompt ✨👩‍👩‍👧",
        "line one\nline two\ttabbed\x00\x1b[31m",
        "\u202egnp.exe KSampler",
        "",
        "مُعايِن العينات",
        "a_b^c {not} %s %(x)d \\n",
        "|markdown|table| `code` **bold**",
        '=HYPERLINK("http://x","y")',
    ]
    run = chain_run(12, 9.0, seed=3)
    steps = [replace(one, node_title=title) for one, title in zip(run.steps, titles, strict=True)]
    groups = (
        Group(name="無効な色 <b>", color="chartreuse-ish", members=("1", "2", "3"), patterns=("1", "2", "3")),
        Group(name="$x_1$ " + "long group name " * 6, color="#0af", members=("4", "3"), patterns=("4", "3")),
        Group(name="Nothing", color="#ff0000", patterns=("Nope*", "99"), unmatched=("Nope*", "99")),
    )
    warnings = (
        "The history could not be written: the disk is full. This report is complete,"
        " the run is not in the history.",
    )
    return replace(
        run, name="run $_{name}$ <script> " * 5, steps=tuple(steps), groups=groups, warnings=warnings
    )


def _slow() -> RunSettings:
    return replace(sdxl_run().settings, interval_ms=200)


RUNS: dict[str, Callable[[], Run]] = {
    "sdxl": cache(sdxl_run),
    "cpu_only": cache(cpu_only_run),
    "nodes_0001": cache(one_node_run),
    "nodes_0012": cache(lambda: chain_run(12, 31.0)),
    "nodes_0120": cache(lambda: chain_run(120, 95.0)),
    "nodes_1000": cache(lambda: chain_run(1000, 640.0)),
    "short_0.05s": cache(tiny_run),
    "long_2h": cache(long_run),
    "async": cache(async_run),
    "failed": cache(failed_run),
    "interrupted": cache(interrupted_run),
    "all_cached": cache(all_cached_run),
    "partly_cached": cache(partly_cached_run),
    "empty": cache(empty_run),
    "crashed": cache(crashed_run),
    "two_gpus": cache(two_gpu_run),
    "hostile": cache(hostile_run),
}
"""Every run of the gallery, by name; each is built once."""
