"""Advice about how runs ended and what earlier ones say; and what all advice has in common."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from engine.analysis.advice import Thresholds, advise
from engine.analysis.leaks import Leak
from engine.analysis.trend_lines import Trend
from engine.analysis.trends import trends
from engine.model import (
    Group,
    ResidentModel,
    RunSettings,
    Step,
)
from tests.planted.trends import timed_workflow
from tests.unit.analysis.advice.runs import GB, kinds, node, run


def test_an_ordinary_run_needs_no_advice() -> None:
    quiet = run(node("1", "Sleep", 2.0), node("2", "Resize", 3.0, 2.0))
    assert advise(quiet) == ()
    assert advise(run()) == ()
    assert (
        advise(replace(quiet, total_time=None, devices=(), steps=(Step(node_id="1", node_type="X"),))) == ()
    )


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


def test_work_done_again_blames_no_seed() -> None:
    encode = node("6", "CLIPTextEncode", 1.2, inputs_hash="h")
    runs = [replace(run(encode), id=number) for number in (9, 8, 7)]
    assert "seed" not in kinds(runs[0], runs[1:])["text_encoded_again"].text


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
