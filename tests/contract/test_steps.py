"""Every way a node can live in ComfyUI's executor, recorded for what it was."""

from __future__ import annotations

import json

import pytest

from tests.comfyui.client import wait_for
from tests.comfyui.scenes import Scene
from tests.contract.conftest import Profiler, read_profile


def test_every_executed_node_is_measured(profiler: Profiler, fresh: str) -> None:
    scene = Scene()
    scene.start(run_name="sleepers", comment="two of them")
    first = scene.add("Sleep", id="1", named="First sleeper", value=fresh, ms=120)
    second = scene.add("Sleep", id="2", value=first, ms=40)
    scene.show(second, id="3")
    profile = profiler.run(scene, workflow={"id": "wf-sleepers", "nodes": [], "links": []})
    assert (profile.run["status"], profile.run["name"]) == ("success", "sleepers")
    assert profile.run["global_comment"] == "two of them"
    assert profile.run["workflow_id"] == "wf-sleepers"
    assert profile.statuses() == {"1": "ok", "2": "ok", "3": "ok"}
    first_step, second_step = profile.steps["1"], profile.steps["2"]
    assert first_step["node_title"] == "First sleeper"
    assert first_step["node_type"] == "ProfilerTestSleep"
    # a sleep never ends early; how late the machine wakes it is not ours to assert
    assert first_step["exec_time"] >= 0.120
    assert second_step["exec_time"] >= 0.040
    assert second_step["start_s"] >= first_step["end_s"]
    assert profile.run["total_time"] >= 0.160
    assert first_step["ram_start_bytes"] > 50e6
    assert first_step["ram_max_bytes"] >= first_step["ram_end_bytes"]
    assert 0 <= first_step["cpu_seconds"] < first_step["exec_time"]
    for name in ("vram_start", "vram_max", "gpu_load_max"):
        assert first_step[name] is None  # on a CPU: not measured, which is not 0


def test_a_second_run_is_cached_and_knows_the_first(profiler: Profiler, fresh: str) -> None:
    scene = Scene()
    scene.start()
    value = scene.add("Sleep", id="slow", value=fresh, ms=60)
    scene.show(scene.add("Always", id="always", value=value), id="show")
    first = profiler.run(scene)
    second = profiler.run(scene)
    assert first.statuses()["slow"] == "ok"
    assert second.statuses()["slow"] == "cached"
    assert second.statuses()["always"] == "ok"
    assert second.steps["slow"]["exec_time"] is None
    assert second.steps["slow"]["previous_exec_time_s"] == pytest.approx(first.steps["slow"]["exec_time"])
    assert second.steps["slow"]["previous_run_id"] == first.run["id"]


def test_lazy_input_is_waiting_and_not_work(profiler: Profiler, fresh: str) -> None:
    scene = Scene()
    scene.start()
    taken = scene.add("Sleep", id="taken", value=fresh, ms=150)
    not_taken = scene.add("Sleep", id="not taken", value=fresh + "!", ms=10)
    switch = scene.add("LazySwitch", id="switch", take_left=True, left=taken, right=not_taken)
    scene.show(switch)
    profile = profiler.run(scene)
    step = profile.steps["switch"]
    assert step["status"] == "ok"
    assert step["wall_time_s"] >= 0.150 > step["exec_time"]
    assert "lazy" in [kind for kind, _, _ in step["segments"]]
    assert profile.steps["taken"]["status"] == "ok"
    assert profile.steps.get("not taken", {"status": "skipped"})["status"] == "skipped"


def test_async_nodes_overlap(profiler: Profiler, fresh: str) -> None:
    scene = Scene()
    scene.start()
    one = scene.add("AsyncSleep", id="one", value=fresh, ms=200)
    two = scene.add("AsyncSleep", id="two", value=fresh + "!", ms=200)
    scene.show(scene.add("Both", value=one, other=two))
    profile = profiler.run(scene)
    first, second = profile.steps["one"], profile.steps["two"]
    assert first["exec_time"] >= 0.200
    assert second["exec_time"] >= 0.200
    assert max(first["start_s"], second["start_s"]) < min(first["end_s"], second["end_s"])
    assert first["shared"]
    assert second["shared"]
    assert "async" in [kind for kind, _, _ in first["segments"]]


def test_a_model_loaded_by_an_async_task_is_its_nodes(profiler: Profiler, fresh: str) -> None:
    scene = Scene()
    scene.start()
    loads = scene.add("AsyncLoad", id="loads", value=fresh, ms=50)
    sleeps = scene.add("AsyncSleep", id="sleeps", value=fresh + "!", ms=150)
    scene.show(scene.add("Both", value=loads, other=sleeps))
    profile = profiler.run(scene)
    assert 0 < profile.steps["loads"]["load_time_s"] < profile.steps["loads"]["exec_time"]
    assert not profile.steps["sleeps"]["load_time_s"]


def test_expanded_nodes_belong_to_their_parent(profiler: Profiler, fresh: str) -> None:
    scene = Scene()
    scene.start()
    scene.show(scene.add("Expand", id="7:3", value=fresh, count=3, ms=30))
    profile = profiler.run(scene)
    parent = profile.steps["7:3"]
    children = [step for step in profile.steps.values() if step["parent_node_id"] == "7:3"]
    assert len(children) == 3
    assert all(child["display_node_id"] == "7:3" and child["exec_time"] >= 0.030 for child in children)
    assert parent["wall_time_s"] >= 0.090 > parent["exec_time"]
    assert "expand" in [kind for kind, _, _ in parent["segments"]]


def test_list_mapped_node_is_one_step(profiler: Profiler, fresh: str) -> None:
    scene = Scene()
    scene.start()
    many = scene.add("MakeList", value=fresh, count=4)
    mapped = scene.add("Sleep", id="mapped", value=many, ms=20)
    scene.show(scene.add("Join", value=mapped))
    step = profiler.run(scene).steps["mapped"]
    assert step["list_count"] == 4
    assert step["exec_time"] >= 0.080


def test_blocked_nodes_are_not_called_measured(profiler: Profiler, fresh: str) -> None:
    scene = Scene()
    scene.start()
    blocked = scene.add("Block", id="block", value=fresh)
    scene.show(scene.add("Sleep", id="behind", value=blocked, ms=500))
    scene.show(scene.add("Pass", id="beside", value=fresh))
    profile = profiler.run(scene)
    assert profile.statuses()["block"] == "ok"
    assert profile.statuses()["beside"] == "ok"
    assert (profile.steps["behind"]["exec_time"] or 0) < 0.5


def test_failed_node_ends_the_run_as_failed(profiler: Profiler, fresh: str) -> None:
    scene = Scene()
    scene.start()
    good = scene.add("Sleep", id="good", value=fresh, ms=30)
    bad = scene.add("Fail", id="bad", value=good)
    scene.show(scene.add("Pass", id="never", value=bad))
    profile = profiler.run(scene)
    assert profile.outcome.status == "error"
    assert profile.outcome.events("execution_error")[0]["exception_message"].strip() == fresh
    assert profile.run["status"] == "failed"
    assert profile.run["error_node_id"] == "bad"
    assert fresh in profile.run["error_message"]
    assert "raise " in profile.steps["bad"]["error_traceback"].splitlines()[-1]
    statuses = profile.statuses()
    assert (statuses["good"], statuses["bad"]) == ("ok", "error")
    assert statuses.get("never", "skipped") == "skipped"


def test_cancel_during_a_node(profiler: Profiler, fresh: str) -> None:
    scene = Scene()
    scene.start()
    before = scene.add("Sleep", id="before", value=fresh, ms=20)
    scene.show(scene.add("InterruptibleSleep", id="long", value=before, ms=60_000))
    client = profiler.client
    with client.listen() as messages:
        prompt_id = client.queue(scene.prompt)
        for kind, data in messages(60):
            if kind == "executing" and data.get("node") == "long":
                break
        client.interrupt()
        outcome = client.wait(prompt_id)
    profile = read_profile(client, outcome)
    assert profile.run["status"] == "interrupted"
    assert profile.statuses()["before"] == "ok"
    assert profile.statuses()["long"] == "interrupted"


def test_inputs_are_kept_without_secrets(profiler: Profiler, fresh: str) -> None:
    scene = Scene()
    scene.start()
    value = scene.add("Pass", id="source", value=fresh)
    long_text = "word " * 4000
    scene.show(
        scene.add("Secret", id="it", value=value, api_key="sk-hidden", password="swordfish", text=long_text)
    )
    profile = profiler.run(scene)
    text = profile.steps["it"]["inputs_json"]
    text = text if isinstance(text, str) else json.dumps(text)
    inputs = json.loads(text)
    assert "sk-hidden" not in text
    assert "swordfish" not in text
    assert {"value", "api_key", "password", "text"} <= set(inputs)
    assert "source" in json.dumps(inputs["value"])
    assert len(text) < len(long_text)
    database = profiler.server.database
    wait_for(database.exists, "the database")
    stored = b"".join(path.read_bytes() for path in database.parent.glob("holaf_profiler.db*"))
    assert b"swordfish" not in stored


def test_prompt_of_an_api_client_without_a_browser(profiler: Profiler, fresh: str) -> None:
    scene = Scene()
    scene.start()
    scene.show(scene.add("Sleep", id="1", value=fresh, ms=30))
    scene.report()
    client = profiler.client
    outcome = client.wait(client.queue(scene.prompt, connected=False))
    profile = read_profile(client, outcome)
    assert profile.run["status"] == "success"
    assert profile.steps["1"]["exec_time"] >= 0.030
    assert profile.report()["run_id"] == profile.run["id"]


@pytest.mark.parametrize("mode", ["re-run", "cold"])
def test_cache_modes_run_every_node_again(profiler: Profiler, fresh: str, mode: str) -> None:
    scene = Scene()
    scene.start(cache=mode)
    scene.show(scene.add("Pass", id="1", value=fresh), id="2")
    profiler.run(scene)
    assert profiler.run(scene).statuses() == {"1": "ok", "2": "ok"}
