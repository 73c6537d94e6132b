"""What is seen inside the nodes of a real ComfyUI, and that looking changes nothing."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Mapping
from typing import Any

import pytest

from engine.probes.kernels import SECONDS_MAX
from tests.comfyui.client import wait_for
from tests.comfyui.scenes import Scene, diffusion
from tests.comfyui.tiny_model import CHECKPOINT
from tests.contract.conftest import Profiler
from tests.contract.test_harmless import pixels

PRODUCTS = ("aten::mm", "aten::addmm", "aten::linear", "aten::bmm", "aten::baddbmm")


def inside(profiler: Profiler, run_id: int) -> Mapping[str, Any]:
    """What the history holds of the inside of a run."""
    found: Mapping[str, Any] = profiler.client.get(f"/holaf/profiler/runs/{run_id}/inside")
    return found


def functions_of(found: Mapping[str, Any], node_id: str) -> dict[str, float]:
    """Seconds by function name, each with what it called."""
    tree = next(
        tree for tree in found["stacks"]["trees"] if tree["node_id"] == node_id and not tree["thread"]
    )
    totals = list(tree["self_s"])
    for frame in range(len(totals) - 1, -1, -1):
        if tree["parents"][frame] >= 0:
            totals[tree["parents"][frame]] += totals[frame]
    names: dict[str, float] = {}
    for function, seconds in zip(tree["functions"], totals, strict=True):
        name = found["stacks"]["functions"][function][0].rpartition(".")[2]
        names[name] = max(names.get(name, 0.0), seconds)
    return names


def test_functions_owners_and_the_entry_of_a_node(profiler: Profiler, fresh: str) -> None:
    scene = Scene()
    scene.start()
    scene.show(scene.add("Sleep", id="1", value=fresh, ms=700), id="2")
    scene.report()
    profile = profiler.run(scene)
    found = inside(profiler, profile.run["id"])
    tree = next(tree for tree in found["stacks"]["trees"] if tree["node_id"] == "1")
    longest = max(range(len(tree["self_s"])), key=tree["self_s"].__getitem__)
    name, file, _, owner, _ = found["stacks"]["functions"][tree["functions"][longest]]
    assert name.rpartition(".")[2] == "run"
    assert tree["parents"][longest] == -1, "the stack begins at the node's own function"
    assert file.endswith("work.py")
    assert found["stacks"]["owners"][owner] == ["pack", "profiler-test-nodes"]
    assert 0.5 < sum(tree["self_s"]) <= profile.steps["1"]["exec_time"] + 1e-3
    assert profile.steps["1"]["foreign_time_s"] == 0.0
    assert "inside ProfilerTestSleep (#1)" in profile.report()["table"]
    assert profile.run["overhead"]["stack_count"] >= 8
    assert profile.run["overhead"]["stacks_s"] < 0.01 * profile.run["total_time"]
    assert {tree["node_id"] for tree in found["stacks"]["trees"]} <= {"1", "2"}


def test_an_asynchronous_node_and_a_node_with_threads(profiler: Profiler, fresh: str) -> None:
    scene = Scene()
    scene.start()
    scene.show(scene.add("AsyncSleep", id="1", value=fresh, ms=600), id="2")
    scene.show(scene.add("BusyCpu", id="3", value=fresh, ms=500, threads=2), id="4")
    scene.report()
    found = inside(profiler, profiler.run(scene).run["id"])
    assert "run" in functions_of(found, "1")
    assert "work" in functions_of(found, "3")
    threads = {(tree["node_id"], tree["thread"]) for tree in found["stacks"]["trees"] if tree["thread"]}
    assert any(node_id == "3" for node_id, _ in threads)


def test_off_looks_at_nothing(profiler: Profiler, fresh: str) -> None:
    scene = Scene()
    scene.start(inside="off")
    scene.show(scene.add("Sleep", id="1", value=fresh, ms=300))
    profile = profiler.run(scene)
    assert inside(profiler, profile.run["id"]) == {"stacks": None, "owner_times": [], "kernels": []}
    assert profile.steps["1"]["foreign_time_s"] is None


def test_status_names_the_function_a_node_is_stuck_in(profiler: Profiler, fresh: str) -> None:
    scene = Scene()
    scene.start()
    scene.show(scene.add("InterruptibleSleep", id="1", value=fresh, ms=4000))
    thread = threading.Thread(target=profiler.run, args=(scene,))
    thread.start()

    def stuck() -> Any:
        function = profiler.client.get("/holaf/profiler/status").get("function")
        return function if function and function["seconds"] > 1 else None

    found = wait_for(stuck, "the function", 20)
    thread.join()
    assert found["node_id"] == "1"
    assert found["name"].endswith("run")
    assert found["owner"] == "profiler-test-nodes"


@pytest.mark.any_version
def test_kernels_of_the_slowest_node_are_led_by_matrix_products_and_attention(profiler: Profiler) -> None:
    plain = diffusion(CHECKPOINT, seed=3, size=512, steps=10)
    plain.start(inside="off", cache="re-run")
    profiler.run(plain)  # loads the model, which is slower than sampling
    expected = profiler.run(plain)
    assert expected.steps["5"]["exec_time"] == max(
        step["exec_time"] or 0 for step in expected.steps.values() if step["role"] == "node"
    )
    scene = diffusion(CHECKPOINT, seed=3, size=512, steps=10)
    scene.start(inside="kernels", cache="re-run")
    scene.report()
    profile = profiler.run(scene)
    (node,) = inside(profiler, profile.run["id"])["kernels"]
    assert node["node_id"] == "5"
    seconds = {operator["name"]: operator["self_cpu_s"] for operator in node["operators"]}
    # On a CPU attention is two batched matrix products, or one operator of torch.
    products = {name for name in seconds if name in PRODUCTS or "attention" in name}
    # Together: on a busy machine a single one may take less than copying what it works on.
    assert sum(seconds[name] for name in products) > max(seconds[name] for name in seconds.keys() - products)
    assert any(name in ("aten::bmm", "aten::baddbmm") or "attention" in name for name in products), products
    is_whole = node["exec_time"] < SECONDS_MAX  # a busy machine takes longer, and recording ends by itself
    assert (node["recorded_s"] is None) == is_whole, node["recorded_s"]
    assert node["operators"][0]["shapes"] == ""
    owners = {(entry["kind"], entry["owner"]) for entry in inside(profiler, profile.run["id"])["owner_times"]}
    assert owners <= {("core", "ComfyUI"), ("pack", "profiler-test-nodes"), ("gpu_wait", "GPU")}, owners
    assert node["usual_run_id"] == expected.run["id"]
    trace = profiler.client.get(f"/holaf/profiler/runs/{profile.run['id']}/kernels/5")
    assert b"traceEvents" in gzip.decompress(trace)
    assert ("times as long" if is_whole else "were recorded") in profile.report()["table"]
    assert any("left out of" in warning for warning in profile.run["warnings"])
    assert profile.run["inside"] == "kernels"
    assert profile.run["overhead"]["kernels_s"] > 0
    assert pixels(profiler.client, profile.outcome.outputs) == pixels(
        profiler.client, expected.outcome.outputs
    )


def test_kernels_of_a_group(profiler: Profiler) -> None:
    scene = diffusion(CHECKPOINT, seed=4)
    scene.start(inside="kernels", inside_group="decoding", inside_shapes=True, cache="re-run")
    scene.group("decoding", "VAEDecode")
    profile = profiler.run(scene)
    (node,) = inside(profiler, profile.run["id"])["kernels"]
    assert node["node_id"] == "6"
    assert {operator["shapes"] for operator in node["operators"] if "conv" in operator["name"]} - {""}


def test_exports_of_stacks_over_the_routes(profiler: Profiler, fresh: str) -> None:
    scene = Scene()
    scene.start()
    scene.show(scene.add("Sleep", id="1", value=fresh, ms=400))
    run_id = profiler.run(scene).run["id"]
    path = f"/holaf/profiler/runs/{run_id}/export"
    assert profiler.client.get(f"{path}/speedscope")["profiles"][0]["endValue"] > 0.2
    assert "ProfilerTestSleep #1;" in profiler.client.get(f"{path}/collapsed")
