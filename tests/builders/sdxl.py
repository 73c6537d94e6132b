"""A text-to-image run, on a GPU and without one."""

from __future__ import annotations

from dataclasses import replace

from engine.model import Group, Overhead, Run

from .parts import CPU_METRICS, GB, GPU_METRICS, RTX_4090, TIMESTAMP, along, positioned, series, step


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
            begins = [round(t_s + length - 0.79 * number, 6) for number in range(29, 0, -1)]
            fields["sampler_step_spans"] = tuple((begin_s, round(begin_s + 0.79, 6)) for begin_s in begins)
        if kind in ("UNETLoader", "DualCLIPLoader"):
            fields["load_time_s"] = length * 0.93
            fields["load_spans"] = ((t_s + length * 0.05, t_s + length * 0.98),)
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
