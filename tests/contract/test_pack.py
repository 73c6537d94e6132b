"""The pack as ComfyUI loads it: without a warning, without heavy libraries, with the designed nodes."""

from __future__ import annotations

import re

import pytest

from tests.comfyui.pack import PACK_FOLDER
from tests.comfyui.scenes import Scene
from tests.comfyui.server import Server
from tests.contract.conftest import Profiler

# input name -> (type, default); an input whose default the design leaves open has None
NODES = {
    "HolafProfilerStart": {
        "display": "Profiler Start",
        "inputs": {
            "run_name": ("STRING", ""),
            "comment": ("STRING", ""),
            "interval_ms": ("INT", 50),
            "timing": (["precise", "light"], "precise"),
            "cache": (["keep", "re-run", "cold"], "keep"),
            "on_mismatch": (["warn", "block", "ignore"], "warn"),
            "enabled": ("BOOLEAN", True),
        },
        "outputs": ["profiler"],
    },
    "HolafProfilerGroup": {
        "display": "Profiler Group",
        "inputs": {
            "name": ("STRING", ""),
            "color": ("STRING", None),
            "description": ("STRING", ""),
            "members": ("STRING", ""),
            "canvas_group": ("STRING", ""),
            "profiler": ("HOLAF_PROFILER", None),
        },
        "outputs": ["group"],
    },
    "HolafProfilerReport": {
        "display": "Profiler Report",
        "inputs": {
            "profiler": ("HOLAF_PROFILER", None),
            "groups": ("COMFY_AUTOGROW_V3", None),
            "images": ("IMAGE", None),
            "title": ("STRING", ""),
            "sort_by": (None, None),
            "top_n": ("INT", None),
            "theme": (["auto", "dark", "light"], "auto"),
            "save": ("BOOLEAN", False),
            "filename_prefix": ("STRING", None),
            "formats": ("STRING", None),
        },
        "outputs": ["chart", "table", "run_id"],
    },
    "HolafProfilerCompare": {
        "display": "Profiler Compare",
        "inputs": {
            "profiler": ("HOLAF_PROFILER", None),
            "baseline": ("STRING", "previous"),
            "candidate": ("STRING", "this run"),
            "theme": (["auto", "dark", "light"], "auto"),
        },
        "outputs": ["chart", "table", "verdict"],
    },
    "HolafProfilerTrend": {
        "display": "Profiler Trend",
        "inputs": {
            "profiler": ("HOLAF_PROFILER", None),
            "what": ("STRING", "total"),
            "metric": (["time", "vram", "ram", "energy", "frame time"], "time"),
            "last": ("INT", 100),
            "theme": (["auto", "dark", "light"], "auto"),
            "forecast": ("STRING", None),
        },
        "outputs": ["chart", "table"],
    },
    "HolafProfilerEvent": {
        "display": "Profiler Event",
        "inputs": {"text": ("STRING", ""), "after": ("*", None)},
        "outputs": [],
    },
    "HolafProfilerBudget": {
        "display": "Profiler Budget",
        "inputs": {
            "profiler": ("HOLAF_PROFILER", None),
            "limits": ("STRING", None),
            "on_excess": (["warn", "fail"], "warn"),
        },
        "outputs": ["passed", "report"],
    },
}


@pytest.mark.parametrize("node_type", NODES)
def test_node_has_the_designed_shape(comfyui: Server, node_type: str) -> None:
    designed = NODES[node_type]
    found = comfyui.client.object_info(node_type)
    assert found is not None
    assert found["display_name"] == designed["display"]
    assert found["category"] == "utils/profiler"
    assert found["description"]
    assert found["output_name"] == designed["outputs"]
    inputs = {**found["input"].get("required", {}), **found["input"].get("optional", {})}
    for name, (kind, default) in designed["inputs"].items():
        spec, options = inputs[name][0], inputs[name][1]
        if isinstance(kind, list):
            assert (spec if isinstance(spec, list) else options["options"]) == kind, name
        elif kind is not None:
            assert spec == kind, name
        if default is not None:
            assert options["default"] == default, name
        assert options.get("tooltip"), f"{name} has no tooltip"


def test_report_is_the_output_node(comfyui: Server) -> None:
    assert comfyui.client.object_info("HolafProfilerReport")["output_node"] is True
    assert comfyui.client.object_info("HolafProfilerStart")["output_node"] is False
    assert comfyui.client.object_info("HolafProfilerGroup")["output_node"] is False


def test_start_up_says_nothing_bad(comfyui: Server) -> None:
    log = comfyui.log_text().split("To see the GUI go to")[0]
    assert re.search(rf"seconds: .*{PACK_FOLDER}", log), log
    about_us = [line for line in log.splitlines() if "rofiler" in line]
    assert not [line for line in about_us if "WARNING" in line or "ERROR" in line or "FAILED" in line]
    assert not comfyui.pack_tracebacks(start_up_only=True)


def test_start_up_and_unprofiled_runs_load_no_drawing_library(start_comfyui, fresh: str) -> None:
    server = start_comfyui()
    scene = Scene()
    scene.show(scene.add("Modules", value="matplotlib,tabulate,torch"), id="show")
    outcome = server.client.run(scene.prompt)
    assert outcome.outputs["show"]["text"] == ["torch"]


def test_nothing_is_written_into_the_packs_folder(profiler: Profiler, fresh: str) -> None:
    scene = Scene()
    scene.start()
    scene.show(scene.add("Pass", value=fresh))
    scene.report(save=True)
    profiler.run(scene)
    folder = profiler.server.base / "custom_nodes" / PACK_FOLDER
    found = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    assert {path for path in found if "__pycache__" not in path.parts} == profiler.server.pack_files


def test_the_frontend_gets_the_packs_files(comfyui: Server) -> None:
    client = comfyui.client
    scripts = [path for path in client.get("/extensions") if PACK_FOLDER in path]
    assert any(path.endswith("/extension.js") for path in scripts), scripts
    for node_type in NODES:
        status, _ = client.request("GET", f"/extensions/{PACK_FOLDER}/docs/{node_type}.md")
        assert status == 200, f"no help page for {node_type}"
    translations = client.get("/i18n")["en"]
    assert set(NODES) <= set(translations["nodeDefs"])
    templates = client.get("/workflow_templates")[PACK_FOLDER]
    for name in templates:
        status, _ = client.request(
            "GET", f"/api/workflow_templates/{PACK_FOLDER}/{name}.jpg".replace(" ", "%20")
        )
        assert status == 200, f"no thumbnail for {name}"
