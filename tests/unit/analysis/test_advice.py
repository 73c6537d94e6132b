"""Each rule speaks where its numbers say so, and is silent otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.analysis.advice import Advice, advise
from engine.analysis.leaks import Leak
from engine.analysis.trends import Trend, trends
from engine.model import Device, Overhead, Run, RunSettings, Series, Step
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
    return {entry.kind: entry for entry in advise(*arguments)}


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


def test_other_programs_on_the_gpu() -> None:
    steps = [
        node(str(n), "N", 1.0, n, vram_max=4 * GB, device_vram_max_bytes=(10 + n) * GB) for n in range(3)
    ]
    assert kinds(run(*steps))["gpu_shared"].evidence["others_bytes"] == 6 * GB
    steps[0] = replace(steps[0], device_vram_max_bytes=4 * GB)
    assert "gpu_shared" not in kinds(run(*steps))


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
