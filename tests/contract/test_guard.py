"""The queue guard in front of a real ComfyUI's POST /prompt."""

from __future__ import annotations

import contextlib
import http.client
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.comfyui.client import ROUTES, Client, RefusedError, wait_for
from tests.comfyui.scenes import Scene
from tests.comfyui.server import Server

from .conftest import Profiler


def scene(fresh: str, policy: str = "block", *, extra: bool = False, **start: Any) -> Scene:
    """A small profiled workflow; ``extra`` adds a node to it."""
    made = Scene()
    made.start(on_mismatch=policy, **start)
    value = made.add("Pass", id="1", named="First", value=fresh)
    if extra:
        value = made.add("Pass", id="14", named="Upscale", value=value)
    made.add("Show", id="2", named="Last", value=value)
    return made


def workflow(fresh: str) -> dict[str, Any]:
    return {"id": f"workflow {fresh}", "nodes": []}


def remember(client: Client, made: Scene, fresh: str, **headers: str) -> None:
    """Press Update nodes."""
    body = {"prompt": made.prompt, "workflow": workflow(fresh)}
    status, answer = client.request("POST", f"{ROUTES}/update_nodes", body, headers)
    assert status == 200, answer


CHANGES = ["added: Upscale #14", "rewired: Last #2 value: First #1 → Upscale #14"]


def test_without_a_reference_the_run_goes_on_and_says_so(profiler: Profiler, fresh: str) -> None:
    run = profiler.run(scene(fresh), workflow=workflow(fresh)).run
    assert (run["status"], run["snapshot_match"], run["forced"]) == ("success", "no reference", False)
    assert run["workflow_id"] == workflow(fresh)["id"]


def test_an_unchanged_workflow_matches_whatever_its_values(profiler: Profiler, fresh: str) -> None:
    remember(profiler.client, scene(fresh), fresh)
    other = scene(fresh + " another value", "block")
    other.report()
    run = profiler.run(other, workflow=workflow(fresh)).run
    assert (run["snapshot_match"], run["forced"], run["changes"]) == ("match", False, [])


@pytest.mark.parametrize("path", ["/prompt", "/api/prompt"])
def test_block_refuses_a_changed_workflow_and_names_the_changes(
    profiler: Profiler, fresh: str, path: str
) -> None:
    remember(profiler.client, scene(fresh), fresh)
    runs = profiler.run_count()
    body = {
        "prompt": scene(fresh, extra=True).prompt,
        "extra_data": {"extra_pnginfo": {"workflow": workflow(fresh)}},
    }
    status, answer = profiler.client.request("POST", path, body)
    assert status == 400
    assert answer["node_errors"] == {}
    assert answer["error"].keys() == {"type", "message", "details", "extra_info"}
    assert "; ".join(CHANGES) in answer["error"]["message"]
    queue = profiler.client.get("/queue")
    assert (queue["queue_running"], queue["queue_pending"]) == ([], [])
    assert profiler.run_count() == runs


def test_a_forced_run_runs_and_is_marked(profiler: Profiler, fresh: str) -> None:
    remember(profiler.client, scene(fresh), fresh)
    forced = {"holaf_profiler": {"force": True}}
    changed = scene(fresh, extra=True)
    run = profiler.run(changed, extra_data=forced, workflow=workflow(fresh)).run
    assert (run["status"], run["snapshot_match"], run["forced"]) == ("success", "mismatch", True)
    assert [change["detail"] for change in run["changes"]] == CHANGES
    same = profiler.run(scene(fresh), extra_data=forced, workflow=workflow(fresh)).run
    assert (same["snapshot_match"], same["forced"]) == ("match", False)
    for wrong in (False, "true", 1, None):
        with pytest.raises(RefusedError):
            profiler.client.queue(
                changed.prompt, extra_data={"holaf_profiler": {"force": wrong}}, workflow=workflow(fresh)
            )


@pytest.mark.parametrize("policy", ["warn", "ignore"])
def test_warn_and_ignore_only_record_the_changes(profiler: Profiler, fresh: str, policy: str) -> None:
    remember(profiler.client, scene(fresh), fresh)
    run = profiler.run(scene(fresh, policy, extra=True), workflow=workflow(fresh)).run
    assert (run["status"], run["snapshot_match"], run["forced"]) == ("success", "mismatch", False)
    assert [change["detail"] for change in run["changes"]] == CHANGES


def test_a_start_that_is_off_guards_nothing(profiler: Profiler, fresh: str) -> None:
    remember(profiler.client, scene(fresh), fresh)
    runs = profiler.run_count()
    outcome = profiler.run_plain(scene(fresh, extra=True, enabled=False), workflow=workflow(fresh))
    assert outcome.status == "success"
    assert profiler.run_count() == runs


def test_a_client_cannot_speak_for_another_user(profiler: Profiler, fresh: str) -> None:
    told = {"holaf_profiler": {"user_id": "somebody", "match": "match", "mine": 1}}
    profile = profiler.run(scene(fresh), extra_data=told, workflow=workflow(fresh))
    assert (profile.run["user_id"], profile.run["snapshot_match"]) == ("default", "no reference")
    plain = Scene()
    plain.show(plain.add("Pass", value=fresh))
    kept = profiler.run_plain(plain, extra_data=told).history["prompt"][3]["holaf_profiler"]
    assert kept == {"mine": 1}


def test_a_note_stays_with_its_own_request(comfyui: Server, profiler: Profiler, fresh: str) -> None:
    """Several requests share one connection; what is left for one prompt is not left for the next."""
    plain = Scene()
    plain.show(plain.add("Pass", value=fresh))
    connection = http.client.HTTPConnection("127.0.0.1", comfyui.port, timeout=30)

    def post(prompt: Mapping[str, Any]) -> str:
        body = json.dumps({"prompt": prompt})
        connection.request("POST", "/prompt", body, {"Content-Type": "application/json"})
        answer: str = json.loads(connection.getresponse().read())["prompt_id"]
        return answer

    profiled, unprofiled = post(scene(fresh).prompt), post(plain.prompt)
    connection.close()
    notes = []
    for prompt_id in (profiled, unprofiled):
        history = profiler.client.wait(prompt_id).history
        notes.append("holaf_profiler" in history["prompt"][3])
    assert notes == [True, False]


@pytest.mark.parametrize(
    "body",
    [
        b'{"prompt": "HolafProfilerStart"',
        b'["HolafProfilerStart"]',
        b'{"prompt": {"1": "HolafProfilerStart"}}',
        b'{"prompt": {"1": {"class_type": "HolafProfilerStart", "inputs": 3}}}',
        b'{"extra_data": 7, "prompt": {"1": {"class_type": "HolafProfilerStart", "inputs": {}}}}',
        b'{"HolafProfilerStart": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=[
        "cut off",
        "a list",
        "a node of text",
        "inputs of a number",
        "extra data of a number",
        "nested deep",
    ],
)
def test_what_comfyui_cannot_read_gets_comfyuis_own_answer(profiler: Profiler, body: bytes) -> None:
    """The guard neither answers in ComfyUI's place nor breaks: a class it does not know fares the same."""
    strange = body.replace(b"HolafProfilerStart", b"NodeThatIsNotHere0")
    expected, _ = profiler.client.request("POST", "/prompt", strange)
    status, _ = profiler.client.request("POST", "/prompt", body)
    assert (status < 400) == (expected < 400)
    assert profiler.client.get("/queue")["queue_pending"] == []


def test_users_have_histories_and_references_of_their_own(
    start_comfyui: Callable[..., Server], fresh: str
) -> None:
    server = start_comfyui(flags=["--multi-user"])
    client = server.client
    users = [client.post("/users", {"username": name}) for name in ("ann", "bob")]
    ann, bob = ({"comfy-user": user} for user in users)
    made = scene(fresh)

    def queue(headers: Mapping[str, str], what: Scene) -> tuple[int, Any]:
        body = {"prompt": what.prompt, "extra_data": {"extra_pnginfo": {"workflow": workflow(fresh)}}}
        return client.request("POST", "/prompt", body, headers)

    def runs(headers: Mapping[str, str]) -> list[Any]:
        found: list[Any] = client.request("GET", f"{ROUTES}/runs", headers=headers)[1]["runs"]
        return found

    remember(client, made, fresh, **ann)
    status, refused = queue(ann, scene(fresh, extra=True))
    assert (status, "Upscale #14" in refused["error"]["message"]) == (400, True)
    status, _ = queue(bob, scene(fresh, extra=True))
    assert status == 200
    wait_for(lambda: [run for run in runs(bob) if run["status"] == "success"], "bob's run")
    assert [run["user_id"] for run in runs(bob)] == [users[1]]
    assert runs(ann) == []
    folders = sorted(path.parents[2].name for path in (server.base / "user").glob("*/*/profiler/*.db"))
    assert folders == sorted(users)
    for stranger in ({}, {"comfy-user": "nobody"}, {"comfy-user": "../default"}, {"comfy-user": "__system"}):
        status, answer = client.request("GET", f"{ROUTES}/runs", headers=stranger)
        assert (status, answer["error"]["type"]) == (401, "unknown_user")
    client.request("PUT", f"{ROUTES}/settings", {"theme": "dark"}, ann)
    seen = [client.request("GET", f"{ROUTES}/settings", headers=user)[1]["settings"] for user in (ann, bob)]
    assert [values["theme"] for values in seen] == ["dark", "auto"]


def test_events_go_to_the_tabs_of_the_user_whose_run_it_is(
    start_comfyui: Callable[..., Server], fresh: str
) -> None:
    """A tab that has not said whose it is learns that a run began and ended, without a name."""
    server = start_comfyui(flags=["--multi-user"])
    tabs = {name: Client(server.url) for name in ("ann", "bob", "stranger")}
    headers = {
        name: {
            "comfy-user": server.client.post("/users", {"username": name}),
            "Holaf-Profiler-Client": tabs[name].client_id,
        }
        for name in ("ann", "bob")
    }
    with tabs["ann"].listen() as ann, tabs["bob"].listen() as bob, tabs["stranger"].listen() as stranger:
        for name in ("ann", "bob"):
            tabs[name].request("GET", f"{ROUTES}/status", headers=headers[name])
        body = {"prompt": scene(fresh, "ignore", run_name="a secret name").prompt}
        assert tabs["ann"].request("POST", "/prompt", body, headers["ann"])[0] == 200
        seen = {}
        for name, tab in (("ann", ann), ("bob", bob), ("stranger", stranger)):
            messages = []
            with contextlib.suppress(TimeoutError):
                for kind, data in tab(30 if name == "ann" else 2):
                    if kind.startswith("holaf.profiler."):
                        messages.append((kind, data))
                    if kind == "holaf.profiler.run_finished":
                        break
            seen[name] = messages
    assert {kind for kind, data in seen["ann"] if data.get("name") == "a secret name"} >= {
        "holaf.profiler.run_finished"
    }
    assert seen["bob"] == []
    assert [kind for kind, _ in seen["stranger"]][-1] == "holaf.profiler.run_finished"
    assert "secret" not in str(seen["stranger"])
    assert "title" not in str(seen["stranger"])


def test_a_client_without_a_graph_is_blocked_when_links_change(profiler: Profiler, fresh: str) -> None:
    made = scene(fresh)
    profiler.client.request("POST", f"{ROUTES}/update_nodes", {"prompt": made.prompt})
    rewired = {key: {**node, "inputs": dict(node["inputs"])} for key, node in made.prompt.items()}
    node_id, name = next(
        (key, name)
        for key, node in made.prompt.items()
        for name, value in node["inputs"].items()
        if isinstance(value, list) and node["class_type"] != "HolafProfilerReport"
    )
    rewired[node_id]["inputs"][name] = "no link any more"
    status, answer = profiler.client.request("POST", "/prompt", {"prompt": rewired})
    assert status == 400
    assert answer["error"]["type"] == "holaf_profiler_mismatch"
    assert "rewired" in answer["error"]["message"]
