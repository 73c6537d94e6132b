"""What Report saves beside the images, and that it cannot leave the output folder."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from PIL import Image

from tests.comfyui.scenes import Scene
from tests.contract.conftest import Profiler


def work(fresh: str) -> Scene:
    scene = Scene()
    scene.start()
    scene.show(scene.add("Sleep", id="1", named="Sleeper", value=fresh, ms=30), id="2")
    return scene


def test_every_format_under_one_counter(profiler: Profiler, fresh: str) -> None:
    scene = work(fresh)
    picture = scene.add("Picture", id="3", seed=7, size=32)
    scene.report(
        save=True,
        filename_prefix="every/format",
        formats="txt, md, csv, json, html, trace",
        images=picture,
    )
    workflow = {"id": "saved", "nodes": [], "links": [], "version": 0.4}
    profile = profiler.run(scene, workflow=workflow)
    folder = profiler.server.output / "every"
    found = {path.name: path for path in folder.iterdir()}
    assert {name[: len("format_00001")] for name in found} == {"format_00001"}
    suffixes = {path.suffix for path in found.values()}
    assert {".png", ".txt", ".md", ".csv", ".json", ".html"} <= suffixes

    with Image.open(found["format_00001_profile.png"]) as report:
        told = report.info
    assert json.loads(told["workflow"]) == workflow
    assert json.loads(told["prompt"])["1"]["class_type"] == "ProfilerTestSleep"
    assert json.loads(told["holaf_profile"])["run_id"] == profile.run["id"]
    images = [path for name, path in found.items() if name.endswith(".png") and "_profile" not in name]
    assert len(images) == 1
    with Image.open(images[0]) as image:
        assert image.size == (32, 32)
        assert json.loads(image.info["holaf_profile"]) == json.loads(told["holaf_profile"])

    text = one(found, ".txt").read_text(encoding="utf-8")
    assert text.strip() in profile.report()["table"]
    rows = list(csv.DictReader(io.StringIO(one(found, ".csv").read_text(encoding="utf-8"))))
    assert float(next(row for row in rows if row["node_id"] == "1")["exec_time"]) == pytest.approx(
        profile.steps["1"]["exec_time"], rel=1e-3
    )
    trace = next(path for name, path in found.items() if "trace" in name)
    events = json.loads(trace.read_text(encoding="utf-8"))["traceEvents"]
    slices = [event for event in events if event["ph"] == "X" and "Sleeper" in event["name"]]
    assert sum(event["dur"] for event in slices) / 1e6 == pytest.approx(
        profile.steps["1"]["exec_time"], rel=1e-2
    )
    assert any(event["ph"] == "C" for event in events)
    assert "<script src" not in one(found, ".html").read_text(encoding="utf-8")


def one(found: dict[str, Path], suffix: str) -> Path:
    (path,) = [path for path in found.values() if path.suffix == suffix]
    return path


def test_a_second_save_takes_the_next_number(profiler: Profiler, fresh: str) -> None:
    scene = work(fresh)
    scene.report(save=True, filename_prefix="numbered")
    profiler.run(scene)
    profiler.run(scene)
    names = sorted(path.name for path in profiler.server.output.glob("numbered*_profile.png"))
    assert names == ["numbered_00001_profile.png", "numbered_00002_profile.png"]


@pytest.mark.parametrize(
    "prefix", ["../escaped", "/tmp/escaped", "a/../../escaped", "..\\..\\escaped", "x\0y", "C:\\escaped"]
)
def test_prefix_cannot_leave_the_output_folder(profiler: Profiler, fresh: str, prefix: str) -> None:
    scene = work(fresh)
    scene.report(save=True, filename_prefix=prefix, formats="txt")
    base = profiler.server.base
    outside_before = {path for path in base.rglob("*escaped*") if base / "output" not in path.parents}
    profile = profiler.run(scene)
    assert profile.outcome.status == "success"
    outside = {path for path in base.rglob("*escaped*") if base / "output" not in path.parents}
    assert outside == outside_before
    assert not Path("/tmp/escaped_00001_profile.png").exists()
    assert profile.report()["table"]


def test_symbolic_link_does_not_lead_out(profiler: Profiler, fresh: str, tmp_path: Path) -> None:
    (profiler.server.output / "link").symlink_to(tmp_path)
    scene = work(fresh)
    scene.report(save=True, filename_prefix="link/out")
    assert profiler.run(scene).outcome.status == "success"
    assert not list(tmp_path.iterdir())


SECRET = "sk-" + "1a2B3c4D5e6F" * 4


@pytest.mark.parametrize("kept", ["whole", "without secrets", "no"])
def test_the_workflow_is_kept_as_the_setting_says(profiler: Profiler, fresh: str, kept: str) -> None:
    scene = Scene()
    scene.start()
    words = {"api_key": SECRET, "password": "hunter2", "text": "harmless"}
    scene.show(scene.add("Secret", id="1", value=fresh, **words))
    prefix = f"kept {kept}/run"
    scene.report(save=True, filename_prefix=prefix, formats="txt, md, csv, json, html, trace")
    node = {"id": 1, "type": "ProfilerTestSecret", "widgets_values": [fresh, SECRET, "plain", "harmless"]}
    graph = {"id": fresh, "nodes": [node], "links": [], "version": 0.4}
    settings = "/holaf/profiler/settings"
    assert profiler.client.request("PUT", settings, {"keep_workflows": kept})[0] == 200
    try:
        profile = profiler.run(scene, workflow=graph)
    finally:
        profiler.client.request("PUT", settings, {"keep_workflows": "whole"})
    found = {path.name: path for path in (profiler.server.output / f"kept {kept}").iterdir()}
    with Image.open(found["run_00001_profile.png"]) as picture:
        inside = {name: json.loads(text) for name, text in picture.info.items()}
    assert len(found) == 7
    for path in found.values():
        if path.suffix != ".png":
            written = path.read_text(encoding="utf-8")
            assert SECRET not in written, path.name
            assert "hunter2" not in written, path.name
    status, stored = profiler.client.request("GET", f"/holaf/profiler/runs/{profile.run['id']}/workflow")
    assert status == (404 if kept == "no" else 200)
    exported = json.loads(found["run_00001_profile.json"].read_text(encoding="utf-8"))["run"]
    if kept == "no":
        assert not {"prompt", "workflow"} & inside.keys()
        assert (exported["prompt"], exported["workflow"]) == (None, None)
        return
    for holder in (inside, stored):
        inputs = holder["prompt"]["1"]["inputs"]
        values = holder["workflow"]["nodes"][0]["widgets_values"]
        assert (inputs["text"], values[3]) == ("harmless", "harmless")
        assert (inputs["api_key"] == SECRET) is (values[1] == SECRET) is (kept == "whole")
        assert (inputs["password"] == "hunter2") is (kept == "whole")
    assert exported["prompt"]["1"]["inputs"]["text"] == "harmless"


def test_unknown_format_is_said_and_the_others_are_saved(profiler: Profiler, fresh: str) -> None:
    scene = work(fresh)
    scene.report(save=True, filename_prefix="some", formats="docx,, TXT ;json")
    profile = profiler.run(scene)
    assert "docx" in profile.report()["table"]
    assert list(profiler.server.output.glob("some*.txt"))
