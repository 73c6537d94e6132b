"""The routes' handlers on a real history in a real file, without HTTP."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sqlite3
import tempfile
import zlib
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from engine.clock import utc_timestamp
from engine.host.api import (
    bundles,
    comparison,
    exports,
    groups,
    history,
    http,
    recommendations,
    references,
    repeats,
    runs,
    statistics,
    trends,
)
from engine.host.api import runs as steps
from engine.host.api import settings as preferences
from engine.host.api.call import Call, File, Host, RefusedError
from engine.host.api.http import refusal
from engine.host.api.routes import ROUTES
from engine.host.run.repeat import Repeats
from engine.model import Run, Step
from engine.store import errors
from engine.store.database import Database
from engine.store.history import History
from engine.store.writer import RunWriter
from tests.unit.store.help import record

PROMPT = {
    "1": {"class_type": "Loader", "inputs": {}, "_meta": {"title": "Load"}},
    "2": {"class_type": "Sampler", "inputs": {"model": ["1", 0]}, "_meta": {"title": "Sample"}},
}


class NoQueue:
    """A queue that keeps what it is given and never runs it."""

    def __init__(self) -> None:
        self.given: SimpleQueue[Mapping[str, Any]] = SimpleQueue()

    def put(self, prompt: Mapping[str, Any], extra_data: Mapping[str, Any], user_id: str) -> str:
        self.given.put(extra_data)
        return f"{user_id}'s"

    def holds(self, prompt_id: str) -> bool:
        return True

    def cancel(self, prompt_id: str, user_id: str) -> None:
        pass


class Bench:
    """A user's history and what handlers told the browsers."""

    def __init__(self, folder: Path) -> None:
        self.history = History(Database(str(folder / "history.db")))
        self.sent: list[tuple[str, Mapping[str, Any]]] = []
        self.queue = NoQueue()
        self.repeats = Repeats(self.queue, lambda _progress: None)
        self.host = Host(
            history=lambda _user: self.history,
            settings_file=lambda user: folder / f"{user}.json",
            readable_file=lambda name, _user: folder / name,
            status=lambda user: {"user": user},
            send=lambda event, data: self.sent.append((event, data)),
            repeats=lambda: self.repeats,
            record_event=lambda text, user: None,
            take_in=lambda user: (2, 3),
            apply_settings=lambda user, settings: None,
        )

    def call(self, handler: Callable[[Call], Any], user: str = "default", **parts: Any) -> Any:
        parts.setdefault("query", {})
        return handler(Call(user_id=user, host=self.host, **parts))

    def record(self, times: Mapping[str, float], **fields: Any) -> int:
        """A finished run whose nodes took so long; node ids are those of ``PROMPT``."""
        made = tuple(
            Step(
                node_id=node_id,
                node_type=PROMPT[node_id]["class_type"],  # type: ignore[arg-type]
                node_title=PROMPT[node_id]["_meta"]["title"],  # type: ignore[index]
                position=position,
                exec_time=time_s,
                self_time_s=time_s,
            )
            for position, (node_id, time_s) in enumerate(times.items())
        )
        values: dict[str, Any] = {
            "timestamp": "2026-05-31T14:00:00.000Z",
            "status": "success",
            "total_time": sum(times.values()),
            "workflow_id": "wf",
            **fields,
        }
        run = Run(**{"prompt": PROMPT, **values}, steps=made, workflow={"id": "wf"})
        return record(RunWriter(self.history.database), run)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def page(**query: Any) -> dict[str, Any]:
    return {"limit": 50, "offset": 0, "sort": "-timestamp", **query}


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


def test_a_pinned_run_is_the_baseline(bench: Bench) -> None:
    slow = bench.record({"1": 1.0, "2": 4.0})
    fast = bench.record({"1": 1.0, "2": 2.0})
    found = bench.call(comparison.compare_runs, query={"ids": [slow, fast]})
    assert (found["baseline_ids"], found["nodes"][0]["deltas"]["exec_time"]["change"]) == ((slow,), -2.0)
    bench.call(runs.edit_run, path={"run_id": fast}, body={"pinned": True})
    found = bench.call(comparison.compare_runs, query={"ids": [slow, fast]})
    assert (found["baseline_ids"], found["nodes"][0]["deltas"]["exec_time"]["change"]) == ((fast,), 2.0)
    for query in ({"ids": [slow, slow]}, {"ids": [slow, fast], "baseline": [99]}):
        with pytest.raises(RefusedError):
            bench.call(comparison.compare_runs, query=query)
    with pytest.raises(errors.NotInHistory):
        bench.call(comparison.compare_runs, query={"ids": [slow, 99]})


def test_a_comparison_says_what_was_different_on_each_side(bench: Bench) -> None:
    """Under the names that the page reads: a driver's number, not n/a."""
    old = bench.record({"1": 1.0}, environment={"torch.version": "2.10", "os": "linux"})
    new = bench.record({"1": 1.0}, environment={"torch.version": "2.11", "os": "linux"})
    changes = bench.call(comparison.compare_runs, query={"ids": [old, new]})["changes"]
    found = [(change["title"], change["before"], change["after"]) for change in changes]
    assert found == [("torch.version", "2.10", "2.11")]


def test_statistics_say_what_the_whole_history_comes_to(bench: Bench) -> None:
    bench.record({"1": 1.0, "2": 2.0}, timestamp="2026-04-30T23:00:00.000Z")
    bench.record({"1": 1.0}, status="failed")
    bench.record({"1": 4.0}, user_id="ann")
    bench.record({}, status="running", total_time=None)
    query = {"last": 1, "limit": 10, "offset": 0}
    found = bench.call(statistics.get_statistics, query=query)["totals"]
    assert (found["run_count"], found["total_time"], found["success_rate"]) == (3, 4.0, 0.5)
    assert found["by_status"] == {"success": 1, "failed": 1, "running": 1}
    assert [(each["month"], each["run_count"]) for each in found["months"]] == [
        ("2026-04", 1),
        ("2026-05", 2),
    ]
    assert found["size_bytes"] > 0


def test_several_runs_leave_as_one_file_and_arrive_once(bench: Bench, tmp_path: Path) -> None:
    ids = [bench.record({"1": 1.0}), bench.record({"1": 2.0}), bench.record({"1": 3.0})]
    query = {"ids": [*ids[:2], ids[0]], "workflow": "without secrets"}
    file = bench.call(exports.get_histories, query=query)
    assert file.name == "2_runs.profile.db"
    (tmp_path / "two.db").write_bytes(file.content)
    found = bench.call(bundles.import_runs, upload=tmp_path / "two.db", user="bob")
    assert (found["runs"], found["notes"]) == (2, [])
    assert bench.call(bundles.import_runs, upload=tmp_path / "two.db", user="bob")["skipped_runs"] == 2


def test_statistics_and_trends_read_the_history(bench: Bench) -> None:
    for number in range(4):
        bench.record({"1": 1.0, "2": 2.0 + number}, cold=number == 0)
    query = {"last": 100, "limit": 100, "offset": 0}
    kinds = {
        entry["node_type"]: entry for entry in bench.call(statistics.get_statistics, query=query)["types"]
    }
    assert kinds["Sampler"]["exec_time"]["median"] == 3.5
    assert (kinds["Sampler"]["cold"]["mean"], kinds["Sampler"]["warm"]["mean"]) == (2.0, 4.0)
    trend = bench.call(trends.get_trends, query=query)
    assert trend["workflow"] == "wf"
    assert trend["totals"]["total_time"]["values"] == (None, 4.0, 5.0, 6.0), "the cold run is of another kind"
    assert trend["totals"]["total_time"]["slope_per_run"] == pytest.approx(1.0)
    assert [(kind["label"], len(kind["run_ids"])) for kind in trend["kinds"]] == [("warm", 3), ("cold", 1)]
    assert [run["kind"] for run in trend["runs"]] == ["cold", "warm", "warm", "warm"]
    assert [node["node_id"] for node in trend["nodes"]] == ["2", "1"]
    assert trend["forecast"]["total_time"]["reason"]
    json.dumps(trend)
    cold = bench.call(trends.get_trends, query={**query, "kind": "cold"})
    assert cold["totals"]["total_time"]["values"] == (3.0, None, None, None)
    assert bench.call(recommendations.get_recommendations)["run_id"] == 4


def test_a_change_is_dated_and_explained_by_the_widget_that_changed(bench: Bench) -> None:
    for number in range(24):
        steps = 20 if number < 14 else 30
        prompt = {
            **PROMPT,
            "2": {**PROMPT["2"], "inputs": {"model": ["1", 0], "steps": steps, "seed": number}},
        }
        bench.record({"1": 1.0, "2": steps / 10 + number % 3 / 100}, prompt=prompt)
    found = bench.call(trends.get_trends, query={"last": 100, "limit": 100, "offset": 0})
    points = {(point["metric"], point["node_id"]): point for point in found["change_points"]}
    for key in (("total_time", None), ("exec_time", "2")):
        assert points[key]["run_id"] == 15
        assert [cause["detail"] for cause in points[key]["causes"]] == ["Sample: steps 20 -> 30"]
    assert ("exec_time", "1") not in points
    [advice] = [
        entry
        for entry in bench.call(recommendations.get_recommendations)["recommendations"]
        if entry["kind"] == "slower"
    ]
    assert "since run 15" in advice["text"]
    assert "steps 20 -> 30" in advice["text"]


def test_analyses_of_an_empty_history_are_empty(bench: Bench) -> None:
    query = {"last": 100, "limit": 100, "offset": 0}
    assert bench.call(statistics.get_statistics, query=query)["types"] == []
    assert bench.call(trends.get_trends, query=query)["workflow"] is None
    assert bench.call(recommendations.get_recommendations) == {
        "run_id": None,
        "recommendations": [],
        "dismissed": 0,
    }


def test_a_file_that_is_no_history_is_refused_without_saying_where_it_lies(
    bench: Bench, tmp_path: Path
) -> None:
    (tmp_path / "x.db").write_bytes(b"no database" * 100)
    with pytest.raises(RefusedError) as caught:
        bench.call(history.import_history, body={"path": "x.db"})
    assert caught.value.kind == "not_a_history"
    assert str(tmp_path) not in caught.value.message


def test_a_database_that_was_copied_in_use_says_what_may_be_missing(bench: Bench, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    other = Bench(folder)
    other.history.update_run(other.record({"1": 1.0}), name="only in the log")
    shutil.copy(folder / "history.db", tmp_path / "copied.db")
    answer = bench.call(history.import_history, upload=tmp_path / "copied.db")
    assert answer["runs"] == 1
    assert "-wal" in answer["notes"][0]
    assert bench.history.list_runs()[0][0]["name"] != "only in the log"
    # By name both files are read, and there is nothing to say.
    whole = bench.call(history.import_history, body={"path": "other/history.db"})
    assert (whole["skipped_runs"], whole["notes"]) == (1, [])


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


def test_a_bundle_opens_in_another_history(bench: Bench, tmp_path: Path) -> None:
    bench.record({"1": 9.0}, name="stays here")
    run_id = bench.record({"1": 1.0, "2": 3.0}, name="travels", environment={"torch.version": "2"})
    bench.call(groups.create_group, body={"name": "g", "members": ["2"], "workflow_id": "wf"})
    path = {"run_id": run_id}
    file = bench.call(exports.get_history, path=path, query={"workflow": "whole"})
    bundle = tmp_path / "bundle.db"
    bundle.write_bytes(file.content)
    (tmp_path / "elsewhere").mkdir()
    other = Bench(tmp_path / "elsewhere")
    taken = other.call(bundles.import_runs, upload=bundle)
    assert (taken["runs"], taken["steps"], taken["skipped_runs"], taken["notes"]) == (1, 2, 0, [])
    assert other.call(bundles.import_runs, upload=bundle)["skipped_runs"] == 1
    here = bench.call(runs.get_run, path=path)
    there = other.call(runs.get_run, path={"run_id": 1})
    own = ("id", "environment_id", "workflow_content_id", "user_id")
    assert {n: v for n, v in there["run"].items() if n not in own} == {
        n: v for n, v in here["run"].items() if n not in own
    }
    assert [step["exec_time"] for step in there["steps"]] == [1.0, 3.0]
    assert other.call(runs.get_workflow, path={"run_id": 1})["prompt"] == PROMPT


def test_a_bundle_leaves_secrets_at_home_and_is_not_made_of_anothers_run(bench: Bench) -> None:
    prompt = {"1": {**PROMPT["1"], "inputs": {"api_key": "mine-alone"}}}
    run = Run(timestamp="2026-05-31T14:00:00.000Z", status="success", user_id="ann", prompt=prompt)
    run_id = record(RunWriter(bench.history.database), run)
    path = {"run_id": run_id}
    query = {"workflow": "without secrets"}
    assert b"mine-alone" not in _prompt_in(
        bench.call(exports.get_history, path=path, query=query, user="ann")
    )
    query = {"workflow": "whole"}
    assert b"mine-alone" in _prompt_in(bench.call(exports.get_history, path=path, query=query, user="ann"))
    with pytest.raises(errors.NotInHistory):
        bench.call(exports.get_history, path=path, query=query, user="bob")


def _prompt_in(file: File) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bundle.db"
        path.write_bytes(file.content)
        with closing(sqlite3.connect(path)) as connection:
            (packed,) = connection.execute("SELECT prompt FROM profiler_workflows").fetchone()
    return zlib.decompress(packed)


TIDY = {"preview": False, "vacuum": True}


def test_tidying_keeps_what_is_new_pinned_or_commented(bench: Bench) -> None:
    old = "2020-01-01T00:00:00.000Z"
    ids = {name: bench.record({"1": 1.0}, name=name, timestamp=old) for name in ("a", "b", "pinned", "said")}
    commented = bench.record({"1": 1.0}, timestamp=old)
    new = bench.record({"1": 1.0}, timestamp=utc_timestamp())
    theirs = bench.record({"1": 1.0}, timestamp=old, user_id="ann")
    bench.call(runs.edit_run, path={"run_id": ids["pinned"]}, body={"pinned": True})
    bench.call(runs.edit_run, path={"run_id": ids["said"]}, body={"global_comment": "keep"})
    step_id = bench.call(runs.get_run, path={"run_id": commented})["steps"][0]["id"]
    bench.call(steps.edit_step, path={"step_id": step_id}, body={"step_comment": "slow"})
    body = {**TIDY, "keep_days": 30}
    assert bench.call(history.tidy_history, body={**body, "preview": True})["runs"] == 2
    assert bench.call(runs.list_runs, query=page())["total"] == 6
    tidied = bench.call(history.tidy_history, body=body)
    assert (tidied["runs"], tidied["bytes_after"] <= tidied["bytes_before"]) == (2, True)
    left = {run["id"] for run in bench.call(runs.list_runs, query=page())["runs"]}
    assert left == {ids["pinned"], ids["said"], commented, new}
    assert bench.call(runs.list_runs, query=page(), user="ann")["runs"][0]["id"] == theirs


def test_tidying_by_number_and_size_takes_the_oldest(bench: Bench) -> None:
    ids = [bench.record({"1": 1.0}, timestamp=f"2026-01-{day:02}T00:00:00.000Z") for day in range(1, 11)]
    assert bench.call(history.tidy_history, body={**TIDY, "keep_runs": 7})["runs"] == 3
    listed = bench.call(runs.list_runs, query=page(sort="id"))["runs"]
    assert [run["id"] for run in listed] == ids[3:]
    assert bench.call(history.tidy_history, body={**TIDY, "keep_bytes": 1 << 30})["runs"] == 0
    assert bench.call(history.tidy_history, body={**TIDY, "keep_bytes": 0})["runs"] == 7
    assert bench.call(history.tidy_history, body=TIDY)["runs"] == 0


def test_a_reset_takes_all_of_one_user_and_nothing_of_another(bench: Bench) -> None:
    bench.record({"1": 1.0}, name="pinned", pinned=True)
    bench.call(groups.create_group, body={"name": "g", "members": ["1"]})
    bench.call(references.update_nodes, body={"prompt": PROMPT})
    bench.record({"1": 1.0}, user_id="ann")
    assert bench.call(history.reset_history)["runs"] == 1
    assert bench.call(runs.list_runs, query=page())["total"] == 0
    assert bench.call(groups.list_groups)["groups"] == []
    assert bench.call(references.check, body={"prompt": PROMPT})["has_reference"] is False
    assert bench.call(runs.list_runs, query=page(), user="ann")["total"] == 1


def test_a_bundle_opens_for_another_user_of_the_same_database(bench: Bench, tmp_path: Path) -> None:
    run_id = bench.record({"1": 1.0, "2": 3.0}, user_id="ann")
    file = bench.call(exports.get_history, path={"run_id": run_id}, query={"workflow": "whole"}, user="ann")
    bundle = tmp_path / "bundle.db"
    bundle.write_bytes(file.content)
    assert bench.call(bundles.import_runs, upload=bundle, user="ann")["skipped_runs"] == 1
    assert bench.call(bundles.import_runs, upload=bundle, user="bob")["runs"] == 1
    assert bench.call(bundles.import_runs, upload=bundle, user="bob")["skipped_runs"] == 1
    assert bench.call(runs.list_runs, query=page(), user="bob")["total"] == 1


def test_a_change_of_settings_leaves_the_others_as_they_are(bench: Bench) -> None:
    """From the request's bytes on: the defaults of what was not given must not come along."""
    (route,) = (each for each in ROUTES if (each.method, each.path) == ("PUT", "settings"))
    for content in (b'{"page_size": 20}', b'{"theme": "dark"}'):
        answer = bench.call(preferences.put_settings, body=http._parse(content, route))
    assert (answer["settings"]["page_size"], answer["settings"]["theme"]) == (20, "dark")


def test_a_comparison_is_a_file_in_each_format(bench: Bench) -> None:
    before = bench.record({"1": 1.0, "2": 2.0}, name="=cmd <b>|")
    after = bench.record({"1": 1.0, "2": 3.5})
    bench.call(groups.create_group, body={"name": "both | <b>", "members": ["1", "2"], "workflow_id": "wf"})

    def text(file_format: str) -> str:
        query = {"baseline": [before], "candidate": [after]}
        file = bench.call(comparison.export_comparison, path={"file_format": file_format}, query=query)
        assert file.name == f"comparison_{before}_{after}.{file_format}"
        return str(file.content.decode("utf-8-sig"))

    rows = list(csv.DictReader(io.StringIO(text("csv"))))
    found = {(row["of"], row["node_id"], row["metric"]): row for row in rows}
    assert float(found["node", "2", "exec_time"]["change"]) == 1.5
    assert float(found["group", "", "exec_time"]["candidate"]) == 4.5
    assert found["run", "", "total_time"]["verdict"]
    page = text("html")
    assert "both | &lt;b&gt;" in page
    assert "<b>" not in page
    tables = [block for block in text("md").split("\n\n") if block.startswith("|")]
    assert len(tables) == 3
    for table in tables:
        assert len({line.replace("\\|", "").count("|") for line in table.splitlines()}) == 1


def test_sets_of_runs_are_compared_each_with_each(bench: Bench) -> None:
    ids = [bench.record({"1": 1.0, "2": seconds}) for seconds in (2.0, 2.01, 2.0, 3.0, 3.01, 3.0, 2.0)]
    sets = f"{ids[0]},{ids[1]},{ids[2]}|{ids[3]},{ids[4]},{ids[5]}|{ids[6]}"
    answer = bench.call(comparison.compare_sets, query={"sets": sets})
    assert [each["run_ids"] for each in answer["sets"]] == [tuple(ids[:3]), tuple(ids[3:6]), tuple(ids[6:])]
    square = answer["totals"]["total_time"]["deltas"]
    assert (square[1][0]["verdict"], square[0][1]["verdict"], square[0][0]) == ("slower", "faster", None)
    assert answer["nodes"][0]["node_id"] == "2"
    json.dumps(answer)
    with pytest.raises(RefusedError, match="once"):
        bench.call(comparison.compare_sets, query={"sets": f"{ids[0]}|{ids[0]}"})


def test_a_trend_says_what_was_tried_and_what_other_sizes_and_frames_take(bench: Bench) -> None:
    for number in range(12):
        frames = (41, 81, 121)[number % 3]
        bench.record(
            {"1": 1.0, "2": frames * 0.1 * (1 + number % 2 / 100)},
            timestamp=f"2026-05-31T14:{number:02d}:00.000Z",
            sizes={"frames": frames},
            frame_count=frames,
        )
    query = {"workflow": "wf", "last": 100, "offset": 0, "limit": 25, "frames": 100}
    answer = bench.call(trends.get_trends, query=query)
    assert answer["sizes"] == {"frames": {"newest": 121, "lowest": 41, "highest": 121}}
    forecast = answer["forecast_for"]["total_time"]
    assert forecast["expected"] == pytest.approx(11.0, rel=0.03)
    assert forecast["run_count"] == 12
    assert answer["totals"]["frame_time_s"]["median"] == pytest.approx(0.11, rel=0.1)
    assert answer["runs"][0]["frame_time_s"] == pytest.approx(5.1 / 41, rel=0.02)
    assert bench.call(trends.get_trends, query={**query, "frames": 5000})["forecast_for"]["total_time"][
        "reason"
    ].startswith("frames 5,000 is far")
