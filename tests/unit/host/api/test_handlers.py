"""Runs, their groups, references and series, and a user's settings, as the routes' handlers answer."""

from __future__ import annotations

import pytest

from engine.host.api import (
    groups,
    http,
    references,
    repeats,
    runs,
)
from engine.host.api import runs as steps
from engine.host.api import settings as preferences
from engine.host.api.call import RefusedError
from engine.host.api.http import refusal
from engine.host.api.routes import ROUTES
from engine.store import errors
from tests.unit.host.api.bench import PROMPT, Bench, page


def test_a_run_is_listed_shown_edited_deleted_and_restored(bench: Bench) -> None:
    run_id = bench.record({"1": 1.0, "2": 3.0}, name="first")
    listed = bench.call(runs.list_runs, query=page(q="FIRST", status=["success"]))
    assert [run["id"] for run in listed["runs"]] == [run_id]
    path = {"run_id": run_id}
    bench.call(runs.edit_run, path=path, body={"name": "second", "pinned": True})
    shown = bench.call(runs.get_run, path=path)
    assert (shown["run"]["name"], shown["run"]["pinned"]) == ("second", True)
    assert [(step["node_id"], step["exec_time"]) for step in shown["steps"]] == [("1", 1.0), ("2", 3.0)]
    assert bench.call(runs.get_workflow, path=path) == {"prompt": PROMPT, "workflow": {"id": "wf"}}
    bench.call(runs.delete_run, path=path)
    with pytest.raises(errors.NotInHistory):
        bench.call(runs.get_run, path=path)
    assert bench.call(runs.restore_run, path=path)["run"]["name"] == "second"
    assert [data["action"] for _, data in bench.sent] == ["changed", "deleted", "restored"]
    assert all(event == "holaf.profiler.changed" and data["id"] == run_id for event, data in bench.sent)


def test_a_user_sees_only_runs_of_their_own(bench: Bench) -> None:
    theirs = bench.record({"1": 1.0}, user_id="ann")
    path = {"run_id": theirs}
    assert bench.call(runs.list_runs, query=page(), user="bob")["total"] == 0
    assert bench.call(runs.list_runs, query=page(), user="ann")["total"] == 1
    for handler, body in (
        (runs.get_run, None),
        (runs.get_workflow, None),
        (runs.delete_run, None),
        (runs.edit_run, {"name": "x"}),
    ):
        with pytest.raises(errors.NotInHistory):
            bench.call(handler, path=path, body=body, user="bob")
    step_id = bench.call(runs.get_run, path=path, user="ann")["steps"][0]["id"]
    with pytest.raises(errors.NotInHistory):
        bench.call(steps.edit_step, path={"step_id": step_id}, body={"step_comment": "x"}, user="bob")


def test_groups_made_after_a_run_total_it_at_once(bench: Bench) -> None:
    run_id = bench.record({"1": 1.0, "2": 3.0})
    made = bench.call(groups.create_group, body={"name": "g", "members": ["2"], "workflow_id": "wf"})["group"]
    totals = bench.call(runs.get_run, path={"run_id": run_id})["groups"]
    assert [(total["name"], total["exec_time"], total["share"]) for total in totals] == [("g", 3.0, 0.75)]
    bench.call(groups.edit_group, path={"group_id": made["id"]}, body={"members": ["1", "2"]})
    totals = bench.call(runs.get_run, path={"run_id": run_id})["groups"]
    assert [(total["exec_time"], total["share"]) for total in totals] == [(4.0, 1.0)]
    bench.call(groups.delete_group, path={"group_id": made["id"]})
    assert bench.call(runs.get_run, path={"run_id": run_id})["groups"] == []


def test_another_users_groups_total_nothing(bench: Bench) -> None:
    run_id = bench.record({"1": 1.0}, user_id="ann")
    for user in ("ann", "bob"):
        bench.call(groups.create_group, user=user, body={"name": user, "members": ["1"], "workflow_id": "wf"})
    totals = bench.call(runs.get_run, path={"run_id": run_id}, user="ann")["groups"]
    assert [total["name"] for total in totals] == ["ann"]


def test_check_follows_update_nodes(bench: Bench) -> None:
    body = {"prompt": PROMPT, "workflow": {"id": "wf"}}
    before = bench.call(references.check, body=body)
    assert (before["match"], before["has_reference"], before["changes"]) == (False, False, [])
    stored = bench.call(references.update_nodes, body=body)
    assert [node["node_id"] for node in stored["nodes"]] == ["1", "2"]
    after = bench.call(references.check, body=body)
    assert (after["match"], after["has_reference"], after["hash"]) == (True, True, stored["hash"])
    changed = {**PROMPT, "2": {**PROMPT["2"], "inputs": {}}}
    found = bench.call(references.check, body={**body, "prompt": changed})
    assert (found["match"], [change["detail"] for change in found["changes"]]) == (
        False,
        ["rewired: Sample #2 model: Load #1 → –"],
    )
    assert bench.call(references.check, body={**body, "workflow": {"id": "other"}})["has_reference"] is False
    with pytest.raises(RefusedError):
        bench.call(references.update_nodes, body={"prompt": {}})


def test_the_status_is_that_of_the_user_who_asks(bench: Bench) -> None:
    assert bench.call(preferences.get_status, user="ann") == {"user": "ann"}


@pytest.mark.parametrize(
    "error",
    [
        *(
            kind("why")
            for kind in vars(errors).values()
            if isinstance(kind, type) and issubclass(kind, Exception)
        ),
        OSError(28, "No space left on device"),
        PermissionError(13, "Permission denied"),
        FileNotFoundError("x"),
        RuntimeError("a surprise"),
        RecursionError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_no_exception_becomes_a_5xx(error: BaseException) -> None:
    refused = refusal(error, "GET x")
    assert 400 <= refused.status < 500
    assert refused.message


def test_a_series_of_runs_is_begun_listed_and_cancelled(bench: Bench) -> None:
    start = {"class_type": "HolafProfilerStart", "inputs": {}}
    body = {"runs": 3, "warm_ups": 0, "cache": "re-run", "force": False}
    with pytest.raises(RefusedError, match="no Profiler Start"):
        bench.call(repeats.start_repeat, body={"prompt": PROMPT, **body})
    begun = bench.call(repeats.start_repeat, body={"prompt": {**PROMPT, "9": start}, **body})["repeat"]
    assert (begun["state"], begun["runs"], begun["done"]) == ("running", 3, 0)
    with pytest.raises(RefusedError, match="already"):
        bench.call(repeats.start_repeat, body={"prompt": {**PROMPT, "9": start}, **body})
    assert bench.call(repeats.list_repeats, user="another")["repeats"] == []
    with pytest.raises(RefusedError):
        bench.call(repeats.cancel_repeat, user="another", path={"repeat_id": begun["id"]})
    bench.call(repeats.cancel_repeat, path={"repeat_id": begun["id"]})
    assert [each["id"] for each in bench.call(repeats.list_repeats)["repeats"]] == [begun["id"]]


def test_runs_of_a_series_know_their_workflows_name_and_whose_page_shows_them(bench: Bench) -> None:
    prompt = {**PROMPT, "9": {"class_type": "HolafProfilerStart", "inputs": {}}}
    body = {"prompt": prompt, "runs": 1, "warm_ups": 0, "cache": "re-run", "force": True}
    bench.call(repeats.start_repeat, body={**body, "workflow_name": "flux portrait", "client_id": "page 1"})
    given = bench.queue.given.get(timeout=10)
    assert given["client_id"] == "page 1"
    assert (given["holaf_profiler"]["workflow_name"], given["holaf_profiler"]["force"]) == (
        "flux portrait",
        True,
    )


def test_a_change_of_settings_leaves_the_others_as_they_are(bench: Bench) -> None:
    """From the request's bytes on: the defaults of what was not given must not come along."""
    (route,) = (each for each in ROUTES if (each.method, each.path) == ("PUT", "settings"))
    for content in (b'{"page_size": 20}', b'{"theme": "dark"}'):
        answer = bench.call(preferences.put_settings, body=http._parse(content, route))
    assert (answer["settings"]["page_size"], answer["settings"]["theme"]) == (20, "dark")
