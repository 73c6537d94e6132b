"""First, do no harm: results do not change, nothing stays behind, nonsense is survived."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import pytest

from tests.comfyui.client import Client
from tests.comfyui.scenes import Scene, diffusion
from tests.comfyui.tiny_model import CHECKPOINT
from tests.contract.conftest import Profiler


def pixels(client: Client, outputs: Mapping[str, Any], node_id: str = "7") -> str:
    """A hash of the picture that a SaveImage saved, metadata left out."""
    import io

    from PIL import Image

    with Image.open(io.BytesIO(client.file(outputs[node_id]["images"][0]))) as image:
        return hashlib.sha256(image.tobytes()).hexdigest()


def test_the_picture_is_the_same_with_and_without_profiling(profiler: Profiler, start_comfyui) -> None:
    plain = diffusion(CHECKPOINT, seed=11)
    profiled = diffusion(CHECKPOINT, seed=11)
    profiled.start(cache="re-run")
    profiled.group("sampling", "KSampler")
    profiled.report()
    bare = start_comfyui(pack=False)
    expected = pixels(bare.client, bare.client.run(plain.prompt).outputs)
    assert pixels(profiler.client, profiler.run_plain(plain).outputs) == expected
    profile = profiler.run(profiled)
    assert pixels(profiler.client, profile.outcome.outputs) == expected
    sampler = profile.steps["5"]
    assert (sampler["status"], sampler["sampler_steps"]) == ("ok", 4)
    spans = sampler["sampler_step_spans"]
    assert 1 <= len(spans) <= 3, "when the first step that the host spoke of began, nobody knows"
    moments = [moment for span in spans for moment in span]
    assert sorted((sampler["start_s"], *moments, sampler["end_s"])) == [
        sampler["start_s"],
        *moments,
        sampler["end_s"],
    ]
    loads = [span for step in profile.steps.values() for span in step["load_spans"]]
    assert [span for span in loads if span[0] <= span[1]] == loads != []
    assert sampler["exec_time"] > 0
    assert (
        sum(step["exec_time"] for step in profile.steps.values() if step["role"] == "node")
        <= (profile.run["total_time"])
    )


def test_profiler_nodes_do_not_invalidate_the_cache(profiler: Profiler, fresh: str) -> None:
    scene = Scene()
    scene.show(scene.add("Pass", id="1", value=fresh), id="2")
    profiler.run_plain(scene)
    scene.start()
    scene.group("all", "*")
    scene.report()
    assert {profiler.run(scene).statuses()[node_id] for node_id in ("1", "2")} == {"cached"}
    for node_id in ("start", "group-all", "report"):
        del scene.prompt[node_id]
    again = profiler.run_plain(scene)
    assert set(again.events("execution_cached")[0]["nodes"]) == {"1", "2"}


def test_without_start_nothing_is_recorded_and_nothing_runs(profiler: Profiler, fresh: str) -> None:
    # first a profiled run, so that there is something that could have stayed
    profiled = Scene()
    profiled.start()
    profiled.show(profiled.add("Pass", value=fresh))
    profiler.run(profiled)
    before = profiler.run_count()
    for start in (None, {"enabled": False}):
        scene = Scene()
        if start is not None:
            scene.start(**start)
        scene.show(scene.add("Threads", value=fresh), id="show")
        outcome = profiler.run_plain(scene)
        threads = outcome.outputs["show"]["text"][0].splitlines()
        assert [name for name in threads if "holaf" in name.lower() and "sampler" in name.lower()] == []
    assert profiler.run_count() == before


ABSURD: dict[str, dict[str, Any]] = {
    "start": {
        "run_name": "x" * 100_000,
        "comment": "\x00\x1b[31m<img src=x onerror=alert(1)>\ud83d",
        "interval_ms": 10,
    },
    "group": {"name": "", "color": "#GGGGGG", "members": "*\n" * 2000, "description": "d" * 100_000},
    "report": {"title": "$\\frac{1}{0}$ & <b>_^{" * 200, "top_n": 100, "formats": "," * 5000},
}


@pytest.mark.parametrize("which", ABSURD)
def test_absurd_widget_values_leave_the_run_alone(profiler: Profiler, fresh: str, which: str) -> None:
    scene = Scene()
    scene.start(**(ABSURD["start"] if which == "start" else {}))
    group = {"name": "g", "members": "*"} | (ABSURD["group"] if which == "group" else {})
    scene.group(group.pop("name"), group.pop("members"), id="group", **group)
    scene.report(**(ABSURD["report"] if which == "report" else {}))
    scene.show(scene.add("Pass", id="1", value=fresh), id="2")
    profile = profiler.run(scene)
    assert profile.outcome.status == "success"
    assert profile.outcome.outputs["2"]["text"] == [fresh]
    assert profile.report()["run_id"] == profile.run["id"]


def test_deep_chain_and_many_nodes(profiler: Profiler, fresh: str) -> None:
    scene = Scene()
    scene.start()
    for chain in range(10):
        value: Any = f"{fresh} {chain}"
        for _ in range(20):
            value = scene.add("Pass", value=value)
        scene.show(value)
    scene.report()
    profile = profiler.run(scene)
    assert profile.outcome.status == "success"
    measured = [step for step in profile.steps.values() if step["role"] == "node"]
    assert len(measured) == 210
    assert all(step["status"] == "ok" for step in measured)
