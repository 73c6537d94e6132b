"""Each rule speaks where its numbers say so, and is silent otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.analysis.advice import Advice, Thresholds, advise
from engine.analysis.leaks import Leak
from engine.analysis.trend_lines import Trend
from engine.analysis.trends import trends
from engine.model import (
    Device,
    Group,
    Overhead,
    ResidentModel,
    Run,
    RunSettings,
    Segment,
    Series,
    Step,
)
from tests.planted.trends import timed_workflow

GB = 1 << 30
GPU = Device(key="cuda:0", name="GPU", memory_total_bytes=24 * GB, primary=True)


def run(*steps: Step, total_s: float = 10.0, **fields: Any) -> Run:
    values: dict[str, Any] = {"timestamp": "2026", "id": 9, "status": "success", "total_time": total_s}
    return Run(**{**values, "devices": (GPU,), "steps": steps, **fields})


def node(node_id: str, node_type: str, exec_time: float = 1.0, start_s: float = 0.0, **fields: Any) -> Step:
    return Step(
        node_id=node_id,
        node_type=node_type,
        node_title=node_type,
        exec_time=exec_time,
        self_time_s=exec_time,
        start_s=start_s,
        end_s=start_s + exec_time,
        **fields,
    )


def kinds(*arguments: Any) -> dict[str, Advice]:
    """The advice by its kind, without what is said of nearly every run."""
    found = {entry.kind: entry for entry in advise(*arguments)}
    return {kind: entry for kind, entry in found.items() if kind != "fits_cards"}


def test_an_ordinary_run_needs_no_advice() -> None:
    quiet = run(node("1", "Sleep", 2.0), node("2", "Resize", 3.0, 2.0))
    assert advise(quiet) == ()
    assert advise(run()) == ()
    assert (
        advise(replace(quiet, total_time=None, devices=(), steps=(Step(node_id="1", node_type="X"),))) == ()
    )


def test_loading_that_dominates() -> None:
    loaded = run(node("1", "UNETLoader", 4.0, load_time_s=3.8), node("2", "KSampler", 6.0, 4.0))
    found = kinds(loaded)["model_loading"]
    assert found.node_ids == ("1",)
    assert found.evidence["load_time_s"] == 3.8
    assert "38 %" in found.text
    assert "model_loading" not in kinds(run(node("1", "UNETLoader", 0.5, load_time_s=0.5)))


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


def test_a_gpu_that_idles() -> None:
    load = Series(
        metric="gpu_load_percent",
        unit="%",
        device="cuda:0",
        t_s=tuple(float(second) for second in range(1, 11)),
        start_s=tuple(float(second) for second in range(10)),
        value=(10.0,) * 10,
    )
    steps = (node("1", "Slow", 9.0), node("2", "Quick", 1.0, 9.0))
    found = kinds(run(*steps, series=(load,)))["gpu_idle"]
    assert found.evidence["idle_share"] == pytest.approx(0.9)
    assert "Slow" in found.text
    assert "gpu_idle" not in kinds(run(*steps, series=(replace(load, value=(90.0,) * 10),)))


def test_other_programs_on_the_gpu_are_told_only_of_a_cold_run() -> None:
    """Later, what the allocator keeps for itself looks like theirs."""
    steps = [
        node(str(n), "N", 1.0, n, vram_max=4 * GB, device_vram_max_bytes=(10 + n) * GB) for n in range(3)
    ]
    assert "gpu_shared" not in kinds(run(*steps, cold=False))
    assert kinds(run(*steps, cold=True))["gpu_shared"].evidence["others_bytes"] == 6 * GB
    steps[0] = replace(steps[0], device_vram_max_bytes=4 * GB)
    assert "gpu_shared" not in kinds(run(*steps, cold=True))


def test_sampling_that_is_most_of_the_run() -> None:
    sampler = node("3", "KSampler", 8.0, sampler_steps=20, sampler_step_median_s=0.4)
    assert kinds(run(sampler))["sampling"].evidence["sampler_steps"] == 20
    assert "sampling" not in kinds(run(sampler, total_s=100.0))


def test_work_that_is_done_again_and_again() -> None:
    encode = node("6", "CLIPTextEncode", 1.2, inputs_hash="h")
    runs = [replace(run(encode), id=number) for number in (9, 8, 7)]
    found = kinds(runs[0], runs[1:])["text_encoded_again"]
    assert found.evidence["run_ids"] == [9, 8, 7]
    assert found.saving_s == 1.2
    changed = replace(runs[2], steps=(replace(encode, inputs_hash="other"),))
    assert kinds(runs[0], [runs[1], changed]) == {}
    from_cache = replace(runs[2], steps=(replace(encode, status="cached"),))
    assert kinds(runs[0], [runs[1], from_cache]) == {}
    on_purpose = replace(runs[0], settings=RunSettings(cache="re-run"))
    assert kinds(on_purpose, runs[1:]) == {}
    assert kinds(runs[0], runs[1:2]) == {}


def test_what_the_profiler_itself_costs() -> None:
    assert "profiler_cost" in kinds(run(node("1", "N"), overhead=Overhead(boundary_s=1.0, boundary_count=10)))
    assert "profiler_cost" not in kinds(run(node("1", "N"), overhead=Overhead(boundary_s=0.01)))


def trend(slope: float | None, change: float | None, count: int, certain: bool) -> Trend:
    return Trend(
        values=(1.0,) * count, median=1.0, slope_per_run=slope, change_share=change, is_certain=certain
    )


def test_trends_and_leaks_become_advice_the_leak_first() -> None:
    leak = Leak(
        kind="vram",
        node_id="4",
        node_type="T",
        node_title="Keeper",
        bytes_per_run=50e6,
        low=40e6,
        high=60e6,
        total_bytes=400e6,
        run_ids=tuple(range(8)),
    )
    nothing = trends(timed_workflow(np.zeros((1, 0))))
    found = replace(nothing, totals={"total_time": trend(0.5, 0.4, 8, True)}, leaks=(leak,))
    advice = advise(run(node("1", "N")), (), found)
    assert [entry.kind for entry in advice] == ["vram_leak", "slower"]
    assert "Keeper" in advice[0].text
    nobody = replace(found, leaks=(replace(leak, node_id=None, node_type=None, node_title=None),))
    blamed = advise(run(node("1", "N")), (), nobody)[0]
    assert blamed.node_ids == ()
    assert "cannot be told" in blamed.text
    unsure = replace(found, totals={"total_time": trend(0.5, 0.4, 8, False)}, leaks=())
    assert advise(run(node("1", "N")), (), unsure) == ()


def test_memory_that_only_the_allocator_keeps_is_not_full() -> None:
    kept = node("1", "KSampler", 5.0, vram_max=8 * GB, device_vram_max_bytes=int(23.9 * GB))
    assert "memory_full" not in kinds(run(kept))
    filled = run(node("1", "KSampler", 5.0, vram_max=int(23.9 * GB)))
    assert "memory_full" in kinds(filled)
    assert "memory_full" not in kinds(replace(filled, environment={"host.dynamic_vram": "on"}))
    assert "memory_full" not in kinds(filled, (), None, Thresholds(vram_share=1.0))


def test_work_done_again_blames_no_seed() -> None:
    encode = node("6", "CLIPTextEncode", 1.2, inputs_hash="h")
    runs = [replace(run(encode), id=number) for number in (9, 8, 7)]
    assert "seed" not in kinds(runs[0], runs[1:])["text_encoded_again"].text


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
    load = Series(
        metric="gpu_load_percent",
        unit="%",
        device="cuda:0",
        t_s=tuple(float(second) for second in range(1, 11)),
        start_s=tuple(float(second) for second in range(10)),
        value=(5.0,) * 10,
    )
    found = kinds(run(node("1", "Slow", 9.0, **fields), node("2", "Quick", 1.0, 9.0), series=(load,)))
    assert words in found["gpu_idle"].text


@pytest.mark.parametrize(
    "kind", ["WanVideoModelLoader", "DownloadAndLoadCogVideoModel", "HyVideoModelLoader", "UNETLoader"]
)
def test_loaders_of_video_models_load_models(kind: str) -> None:
    assert "model_loading" in kinds(run(node("1", kind, 6.0), node("2", "KSampler", 4.0, 6.0)))


@pytest.mark.parametrize("kind", ["LoadImage", "VHS_LoadVideo", "LoadAudio", "LoadLatent", "LoadImageMask"])
def test_loaders_of_pictures_do_not(kind: str) -> None:
    assert "model_loading" not in kinds(run(node("1", kind, 6.0), node("2", "KSampler", 4.0, 6.0)))


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


def test_out_of_memory_says_what_was_loaded_and_what_worked() -> None:
    def prompt(width: int) -> dict[str, Any]:
        return {"3": {"class_type": "KSampler", "inputs": {"width": width}}}

    model = ResidentModel(name="Flux", device="cuda:0", loaded_bytes=20 * GB, total_bytes=23 * GB)
    died = run(
        node("3", "KSampler", 5.0, models=(model,), status="error"),
        status="failed",
        error_node_id="3",
        error_type="OutOfMemoryError",
        error_message="Allocation on device",
        prompt=prompt(2048),
    )
    worked = replace(run(node("3", "KSampler", 5.0, vram_max=18 * GB), prompt=prompt(1024)), id=4)
    found = kinds(died, [worked])["out_of_memory"]
    assert found.run_id == 4
    assert "Flux (20.0 GB)" in found.text
    assert "Run 4 worked with a peak of 18.0 GB. Different since: KSampler: width 1024 -> 2048." in found.text
    assert "out_of_memory" not in kinds(replace(died, error_type="ValueError", error_message="no"))


def test_of_runs_that_worked_the_nearest_setting_is_named() -> None:
    def prompt(width: int) -> dict[str, Any]:
        return {"3": {"class_type": "EmptyLatentImage", "inputs": {"width": width, "height": 512}}}

    died = run(
        node("3", "KSampler", 5.0, status="error"),
        status="failed",
        error_node_id="3",
        error_type="OutOfMemoryError",
        prompt=prompt(2048),
    )
    earlier = [
        replace(run(node("3", "KSampler")), id=number, prompt=prompt(width))
        for number, width in ((8, 512), (7, 1536), (6, 1024))
    ]
    assert kinds(died, earlier)["out_of_memory"].run_id == 7


def test_a_failure_says_where_and_what_was_different_when_it_worked() -> None:
    def prompt(name: str) -> dict[str, Any]:
        return {"3": {"class_type": "LoadImage", "inputs": {"image": name}}}

    broken = run(
        node("3", "LoadImage", 0.1, status="error"),
        status="failed",
        error_node_id="3",
        error_type="FileNotFoundError",
        error_message="No such file: b.png\nTraceback ...",
        prompt=prompt("b.png"),
    )
    worked = replace(run(node("3", "LoadImage"), prompt=prompt("a.png")), id=4)
    found = kinds(broken, [worked])["failed"]
    assert found.text.startswith("LoadImage failed: No such file: b.png. Run 4 worked. Different since: ")
    assert "a.png" in found.text
    assert [(each.kind, each.run_id) for each in found.actions] == [
        ("select_nodes", None),
        ("compare_with", 4),
    ]
    assert kinds(broken)["failed"].run_id is None
    assert "failed" not in kinds(replace(broken, status="interrupted"))


def test_findings_carry_what_can_be_done_with_one_click() -> None:
    long = run(node("1", "Upscale", 80.0), node("2", "Other", 20.0, 80.0), total_s=100.0)
    found = kinds(long)["dominates"]
    assert [(each.kind, each.node_ids) for each in found.actions] == [
        ("select_nodes", ("1",)),
        ("add_to_group", ("1",)),
    ]
    grouped = replace(long, groups=(Group(name="g", color="#112233", members=("1", "2")),))
    assert [each.kind for each in kinds(grouped)["dominates"].actions] == ["select_nodes"]


def test_workflows_that_fail_often() -> None:
    nothing = trends(timed_workflow(np.zeros((1, 0))))
    quiet = replace(nothing, totals={"total_time": trend(None, None, 0, False)})
    again = replace(quiet, failed_in_a_row=3, finished_count=9, success_rate=0.6)
    assert "fails_again" in kinds(run(node("1", "N")), (), again)
    often = replace(again, failed_in_a_row=1)
    assert "often_fails" in kinds(run(node("1", "N")), (), often)
    assert kinds(run(node("1", "N")), (), replace(often, success_rate=0.9)) == {}
    assert kinds(run(node("1", "N")), (), replace(often, finished_count=3)) == {}


def test_long_runs_one_node_that_dominates_and_outputs() -> None:
    long = run(node("1", "Upscale", 80.0), node("2", "SaveImage", 20.0, 80.0), total_s=100.0)
    found = kinds(long)
    assert {"long_run", "dominates", "outputs_cost"} <= found.keys()
    assert found["dominates"].node_ids == ("1",)
    assert "long_run" not in kinds(long, (), None, Thresholds(long_run_s=300.0))


def test_long_videos_in_one_piece() -> None:
    prompt = {"5": {"class_type": "EmptyHunyuanLatentVideo", "inputs": {"width": 640, "length": 201}}}
    full = run(node("1", "KSampler", 5.0, vram_max=22 * GB), prompt=prompt)
    assert kinds(full)["long_video"].evidence["frames"] == 201
    assert "long_video" not in kinds(run(node("1", "KSampler", 5.0, vram_max=8 * GB), prompt=prompt))
    wired = {"5": {"class_type": "X", "inputs": {"length": ["3", 0]}}}
    assert "long_video" not in kinds(replace(full, prompt=wired))


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
