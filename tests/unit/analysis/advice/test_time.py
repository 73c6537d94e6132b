"""Advice about time: loading, idling, sampling, other packs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.analysis.advice import advise
from engine.model import (
    Overhead,
    Segment,
    Series,
)
from tests.unit.analysis.advice.runs import kinds, node, run


def test_loading_that_dominates() -> None:
    loaded = run(node("1", "UNETLoader", 4.0, load_time_s=3.8), node("2", "KSampler", 6.0, 4.0))
    found = kinds(loaded)["model_loading"]
    assert found.node_ids == ("1",)
    assert found.evidence["load_time_s"] == 3.8
    assert "38 %" in found.text
    assert "model_loading" not in kinds(run(node("1", "UNETLoader", 0.5, load_time_s=0.5)))


def gpu_load(percent: float) -> Series:
    """A GPU that is as busy as that in each of ten seconds."""
    return Series(
        metric="gpu_load_percent",
        unit="%",
        device="cuda:0",
        t_s=tuple(float(second) for second in range(1, 11)),
        start_s=tuple(float(second) for second in range(10)),
        value=(percent,) * 10,
    )


def test_a_gpu_that_idles() -> None:
    steps = (node("1", "Slow", 9.0), node("2", "Quick", 1.0, 9.0))
    found = kinds(run(*steps, series=(gpu_load(10.0),)))["gpu_idle"]
    assert found.evidence["idle_share"] == pytest.approx(0.9)
    assert "Slow" in found.text
    assert "gpu_idle" not in kinds(run(*steps, series=(gpu_load(90.0),)))


def test_sampling_that_is_most_of_the_run() -> None:
    sampler = node("3", "KSampler", 8.0, sampler_steps=20, sampler_step_median_s=0.4)
    assert kinds(run(sampler))["sampling"].evidence["sampler_steps"] == 20
    assert "sampling" not in kinds(run(sampler, total_s=100.0))


def test_what_the_profiler_itself_costs() -> None:
    assert "profiler_cost" in kinds(run(node("1", "N"), overhead=Overhead(boundary_s=1.0, boundary_count=10)))
    assert "profiler_cost" not in kinds(run(node("1", "N"), overhead=Overhead(boundary_s=0.01)))
    waited_for_kernels = Overhead(boundary_s=0.01, sync_s=9.5)
    assert "profiler_cost" not in kinds(run(node("1", "N"), overhead=waited_for_kernels))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"cpu_seconds": 8.0}, "works on the CPU"),
        ({"cpu_seconds": 0.3}, "waits for the disk or the network"),
        ({}, "does not use it"),
        ({"cpu_seconds": 0.3, "segments": (Segment("async", 0.0, 8.5),)}, "online service"),
    ],
)
def test_why_the_gpu_idles_is_what_was_measured(fields: dict[str, Any], words: str) -> None:
    found = kinds(
        run(node("1", "Slow", 9.0, **fields), node("2", "Quick", 1.0, 9.0), series=(gpu_load(5.0),))
    )
    assert words in found["gpu_idle"].text


@pytest.mark.parametrize(
    "kind", ["WanVideoModelLoader", "DownloadAndLoadCogVideoModel", "HyVideoModelLoader", "UNETLoader"]
)
def test_loaders_of_video_models_load_models(kind: str) -> None:
    assert "model_loading" in kinds(run(node("1", kind, 6.0), node("2", "KSampler", 4.0, 6.0)))


@pytest.mark.parametrize("kind", ["LoadImage", "VHS_LoadVideo", "LoadAudio", "LoadLatent", "LoadImageMask"])
def test_loaders_of_pictures_do_not(kind: str) -> None:
    assert "model_loading" not in kinds(run(node("1", kind, 6.0), node("2", "KSampler", 4.0, 6.0)))


def test_no_second_is_offered_twice() -> None:
    again = node("1", "UNETLoader", 4.0, load_time_s=3.8, inputs_hash="h")
    runs = [replace(run(again, node("2", "KSampler", 6.0, 4.0)), id=number) for number in (9, 8, 7)]
    offers = [entry for entry in advise(runs[0], runs[1:]) if "1" in entry.node_ids and entry.saving_s]
    assert len(offers) == 1


def test_a_pack_that_takes_a_good_part_of_anothers_node() -> None:
    patched = node("6", "CLIPTextEncode", 41.0, foreign_time_s=38.0, foreign_pack="ComfyUI-ExtraModels")
    found = kinds(run(patched, total_s=50.0))["foreign_code"]
    assert (found.severity, found.node_ids, found.saving_s) == ("high", ("6",), 38.0)
    assert "41.0 s, of which 38.0 s are in code of ComfyUI-ExtraModels" in found.text
    for step in (
        replace(patched, foreign_time_s=2.0),
        replace(patched, exec_time=1.0, foreign_time_s=0.9),
        replace(patched, foreign_time_s=None, foreign_pack=None),
    ):
        assert "foreign_code" not in kinds(run(step, total_s=50.0))
