"""The interactive timeline's data, and its modules as one script."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from engine.model import Device, Event, Group, Run, Segment, Series, Step
from engine.render.chart.theme import DARK
from engine.render.report import prepare
from engine.render.timeline import module_source, timeline_data


def _run() -> Run:
    return Run(
        timestamp="2026-01-01T00:00:00Z",
        status="success",
        total_time=4.0,
        steps=(
            Step(
                node_id="7:3",
                node_type="KSampler",
                node_title="Sample",
                exec_time=2.0,
                start_s=0.5,
                end_s=2.5,
                segments=(Segment("run", 0.5, 2.5),),
            ),
            Step(node_id="9", node_type="VAEDecode", status="cached"),
            Step(node_id="1", node_type="HolafProfilerStart", role="profiler", start_s=0.0, end_s=0.1),
        ),
        series=(
            Series(metric="ram_bytes", unit="B", t_s=(0.0, 1.0), value=(1.0, 3.0)),
            Series(metric="vram_bytes", unit="B", t_s=(0.0,), value=(8.0,), device="cuda:0"),
            Series(
                metric="gpu_load_percent",
                unit="%",
                t_s=(1.0,),
                value=(50.0,),
                start_s=(0.25,),
                device="cuda:0",
            ),
        ),
        devices=(Device(key="cuda:0", name="GPU", memory_total_bytes=16),),
        groups=(Group(name="Samplers", color="#112233", members=("7:3",)),),
        workflow={"nodes": [{"id": 7, "title": "Upscale"}]},
    )


def test_nodes_lanes_groups_and_subgraphs_are_there_and_the_profilers_own_are_not() -> None:
    data = timeline_data(prepare(_run()))
    assert data["duration_s"] == 4.0
    sample, cached = data["nodes"]
    assert (sample["id"], sample["title"], sample["groups"]) == ("7:3", "Sample", ["Samplers"])
    assert sample["colors"] == ["#112233"]
    assert sample["segments"] == [["run", 0.5, 2.5]]
    assert (cached["status"], cached["start_s"], cached["segments"]) == ("cached", None, [])
    assert data["subgraphs"] == {"7": "Upscale"}
    assert data["groups"] == {"Samplers": "#112233"}
    assert [(lane["name"], lane["capacity"]) for lane in data["lanes"]] == [
        ("VRAM", 16),
        ("RAM", None),
        ("GPU load", None),
    ]
    assert [lane["dark"] for lane in data["lanes"]] == [DARK.vram, DARK.ram, DARK.gpu], "as in the picture"
    ram = data["lanes"][1]["series"][0]
    assert (ram["t_s"], ram["value"], ram["most"]) == ([0.0, 1.0], [1.0, 3.0], 3.0)
    assert data["lanes"][2]["series"][0]["t_s"] == [0.25], "an average begins where its interval does"
    json.dumps(data, allow_nan=False)


def test_a_run_without_anything_measured_still_has_its_shape() -> None:
    data = timeline_data(prepare(Run(timestamp="2026-01-01T00:00:00Z")))
    assert data == {"duration_s": 0.0, "nodes": [], "groups": {}, "subgraphs": {}, "lanes": [], "events": []}


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_modules_make_one_script_that_needs_no_other_file(tmp_path: Path) -> None:
    source = module_source()
    assert "\nimport " not in source
    assert "</script" not in source
    file = tmp_path / "timeline.mjs"
    file.write_text(
        source + "\nif (typeof createTimeline !== 'function') process.exit(1);\n", encoding="utf-8"
    )
    subprocess.run(["node", str(file)], check=True, timeout=60)


def test_events_are_handed_on_with_their_time() -> None:
    run = replace(_run(), events=(Event(t_s=1.5, text="scene 2", source="node", node_id="12"),))
    assert timeline_data(prepare(run))["events"] == [{"t_s": 1.5, "text": "scene 2", "node_id": "12"}]
