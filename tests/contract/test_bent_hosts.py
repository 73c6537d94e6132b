"""ComfyUI bent by other packs and versions: workflows end, what was measured is right, what was not is said.

Each way is one seen in the wild. Those that other packs bend after us share a server and are bent one
after the other; those that lie below our hooks need a server of their own.
"""

from __future__ import annotations

import os
import signal
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.comfyui.client import Client, wait_for
from tests.comfyui.scenes import Scene
from tests.comfyui.server import Server
from tests.contract.conftest import Profile, Profiler, find_run, read_profile

PATIENCE_S = 40.0
"""A prompt that takes longer hangs: alone it needs less than a second."""


@pytest.fixture(scope="module")
def bent(comfyui_host: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A ComfyUI that a pack bends while it runs."""
    with Server(comfyui_host, tmp_path_factory.mktemp("bent"), doubles=("bent_host",)) as server:
        yield server


@pytest.fixture
def bend(bent: Server) -> Iterator[Any]:
    """Bends the shared server; it is straight again after the test."""

    def now(way: str) -> Profiler:
        bent.client.post(f"/bent_host?way={urllib.parse.quote(way)}", {})
        return Profiler(bent)

    yield now
    now("")


def mixed(fresh: str) -> Scene:
    """An ordinary node, an asynchronous one, a lazy input, an expansion, and a Report over them."""
    scene = Scene()
    scene.start()
    slow = scene.add("Sleep", id="slow", value=fresh, ms=60)
    scene.show(scene.add("AsyncSleep", id="async", value=slow, ms=80), id="show")
    left = scene.add("Sleep", id="left", value=fresh + "l", ms=20)
    right = scene.add("Sleep", id="right", value=fresh + "r", ms=20)
    scene.show(scene.add("LazySwitch", id="lazy", take_left=True, left=left, right=right), id="show lazy")
    scene.show(scene.add("Expand", id="expand", value=fresh, count=2, ms=30), id="show expanded")
    scene.report()
    return scene


def run(profiler: Profiler, scene: Scene) -> Profile:
    """Run a scene that must end, whichever way."""
    prompt_id = profiler.client.queue(scene.prompt)  # an executor beside takes the browser's messages away
    return read_profile(profiler.client, profiler.client.wait(prompt_id, PATIENCE_S))


def check(profile: Profile, fresh: str, *, exact: bool) -> None:
    """The workflow's own results, and steps that claim nothing untrue."""
    assert profile.outcome.status == "success"
    assert profile.outcome.outputs["show"]["text"] == [fresh]
    assert profile.outcome.outputs["show lazy"]["text"] == [fresh + "l"]
    assert profile.report()["run_id"] == profile.run["id"]
    assert profile.run["status"] == "success", profile.run["warnings"]
    statuses = profile.statuses()
    ran = ("slow", "async", "show", "left", "lazy", "show lazy", "expand", "show expanded")
    assert {node_id: statuses.get(node_id) for node_id in ran} == dict.fromkeys(ran, "ok")
    for node_id, least_s in (("slow", 0.06), ("left", 0.02), ("async", 0.075)):
        seconds = profile.steps[node_id]["exec_time"]
        assert seconds is None or seconds >= least_s, node_id
        assert not exact or least_s <= seconds <= profile.run["total_time"], node_id
    if exact:
        assert statuses["right"] == "skipped"
        assert not [text for text in profile.run["warnings"] if "ook" in text], profile.run["warnings"]


@pytest.mark.parametrize("way", ["wrapped after", "wrapped after, out of sight", "in another thread"])
def test_wrapped_after_us(bend: Any, fresh: str, way: str) -> None:
    profile = run(bend(way), mixed(fresh))
    check(profile, fresh, exact=way == "wrapped after")
    assert profile.steps["slow"]["exec_time"] is not None


@pytest.mark.parametrize("way", ["unwrapped", "method", "executor replaced"])
def test_a_hook_that_was_taken_off_is_put_on_again(bend: Any, bent: Server, fresh: str, way: str) -> None:
    profiler = bend(way)
    profile = run(profiler, mixed(fresh))
    check(profile, fresh, exact=False)
    assert profile.steps["slow"]["exec_time"] is not None
    assert any("put on again" in text for text in profile.run["warnings"]), profile.run["warnings"]
    assert "put on again" in bent.log_text()
    assert "Traceback" not in bent.log_text().split("To see the GUI")[-1]


def test_a_hook_taken_off_in_mid_run(bend: Any, bent: Server, fresh: str) -> None:
    profiler = bend("")
    scene = mixed(fresh)
    scene.prompt["slow"]["inputs"]["value"] = scene.add("BentHostRestore", id="restore", value=fresh)
    profile = run(profiler, scene)
    check(profile, fresh, exact=False)
    assert profile.steps["slow"]["exec_time"] is not None
    notices = [text for text in profile.run["warnings"] if "progress messages" in text]
    assert len(notices) == 1
    assert "progress messages" in profile.report()["table"]
    assert bent.log_text().count("Workflow Profiler: Node times come from") == 1


def test_another_pack_answers_the_last_node(bend: Any, fresh: str) -> None:
    scene = mixed(fresh)
    scene.add("BentHostAnswered", id="answered", named="Answered", value=scene.show(["slow", 0], id="x")[0])
    scene.prompt["answered"]["inputs"]["value"] = ["slow", 0]
    profile = run(bend("answers the last node"), scene)
    check(profile, fresh, exact=False)
    assert profile.statuses()["answered"] == "ok"
    assert profile.steps["answered"]["exec_time"] is None
    notices = [text for text in profile.run["warnings"] if text.startswith("Answered: not measured")]
    assert len(notices) == 1
    assert "bent_host" in notices[0]


def test_nodes_of_loops_are_counted(bend: Any, fresh: str) -> None:
    scene = Scene()
    scene.start()
    scene.show(scene.add("Sleep", id="looped", value=scene.add("Pass", value=fresh), ms=40))
    scene.report()
    profile = run(bend("called twice"), scene)
    step = profile.steps["looped"]
    assert (step["status"], step["execution_count"]) == ("ok", 2)
    assert step["exec_time"] >= 0.08


def test_an_executor_that_outlives_the_prompt_that_started_it(bend: Any, fresh: str) -> None:
    profiler = bend("")
    scene = mixed(fresh)
    scene.prompt["slow"]["inputs"]["value"] = scene.add("BentHostOtherExecutor", id="other", value=fresh)
    check(run(profiler, scene), fresh, exact=True)
    # The other executor is still at work, or has just ended: a Report waits and opens as ever.
    for number in range(2):
        check(run(profiler, mixed(f"{fresh} {number}")), f"{fresh} {number}", exact=True)


def test_one_prompt_in_two_executors_at_once(bend: Any, fresh: str) -> None:
    client = bend("").client
    scene = mixed(fresh)
    ids = [f"first {fresh}", f"second {fresh}"]
    body = {"prompt": scene.prompt, "outputs": ["show", "show lazy", "show expanded", "report"], "ids": ids}
    assert client.post("/bent_host/twice", body)["success"] == [True, True]
    for prompt_id in ids:
        steps = wait_for(lambda: reported_steps(client, prompt_id), "the run", 30)  # noqa: B023 - asked at once
        assert steps["slow"]["exec_time"] >= 0.06
        assert steps["async"]["exec_time"] >= 0.075


def reported_steps(client: Client, prompt_id: str) -> dict[str, Any] | None:
    """The steps of a run by node, once its Report is among those that have ended."""
    found = find_run(client, prompt_id)
    if found is None:
        return None
    steps = {step["node_id"]: step for step in client.get(f"/holaf/profiler/runs/{found['id']}")["steps"]}
    return steps if steps.get("report", {}).get("status") == "ok" else None


@pytest.mark.parametrize("node_type", ["Cycle", "NeedsReport"])
def test_nodes_that_can_never_run_do_not_hold_the_queue(bend: Any, fresh: str, node_type: str) -> None:
    profiler = bend("")
    scene = Scene()
    scene.start()
    scene.show(scene.add("Sleep", id="slow", value=fresh, ms=20), id="show")
    value = "report" if node_type == "NeedsReport" else fresh
    scene.show(scene.add(f"BentHost{node_type}", id="made", value=value), id="never")
    scene.report()
    profile = run(profiler, scene)
    ends = {name for name, _ in profile.outcome.history["status"]["messages"]}
    assert ("execution_error" in ends) is (node_type == "Cycle")
    assert profile.run["status"] == ("failed" if node_type == "Cycle" else "success")
    assert profile.steps["slow"]["exec_time"] >= 0.02
    assert any("can never run" in text for text in profile.run["warnings"])
    if node_type == "Cycle":
        assert profile.statuses()["never"] == "skipped"
    check(run(profiler, mixed(fresh)), fresh, exact=True)


def test_cancel_while_a_report_waits_without_hooks(bend: Any, fresh: str) -> None:
    profiler = bend("")
    scene = Scene()
    scene.start()
    restored = scene.add("BentHostRestore", id="restore", value=fresh)
    scene.show(scene.add("AsyncSleep", id="long", value=restored, ms=60_000), id="show")
    scene.report()
    client = profiler.client
    with client.listen() as messages:
        prompt_id = client.queue(scene.prompt)
        for kind, data in messages(PATIENCE_S):
            if kind == "executing" and data.get("node") == "long":
                break
        client.interrupt()
    profile = read_profile(client, client.wait(prompt_id, PATIENCE_S))
    assert profile.run["status"] == "interrupted"
    assert profile.statuses()["long"] == "interrupted"


@pytest.mark.own_server
def test_ctrl_c_while_a_report_waits(start_comfyui, fresh: str) -> None:
    server = start_comfyui()
    scene = Scene()
    scene.start()
    scene.show(scene.add("AsyncSleep", id="long", value=fresh, ms=600_000), id="show")
    scene.report()
    client = server.client
    client.queue(scene.prompt)
    wait_for(lambda: client.get("/holaf/profiler/status").get("node_id") == "long", "the node", 60)
    os.kill(server.pid, signal.SIGINT)
    wait_for(lambda: not server.running, "the end of ComfyUI", PATIENCE_S)


BELOW = [
    "wrapped before",
    "wrapped before, out of sight",
    "renamed parameters",
    "keyword-only parameters",
    "twelve parameters",
    "no pendingNodes",
    "one bundle",
    "swapped inside the prompt",
]


@pytest.mark.own_server
@pytest.mark.parametrize("way", BELOW)
def test_bent_below_us(start_comfyui, tmp_path: Path, fresh: str, way: str) -> None:
    server = start_comfyui(doubles=("bent_host",), environment={"BENT_HOST": way})
    profiler = Profiler(server)
    measured_exactly = way not in ("one bundle", "swapped inside the prompt")
    for number in range(2):
        text = f"{fresh} {number}"
        profile = run(profiler, mixed(text))
        check(profile, text, exact=measured_exactly)
        assert profile.steps["slow"]["exec_time"] is not None
        assert profile.steps["async"]["exec_time"] is not None
        said = any("progress messages" in warning for warning in profile.run["warnings"])
        assert said is not measured_exactly


@pytest.mark.own_server
def test_a_host_that_cannot_be_hooked_is_left_alone(start_comfyui, fresh: str) -> None:
    server = start_comfyui(doubles=("bent_host",), environment={"BENT_HOST": "no execute"})
    outcome = server.client.run(mixed(fresh).prompt, timeout_s=PATIENCE_S)
    assert outcome.status == "success"
    table = outcome.outputs["report"]["holaf_profiler"][0]["table"]
    assert table.startswith("This run was not measured. The profiler does not fit this ComfyUI")
    assert server.client.get("/holaf/profiler/runs")["total"] == 0


@pytest.mark.own_server
def test_schemas_without_search_aliases(start_comfyui, fresh: str) -> None:
    server = start_comfyui(doubles=("bent_host",), environment={"BENT_HOST": "old schema"})
    assert not server.pack_tracebacks()
    scene = mixed(fresh)
    check(run(Profiler(server), scene), fresh, exact=True)


@pytest.mark.own_server
def test_an_older_comfyui_gets_one_line(start_comfyui) -> None:
    server = start_comfyui(doubles=("bent_host",), environment={"BENT_HOST": "no node API"})
    lines = [line for line in server.log_text().splitlines() if "Workflow Profiler" in line]
    assert len(lines) == 1
    assert lines[0].endswith("needs ComfyUI 0.8.0 or newer and is left out: this is 0.7.0.")
    assert server.client.object_info("HolafProfilerStart") is None
    assert server.client.request("GET", "/holaf/profiler/status")[0] == 404
    assert not [path for path in server.client.get("/extensions") if "workflow-profiler" in path]


@pytest.mark.own_server
def test_a_second_copy_stands_back(start_comfyui, tmp_path: Path, fresh: str) -> None:
    from tests.comfyui.pack import install_pack

    base = tmp_path / "twice"
    install_pack(base / "custom_nodes", "another-workflow-profiler")
    server = start_comfyui(base=base)
    lines = [line for line in server.log_text().splitlines() if "installed twice" in line]
    assert len(lines) == 1
    assert "stands back" in lines[0]
    check(run(Profiler(server), mixed(fresh)), fresh, exact=True)
    scripts = [path for path in server.client.get("/extensions") if path.endswith("/extension.js")]
    assert len([path for path in scripts if "workflow-profiler" in path]) == 1
