"""What profiling costs a real sampler on a real GPU: off, light and precise taking turns."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.comfyui.scenes import diffusion
from tests.comfyui.server import Server
from tests.comfyui.tiny_model import CHECKPOINT
from tests.gpu.conftest import Compare

PAIRS = 20
VARIANTS = ("off", "light", "precise")
SLOWEST = 1.06


@pytest.fixture
def server(torch: Any, start_comfyui: Callable[..., Server], tmp_path: Path) -> Server:
    return start_comfyui(tmp_path / "gpu", cpu=False)


def sampler_seconds(server: Server, variant: str, seed: int) -> float:
    """One run of 20 sampler steps, by the time stamps of ComfyUI's own messages."""
    scene = diffusion(CHECKPOINT, size=256, steps=20, seed=seed)
    if variant != "off":
        scene.start(timing=variant)
    outcome = server.client.run(scene.prompt)
    assert outcome.status == "success"
    history: Any = server.client.history(outcome.prompt_id)
    stamps = {name: data["timestamp"] for name, data in history["status"]["messages"]}
    return float(stamps["execution_success"] - stamps["execution_start"]) / 1e3


def test_profiling_does_not_slow_a_sampler(server: Server, compare: Compare) -> None:
    seconds: dict[str, list[float]] = {variant: [] for variant in VARIANTS}
    for turn in range(-2, PAIRS):  # the first two load the model and warm up
        shift = turn % len(VARIANTS)
        for variant in VARIANTS[shift:] + VARIANTS[:shift]:
            taken = sampler_seconds(server, variant, seed=turn * len(VARIANTS) + VARIANTS.index(variant) + 10)
            if turn >= 0:
                seconds[variant].append(taken)
    for variant in VARIANTS[1:]:
        ratios = [mine / base for mine, base in zip(seconds[variant], seconds["off"], strict=True)]
        ratio = statistics.median(ratios)
        compare(f"time of a 20-step run, {variant} to off, {PAIRS} interleaved pairs", 1.0, ratio, "x")
        assert ratio <= SLOWEST
