"""The routes of a real ComfyUI with a recorded history."""

from __future__ import annotations

import json
import re
import shlex
import sqlite3
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.comfyui.client import ROUTES, Client, refused, wait_for
from tests.comfyui.scenes import Scene
from tests.comfyui.server import Server

from .conftest import Profile, Profiler

PROMISED = {
    *(
        "GET /runs",
        "GET /runs/{run_id}",
        "PATCH /runs/{run_id}",
        "DELETE /runs/{run_id}",
        "GET /runs/compare",
    ),
    *("GET /runs/{run_id}/export/{format}", "PATCH /steps/{step_id}", "GET /groups", "POST /groups"),
    *("PATCH /groups/{group_id}", "DELETE /groups/{group_id}", "POST /update_nodes", "POST /check"),
    *("GET /statistics", "GET /trends", "GET /recommendations", "POST /history/import", "GET /settings"),
    *("PUT /settings", "GET /status", "GET /openapi.json"),
}
HOSTILE = '<img src=x onerror="alert(1)">'


def scene(fresh: str, *, nap_ms: int = 20, **start: Any) -> Scene:
    made = Scene()
    made.start(**start)
    value = made.add("Sleep", id="1", named=HOSTILE, value=fresh, ms=nap_ms)
    made.add("Show", id="2", value=value)
    return made


@pytest.fixture
def recorded(profiler: Profiler, fresh: str) -> Profile:
    return profiler.run(scene(fresh, run_name="a name", comment="a comment"), workflow={"id": fresh})


def operations(client: Client) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, methods in client.get(f"{ROUTES}/openapi.json")["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def test_every_documented_operation_is_served_under_both_prefixes(client: Client) -> None:
    """A wrong query is answered by the route itself; an address that is no route by the one for strangers."""
    found = list(operations(client))
    assert {f"{method} {path.removeprefix(ROUTES)}" for method, path, _ in found} >= PROMISED
    for method, path, _ in found:
        for prefix in ("", "/api"):
            address = prefix + re.sub(
                r"{\w+_id}", "9", path.replace("{format}", "txt").replace("{file_format}", "csv")
            )
            status, answer = client.request(method, f"{address}?no_such_parameter=1")
            assert (status, answer["error"]["type"]) == (400, "invalid_request"), (method, address)
            assert "no_such_parameter" in answer["error"]["message"]


def test_every_other_address_and_method_is_told_so(client: Client) -> None:
    assert refused(client, "GET", "nowhere") == (404, "not_found")
    assert refused(client, "POST", "runs", {}) == (405, "wrong_method")
    assert refused(client, "DELETE", "settings") == (405, "wrong_method")


def test_answers_have_what_the_document_requires(client: Client, recorded: Profile) -> None:
    document = client.get(f"{ROUTES}/openapi.json")
    for method, path, operation in operations(client):
        content = operation["responses"]["200"]["content"]
        if method != "GET" or "application/json" not in content or "{format}" in path:
            continue
        if path.endswith(("/compare", "/matrix")):
            continue
        answer = client.get(path.replace("{run_id}", str(recorded.run["id"])))
        schema = content["application/json"]["schema"]
        for name in schema.get("required", ()):
            assert name in answer, (path, name)
    run = client.get(f"{ROUTES}/runs/{recorded.run['id']}")
    components = document["components"]["schemas"]
    assert run["run"].keys() <= components["Run"]["properties"].keys() | {"environment"}
    assert run["steps"][0].keys() <= components["Step"]["properties"].keys() | {"devices"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "runs?limit=0", None),
        ("GET", "runs?limit=1001", None),
        ("GET", "runs?limit=many", None),
        ("GET", "runs?offset=-1", None),
        ("GET", "runs?sort=password", None),
        ("GET", "runs?sort=id;drop", None),
        ("GET", "runs?status=fine", None),
        ("GET", "runs?since=yesterday", None),
        ("GET", "runs?nonsense=1", None),
        ("GET", "runs?q=" + "x" * 300, None),
        ("GET", "runs/abc", None),
        ("GET", "runs/0", None),
        ("GET", "runs/99999999999999999999", None),
        ("GET", "runs/compare?ids=1,x", None),
        ("GET", "trends?last=0", None),
        ("PUT", "settings", {"page_size": "many"}),
        ("PUT", "settings", {"unknown": 1}),
        ("PUT", "settings", []),
        ("POST", "groups", {}),
        ("POST", "groups", {"name": " "}),
        ("POST", "groups", {"name": "g", "color": "red"}),
        ("POST", "groups", {"name": "g", "members": "3"}),
        ("POST", "groups", {"name": "g", "members": [3]}),
        ("POST", "groups", {"name": "g", "id": 7}),
        ("POST", "groups", {"name": "g\x00"}),
        ("POST", "groups", {"name": "\ud800"}),
        ("POST", "check", {}),
        ("POST", "check", {"prompt": []}),
        ("POST", "check", {"prompt": {"1": 7}}),
        ("POST", "check", {"prompt": {"1": {"class_type": ""}}}),
        ("POST", "update_nodes", {"prompt": {}, "workflow": 7}),
        ("POST", "check", b"{"),
        ("POST", "check", b"\xff\xfe"),
        ("POST", "check", b"[" * 200_000),
        ("POST", "history/import", {}),
        ("POST", "history/import", {"path": 7}),
    ],
    ids=str,
)
def test_wrong_input_is_refused_with_what_is_wrong(client: Client, method: str, path: str, body: Any) -> None:
    assert refused(client, method, path, body) == (400, "invalid_request")


def test_what_cannot_be_done_is_told_apart_from_what_is_wrong(client: Client) -> None:
    assert refused(client, "GET", "runs/compare") == (422, "not_comparable")
    assert refused(client, "GET", "runs/compare?ids=1") == (422, "not_comparable")
    assert refused(client, "POST", "update_nodes", {"prompt": {}}) == (422, "empty_workflow")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "runs/999999", None),
        ("PATCH", "runs/999999", {"name": "x"}),
        ("DELETE", "runs/999999", None),
        ("POST", "runs/999999/restore", {}),
        ("GET", "runs/999999/workflow", None),
        ("GET", "runs/999999/export/txt", None),
        ("GET", "runs/compare?ids=999998,999999", None),
        ("PATCH", "steps/999999", {"step_comment": "x"}),
        ("PATCH", "groups/999999", {"name": "x"}),
        ("DELETE", "groups/999999", None),
        ("GET", "recommendations?run=999999", None),
    ],
)
def test_what_does_not_exist_is_a_404(client: Client, method: str, path: str, body: Any) -> None:
    assert refused(client, method, path, body) == (404, "not_found")


def test_forms_of_other_sites_change_nothing(client: Client, recorded: Profile) -> None:
    """The types that a form can send are refused; every other makes a browser ask first."""
    path = f"runs/{recorded.run['id']}/restore"
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"):
        assert refused(client, "POST", path, b"name=x", Content_Type=kind) == (415, "wrong_content_type")
        assert refused(client, "POST", "history/import", b"x", Content_Type=kind)[0] == 415
    status, _ = client.request("GET", f"{ROUTES}/runs", headers={"Sec-Fetch-Site": "cross-site"})
    assert status == 403


def test_a_body_may_not_be_endless(client: Client, recorded: Profile) -> None:
    body = {"global_comment": "x" * 1_100_000}
    assert refused(client, "PATCH", f"runs/{recorded.run['id']}", body) == (413, "too_large")


def test_pages_follow_each_other(client: Client, recorded: Profile) -> None:
    everything = client.get(f"{ROUTES}/runs?limit=1000&sort=id")
    ids = [run["id"] for run in everything["runs"]]
    assert ids == sorted(ids)
    assert everything["total"] == len(ids)
    pages = [client.get(f"{ROUTES}/runs?limit=2&offset={offset}&sort=-id") for offset in (0, 2)]
    paged = [run["id"] for page in pages for run in page["runs"]]
    assert paged == sorted(ids, reverse=True)[:4]
    found = client.get(f"{ROUTES}/runs?workflow={recorded.run['workflow_id'].replace(' ', '%20')}")
    assert [run["id"] for run in found["runs"]] == [recorded.run["id"]]


def test_edits_reach_every_open_tab(client: Client, recorded: Profile, comfyui: Server) -> None:
    run_id = recorded.run["id"]
    step_id = recorded.steps["1"]["id"]
    edits: list[tuple[str, str, Any]] = [
        ("PATCH", f"runs/{run_id}", {"name": "renamed", "global_comment": HOSTILE}),
        ("PATCH", f"steps/{step_id}", {"step_comment": "slow"}),
        ("DELETE", f"runs/{run_id}", None),
        ("POST", f"runs/{run_id}/restore", {}),
    ]
    with comfyui.client.listen() as first, comfyui.client.listen() as second:
        for method, path, body in edits:
            status, answer = client.request(method, f"{ROUTES}/{path}", body)
            assert status == 200, answer
        for tab in (first, second):
            told: list[Mapping[str, Any]] = []
            for kind, data in tab(20):
                if kind == "holaf.profiler.changed":
                    told.append(data)
                if len(told) == len(edits):
                    break
            assert [(data["what"], data["id"], data["action"]) for data in told] == [
                ("run", run_id, action) for action in ("changed", "changed", "deleted", "restored")
            ]
    answer = client.get(f"{ROUTES}/runs/{run_id}")
    assert (answer["run"]["name"], answer["run"]["global_comment"]) == ("renamed", HOSTILE)
    comments = {step["node_id"]: step["step_comment"] for step in answer["steps"]}
    assert (comments["1"], comments["2"]) == ("slow", "")


def test_the_workflow_of_a_run_comes_back(client: Client, recorded: Profile, fresh: str) -> None:
    kept = client.get(f"{ROUTES}/runs/{recorded.run['id']}/workflow")
    assert kept["workflow"] == {"id": fresh}
    assert kept["prompt"]["1"]["inputs"] == {"value": fresh, "ms": 20}


@pytest.mark.parametrize(
    ("kind", "content_type", "begin"),
    [
        ("png", "image/png", b"\x89PNG\r\n"),
        ("txt", "text/plain", b""),
        ("md", "text/markdown", b""),
        ("csv", "text/csv", b""),
        ("json", "application/json", b"{"),
        ("html", "text/html", b"<"),
        ("trace", "application/json", b"{"),
    ],
)
def test_a_run_is_exported(
    comfyui: Server, recorded: Profile, kind: str, content_type: str, begin: bytes
) -> None:
    address = f"{comfyui.url}{ROUTES}/runs/{recorded.run['id']}/export/{kind}?theme=light"
    with urllib.request.urlopen(address, timeout=60) as answer:
        content = answer.read()
        assert answer.headers.get_content_type() == content_type
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "a%20name_profile." in answer.headers["Content-Disposition"]
        if kind == "html":
            assert answer.headers["Content-Disposition"].startswith("attachment")
            assert HOSTILE.encode() not in content
    assert content.startswith(begin)
    assert len(content) > 100


def test_two_runs_are_compared(client: Client, profiler: Profiler, fresh: str) -> None:
    quick = profiler.run(scene(fresh, nap_ms=10), workflow={"id": fresh}).run["id"]
    slow = profiler.run(scene(fresh, nap_ms=120), workflow={"id": fresh}).run["id"]
    found = client.get(f"{ROUTES}/runs/compare?ids={quick},{slow}")
    assert (found["baseline_ids"], found["candidate_ids"]) == ([quick], [slow])
    worst = found["nodes"][0]
    assert (worst["node_id"], worst["pairing"]) == ("1", "id")
    assert 0.1 <= worst["deltas"]["exec_time"]["change"] <= 0.2
    assert [change["detail"] for change in found["changes"]] == [f"{HOSTILE}: ms 10 -> 120"]
    assert worst["deltas"]["exec_time"]["verdict"] == "unknown", "one run a side"
    turned = client.get(f"{ROUTES}/runs/compare?ids={quick},{slow}&baseline={slow}")
    assert turned["nodes"][0]["deltas"]["exec_time"]["change"] < 0
    same = client.get(f"{ROUTES}/runs/compare?baseline={slow}&candidate={quick}")
    assert same == turned


def test_status_names_the_node_that_runs(client: Client, fresh: str) -> None:
    made = Scene()
    made.start()
    made.show(made.add("InterruptibleSleep", id="5", named="Long nap", value=fresh, ms=60_000))
    assert client.get(f"{ROUTES}/status")["active"] is False
    prompt_id = client.queue(made.prompt)

    def running() -> Any:
        status = client.get(f"{ROUTES}/status")
        return status if status["active"] and status["title"] == "Long nap" else None

    try:
        status = wait_for(running, "the node in the status", 20)
        assert (status["prompt_id"], status["node_id"]) == (prompt_id, "5")
    finally:
        client.interrupt()
        client.wait(prompt_id)
    wait_for(lambda: not client.get(f"{ROUTES}/status")["active"], "the end of the run", 20)


def test_the_command_of_the_security_page_does_what_it_says(client: Client) -> None:
    page = (Path(__file__).parents[2] / "docs" / "security.md").read_text(encoding="utf-8")
    _, command = page.split("    curl ")
    words = shlex.split(command.split("\n\n")[0])
    url = next(word for word in words if word.startswith("http"))
    body = json.loads(words[words.index("-d") + 1])
    before = client.get(f"{ROUTES}/settings")["settings"]
    assert urlsplit(url).path == f"{ROUTES}/settings"
    assert words[words.index("-H") + 1] == "Content-Type: application/json"
    status, _ = client.request(words[words.index("-X") + 1], urlsplit(url).path, body)
    assert status == 200
    after = client.get(f"{ROUTES}/settings")["settings"]
    assert after == {**before, "keep_workflows": "without secrets"} != before
    client.request("PUT", f"{ROUTES}/settings", {"keep_workflows": before["keep_workflows"]})


def test_settings_persist_in_the_users_folder(client: Client, comfyui: Server) -> None:
    client.request("PUT", f"{ROUTES}/settings", {"step_columns": ["node_title", "energy_joules"]})
    settings = client.get(f"{ROUTES}/settings")["settings"]
    assert settings["step_columns"] == ["node_title", "energy_joules"]
    file = comfyui.database.with_name("profiler_settings.json")
    assert '"energy_joules"' in file.read_text()
    file.write_text("{ broken")
    answer = client.get(f"{ROUTES}/settings")
    assert answer["settings"] == answer["defaults"]
    assert "profiler_settings.json" in answer["notes"][0]


def test_a_locked_history_is_told_so_and_works_again(
    client: Client, comfyui: Server, recorded: Profile
) -> None:
    path = f"runs/{recorded.run['id']}"
    with closing(sqlite3.connect(comfyui.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert refused(client, "PATCH", path, {"name": "late"}) == (423, "history_locked")
        assert client.get(f"{ROUTES}/{path}")["run"]["name"] == "a name"
        other.execute("ROLLBACK")
    assert client.request("PATCH", f"{ROUTES}/{path}", {"name": "in time"})[0] == 200


def test_nothing_answered_with_a_server_error(comfyui: Server) -> None:
    """Last in this file: after all of the above, the log holds no surprise."""
    assert "The profiler could not answer" not in comfyui.log_text()
