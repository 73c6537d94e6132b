"""Advice about GPU memory."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.analysis.advice import Thresholds, advise
from engine.model import (
    ResidentModel,
    Step,
)
from tests.unit.analysis.advice.runs import GB, kinds, node, run


@pytest.mark.parametrize(("peak_gb", "expected"), [(23.5, True), (20.0, False)])
def test_memory_that_is_nearly_full(peak_gb: float, expected: bool) -> None:
    found = kinds(run(node("1", "KSampler", 5.0, vram_max=int(peak_gb * GB))))
    assert ("memory_full" in found) is expected
    if expected:
        assert "KSampler" in found["memory_full"].text


def test_a_decoder_that_needs_more_than_all_others() -> None:
    steps = (node("1", "KSampler", 5.0, vram_max=12 * GB), node("2", "VAEDecode", 2.0, 5.0, vram_max=20 * GB))
    assert kinds(run(*steps))["decode_peak"].node_ids == ("2",)
    tiled = (steps[0], replace(steps[1], node_type="VAEDecodeTiled"))
    assert "decode_peak" not in kinds(run(*tiled))
    assert "decode_peak" not in kinds(run(replace(steps[0], vram_max=19 * GB), steps[1]))


def test_other_programs_on_the_gpu_are_told_only_of_a_cold_run() -> None:
    """Later, what the allocator keeps for itself looks like theirs."""
    steps = [
        node(str(n), "N", 1.0, n, vram_max=4 * GB, device_vram_max_bytes=(10 + n) * GB) for n in range(3)
    ]
    assert "gpu_shared" not in kinds(run(*steps, cold=False))
    assert kinds(run(*steps, cold=True))["gpu_shared"].evidence["others_bytes"] == 6 * GB
    steps[0] = replace(steps[0], device_vram_max_bytes=4 * GB)
    assert "gpu_shared" not in kinds(run(*steps, cold=True))


def test_memory_that_only_the_allocator_keeps_is_not_full() -> None:
    kept = node("1", "KSampler", 5.0, vram_max=8 * GB, device_vram_max_bytes=int(23.9 * GB))
    assert "memory_full" not in kinds(run(kept))
    filled = run(node("1", "KSampler", 5.0, vram_max=int(23.9 * GB)))
    assert "memory_full" in kinds(filled)
    assert "memory_full" not in kinds(replace(filled, environment={"host.dynamic_vram": "on"}))
    assert "memory_full" not in kinds(filled, (), None, Thresholds(vram_share=1.0))


def test_which_cards_a_run_fits() -> None:
    def text(peak_gb: float) -> str:
        found = advise(run(node("1", "KSampler", 5.0, vram_max=int(peak_gb * GB))))
        return next((entry.text for entry in found if entry.kind == "fits_cards"), "")

    assert text(13.2).endswith("It fits a 16 GB card and misses a 12 GB card by 1.8 GB.")
    assert text(6.0).endswith("It fits a 8 GB card.")
    assert text(30.0).endswith("It misses a 24 GB card by 6.6 GB.")
    assert text(0.2) == ""


def test_a_model_that_leaves_and_comes_back() -> None:
    def holding(node_id: str, position: int, *names: str) -> Step:
        models = tuple(
            ResidentModel(name=name, device="cuda:0", loaded_bytes=GB, total_bytes=GB) for name in names
        )
        return replace(node(node_id, "N", 1.0, position), position=position, models=models)

    swapped = run(holding("1", 0, "Flux"), holding("2", 1, "T5"), holding("3", 2, "Flux"))
    assert kinds(swapped)["models_swapped"].evidence["models"] == ["Flux"]
    kept = run(holding("1", 0, "Flux"), holding("2", 1, "Flux", "T5"), holding("3", 2, "T5"))
    assert "models_swapped" not in kinds(kept)


def test_long_videos_in_one_piece() -> None:
    prompt = {"5": {"class_type": "EmptyHunyuanLatentVideo", "inputs": {"width": 640, "length": 201}}}
    full = run(node("1", "KSampler", 5.0, vram_max=22 * GB), prompt=prompt)
    assert kinds(full)["long_video"].evidence["frames"] == 201
    assert "long_video" not in kinds(run(node("1", "KSampler", 5.0, vram_max=8 * GB), prompt=prompt))
    wired = {"5": {"class_type": "X", "inputs": {"length": ["3", 0]}}}
    assert "long_video" not in kinds(replace(full, prompt=wired))
