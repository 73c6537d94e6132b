"""The history as a whole: taken over, tidied, emptied, as the routes do it."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import zlib
from contextlib import closing
from pathlib import Path

import pytest

from engine.clock import utc_timestamp
from engine.host.api import (
    bundles,
    exports,
    groups,
    history,
    references,
    runs,
)
from engine.host.api import runs as steps
from engine.host.api.call import File, RefusedError
from engine.model import Run
from engine.store import errors
from engine.store.writer import RunWriter
from tests.unit.host.api.bench import PROMPT, Bench, page
from tests.unit.store.help import record


def test_several_runs_leave_as_one_file_and_arrive_once(bench: Bench, tmp_path: Path) -> None:
    ids = [bench.record({"1": 1.0}), bench.record({"1": 2.0}), bench.record({"1": 3.0})]
    query = {"ids": [*ids[:2], ids[0]], "workflow": "without secrets"}
    file = bench.call(exports.get_histories, query=query)
    assert file.name == "2_runs.profile.db"
    (tmp_path / "two.db").write_bytes(file.content)
    found = bench.call(bundles.import_runs, upload=tmp_path / "two.db", user="bob")
    assert (found["runs"], found["notes"]) == (2, [])
    assert bench.call(bundles.import_runs, upload=tmp_path / "two.db", user="bob")["skipped_runs"] == 2


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
