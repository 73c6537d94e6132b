"""Runs of any number of nodes and any length."""

from __future__ import annotations

import random
from dataclasses import replace

from engine.model import Overhead, Run

from .parts import GB, GPU_METRICS, RTX_4090, TIMESTAMP, positioned, series, step
from .sdxl import sdxl_run


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
    return replace(
        chain_run(40, 7203.0, samples=36_000, seed=11),
        name="video upscale",
        settings=replace(sdxl_run().settings, interval_ms=200),
    )
