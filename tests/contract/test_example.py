"""The example workflow is what ``make demo`` queues and what users open from the template browser."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from tests.comfyui.cache import REPOSITORY
from tests.comfyui.graph_format import to_prompt
from tests.contract.conftest import Profiler, read_profile

EXAMPLES = sorted((REPOSITORY / "example_workflows").glob("*.json"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs_and_reports(profiler: Profiler, path) -> None:
    workflow = json.loads(path.read_text(encoding="utf-8"))
    client = profiler.client
    prompt = to_prompt(workflow, client.object_info)
    outcome = client.run(prompt, workflow=workflow, timeout_s=300)
    profile = read_profile(client, outcome)
    assert profile.run["status"] == "success"
    assert profile.run["workflow_id"] == workflow["id"]
    ordinary = {node_id for node_id, node in prompt.items() if not node["class_type"].startswith("Holaf")}
    assert {node_id for node_id, step in profile.steps.items() if step["role"] == "node"} == ordinary
    # groups in the example show what groups can do: each must find its members
    named = {node["inputs"]["name"] for node in prompt.values() if node["class_type"] == "HolafProfilerGroup"}
    assert len(named) == 2
    assert all(profile.groups[name]["members"] for name in named)
    (report,) = [key for key, node in prompt.items() if node["class_type"] == "HolafProfilerReport"]
    saved = profile.outcome.outputs[report]["images"][0]
    assert saved["type"] == "output"
    picture = profiler.server.output / saved["subfolder"] / saved["filename"]
    with Image.open(picture) as image:
        assert json.loads(image.info["workflow"]) == workflow


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_has_a_thumbnail(path) -> None:
    with Image.open(path.with_suffix(".jpg")) as image:
        assert image.format == "JPEG"
        assert min(image.size) >= 300
