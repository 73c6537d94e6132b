"""What routes ask the history for: lists, edits, undo, groups, references, earlier times."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from engine.model import Snapshot, SnapshotNode
from engine.store import paging, schema
from engine.store.database import Database
from engine.store.errors import BadQuery, NotInHistory
from engine.store.history import History
from engine.store.queries import run_list
from engine.store.queries.run_list import RunFilter
from engine.store.writer import RunWriter
from tests.unit.store.help import a_run, a_step, group_totals, on_both_stores, query, record

pytestmark = on_both_stores


@pytest.fixture
def thousand(database: Database, history: History) -> History:
    """1,000 runs, written as rows: what is tested is the reading."""
    values = [
        {
            "timestamp": f"2026-01-{1 + number // 100:02d}T{number % 24:02d}:00:00.000Z",
            "name": f"run {number}" if number != 500 else "Żółw 100%_done",
            "global_comment": "",
            "status": "failed" if number % 10 == 0 else "success",
            "total_time": None if number % 100 == 0 else float(number),
            "workflow_id": f"wf-{number % 3}",
            "user_id": "alice" if number % 2 else "bob",
            "pinned": number == 7,
        }
        for number in range(1000)
    ]
    with database.write() as connection:
        connection.execute(insert(schema.runs), values)
    return history


def test_a_list_pages_through_everything_once(thousand: History) -> None:
    seen: list[int] = []
    for offset in range(0, 1000, 300):
        page, total = thousand.list_runs(limit=300, offset=offset, sort="-total_time")
        assert total == 1000
        seen += [run["id"] for run in page]
    assert sorted(seen) == list(range(1, 1001))
    times = [run["total_time"] for run in thousand.list_runs(limit=1000, sort="total_time")[0]]
    assert times[:990] == sorted(times[:990])
    assert times[990:] == [None] * 10


def test_a_large_number_of_runs_is_not_counted_for_every_page(
    thousand: History, writer: RunWriter, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = []

    def count(connection: Connection, wanted: RunFilter, *, after_id: int | None = None) -> int:
        whole.extend([wanted] if after_id is None else [])
        return counted(connection, wanted, after_id=after_id)

    counted = run_list.count
    monkeypatch.setattr(run_list, "count", count)
    monkeypatch.setattr(paging, "LARGE", 500)
    assert thousand.list_runs(limit=1)[1] == 1000
    run_id = record(writer, a_run())
    assert thousand.list_runs(limit=1, offset=500)[1] == 1001
    assert len(whole) == 1
    thousand.delete_run(run_id)
    assert thousand.list_runs(limit=1)[1] == 1000
    assert len(whole) == 2
    assert thousand.list_runs(status="failed")[1] == thousand.list_runs(status="failed")[1] == 100
    assert len(whole) == 4
    with database.write() as connection:  # as another process does
        connection.execute(schema.runs.delete().where(schema.runs.c.id < 11))
    assert thousand.list_runs(limit=1)[1] == 1000
    monkeypatch.setattr(paging, "FRESH_S", 0.0)
    thousand._pages._counted.clear()
    assert [thousand.list_runs(limit=1)[1] for _ in range(2)] == [990, 990]


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"user_id": "alice"}, 500),
        ({"status": "failed"}, 100),
        ({"status": ("failed", "success")}, 1000),
        ({"workflow": "wf-0"}, 334),
        ({"q": "run 99"}, 19),  # each word somewhere: 99, 199 ... 999 and 990 ... 998
        ({"q": "żółw"}, 1),
        ({"q": "100%_"}, 1),
        ({"q": "%"}, 1),
        ({"q": "wf-1 failed"}, 33),
        ({"since": "2026-01-10"}, 100),
        ({"until": "2026-01-01"}, 100),
        ({"since": "2026-01-02", "until": "2026-01-03"}, 200),
        ({"since": "2026-01-10T00:30:00+00:30"}, 100),
        ({"min_time": 998.0}, 2),
        ({"max_time": 2.0}, 2),
        ({"pinned": True}, 1),
        ({"pinned": False}, 999),
    ],
)
def test_filters_count_what_they_name(thousand: History, filters: dict[str, object], count: int) -> None:
    runs, total = thousand.list_runs(limit=2000, **filters)  # type: ignore[arg-type]
    assert (len(runs), total) == (count, count)


@pytest.mark.parametrize(
    "arguments",
    [{"sort": "deleted_at"}, {"sort": "1; DROP TABLE profiler_runs"}, {"sort": ""}, {"since": "yesterday"}],
)
def test_a_list_that_cannot_be_is_refused(history: History, arguments: dict[str, str]) -> None:
    with pytest.raises(BadQuery, match=re.escape(repr(next(iter(arguments.values()))))):
        history.list_runs(**arguments)  # type: ignore[arg-type]


def test_a_deleted_run_is_gone_and_comes_back_whole(writer: RunWriter, history: History) -> None:
    steps = (a_step("1", inputs_hash="h"), a_step("2", 1))
    run_id = record(writer, a_run(name="oops", steps=steps))
    history.create_group(name="g", members=["1"], workflow_id="wf-1")
    before = history.load_run(run_id)
    assert history.delete_run(run_id)["name"] == "oops"
    assert history.list_runs() == ([], 0)
    assert group_totals(history, run_id) == []
    assert history.previous_times(["h"]) == {}
    for gone in (history.run_row, history.load_run, history.step_rows, history.delete_run):
        with pytest.raises(NotInHistory, match=str(run_id)):
            gone(run_id)
    assert history.restore_run(run_id)["id"] == run_id
    assert history.load_run(run_id) == before
    with pytest.raises(NotInHistory):
        history.restore_run(run_id)


def test_a_purge_leaves_nothing_of_a_deleted_run(
    database: Database, writer: RunWriter, history: History
) -> None:
    from tests.builders import two_gpu_run

    kept = record(writer, a_run(environment={"a": "1"}))
    run_id = record(writer, two_gpu_run())
    history.delete_run(run_id)
    assert history.purge_deleted() == 0  # not long enough ago
    assert history.purge_deleted(-1.0) == 1
    for table in ("profiler_steps", "profiler_step_devices", "profiler_series", "profiler_workflows"):
        assert query(database, f"SELECT count(*) FROM {table}") == [(0,)], table
    assert query(database, "SELECT count(*) FROM profiler_environments") == [(1,)]
    assert [run["id"] for run in history.list_runs()[0]] == [kept]
    assert record(writer, a_run()) > run_id  # a number never means another run later


def test_edits_change_only_what_may_change(writer: RunWriter, history: History) -> None:
    run_id = record(writer, a_run(steps=(a_step("1"),)))
    row = history.update_run(run_id, name="<img onerror>", global_comment="c", pinned=True)
    assert (row["name"], row["global_comment"], row["pinned"]) == ("<img onerror>", "c", True)
    with pytest.raises(BadQuery, match="total_time"):
        history.update_run(run_id, total_time=0.1)
    (step,) = history.step_rows(run_id)
    assert history.update_step(step["id"], step_comment="why?")["step_comment"] == "why?"
    with pytest.raises(NotInHistory, match="99"):
        history.update_step(99, step_comment="")


def test_runs_are_found_by_tag_and_by_what_their_workflow_is_called(
    writer: RunWriter, history: History
) -> None:
    first = record(writer, a_run(workflow_id="a", workflow_name="flux portrait"))
    second = record(writer, a_run(workflow_id="a", workflow_name="flux portrait v2", name="named"))
    other = record(writer, a_run(workflow_id="b"))
    history.update_run(first, tags=["slow", "4090 rig", "slow"])
    history.update_run(second, tags=["slower"])

    def ids(**filters: str) -> list[int]:
        return sorted(run["id"] for run in history.list_runs(**filters)[0])  # type: ignore[arg-type]

    assert history.run_row(first)["tags"] == ["4090 rig", "slow"]
    assert history.load_run(first).tags == ("4090 rig", "slow")
    assert ids(tag="slow") == [first], "a tag is not found inside another one"
    assert ids(q="slow") == [first, second]
    assert ids(q="portrait") == [first, second]
    assert history.tags() == {"4090 rig": 1, "slow": 1, "slower": 1}
    found = {entry["workflow"]: entry for entry in history.workflows()}
    assert (found["a"]["name"], found["a"]["run_count"]) == ("flux portrait v2", 2)
    assert (found["b"]["name"], found["b"]["run_count"]) == ("", 1)
    history.delete_run(other)
    history.update_run(first, tags=[])
    assert history.tags() == {"slower": 1}
    assert [entry["workflow"] for entry in history.workflows()] == ["a"]


def test_users_see_their_own_history(writer: RunWriter, history: History) -> None:
    run_id = record(writer, a_run(user_id="alice", steps=(a_step("1"),)))
    step_id = history.step_rows(run_id)[0]["id"]
    group_id = history.create_group(name="g", user_id="alice")["id"]
    assert history.run_row(run_id, "alice")["user_id"] == "alice"
    for attempt in (
        lambda: history.run_row(run_id, "bob"),
        lambda: history.load_run(run_id, user_id="bob"),
        lambda: history.step_rows(run_id, "bob"),
        lambda: history.update_run(run_id, user_id="bob", name="x"),
        lambda: history.delete_run(run_id, user_id="bob"),
        lambda: history.update_step(step_id, step_comment="x", user_id="bob"),
        lambda: history.update_group(group_id, user_id="bob", name="x"),
        lambda: history.delete_group(group_id, user_id="bob"),
    ):
        with pytest.raises(NotInHistory):
            attempt()
    assert history.list_groups(user_id="bob") == []


def test_group_totals_follow_every_edit(writer: RunWriter, history: History) -> None:
    steps = (
        a_step("7", 0, exec_time=1.0, vram_max=10, ram_max_bytes=5),
        a_step("7:3", 1, exec_time=2.0, vram_max=30),
        a_step("70", 2, exec_time=64.0),
        a_step("7.0.0.1", 3, display_node_id="7", exec_time=4.0),
        a_step("8", 4, exec_time=8.0, role="profiler"),
        a_step("9", 5, exec_time=16.0),
    )
    run_id = record(writer, a_run(steps=steps))
    first = history.create_group(name="seven", members=["7", "7:3", "8"], workflow_id="wf-1")
    history.create_group(name="both", members=["7:3", "9"], workflow_id="wf-1")
    history.create_group(name="other workflow", members=["9"], workflow_id="wf-2")

    def totals() -> dict[str, tuple[object, ...]]:
        names = ("step_count", "exec_time", "vram_max", "ram_max_bytes")
        return {row["name"]: tuple(row[name] for name in names) for row in group_totals(history, run_id)}

    assert totals() == {"both": (2, 18.0, 30, None), "seven": (3, 7.0, 30, 5)}
    row = history.update_group(first["id"], name="nine", members=["9", "9", "12"])
    assert row["members"] == ["9", "12"]
    assert totals() == {"both": (2, 18.0, 30, None), "nine": (1, 16.0, None, None)}
    assert history.delete_group(first["id"])["members"] == ["9", "12"]
    assert list(totals()) == ["both"]


def test_groups_are_created_edited_and_refused(history: History) -> None:
    row = history.create_group(name="Ü", color="#123456", description="d", members=["3", "7:1"])
    assert history.list_groups() == [row]
    assert history.groups_for("any workflow")[0].members == ("3", "7:1")
    with pytest.raises(BadQuery, match="source_node_id"):
        history.update_group(row["id"], source_node_id="1")
    with pytest.raises(NotInHistory):
        history.delete_group(row["id"] + 1)


def test_the_reference_is_the_one_stored_last_for_user_and_workflow(history: History) -> None:
    def snapshot(text: str) -> Snapshot:
        node = SnapshotNode(node_id="3", title=text, node_type="K", links={"model": ("7:1", 0)})
        return Snapshot(workflow_id="wf", hash=text, nodes=(node,))

    assert history.reference(snapshot("now")) is None
    history.store_reference(snapshot("old"))
    history.store_reference(snapshot("new"))
    history.store_reference(snapshot("hers"), "alice")
    assert history.reference(snapshot("now")) == snapshot("new")
    assert history.reference(snapshot("now"), "alice") == snapshot("hers")
    unchanged = snapshot("new")
    assert history.reference(unchanged) is unchanged


def test_earlier_times_are_those_of_the_last_real_execution(writer: RunWriter, history: History) -> None:
    record(writer, a_run(steps=(a_step("1", inputs_hash="h", exec_time=5.0),)))
    latest = record(writer, a_run(steps=(a_step("1", inputs_hash="h", exec_time=4.0),)))
    cached = a_step("1", inputs_hash="h", status="cached", exec_time=None)
    failed = a_step("1", inputs_hash="h", status="error", exec_time=0.1)
    for step in (cached, failed):
        record(writer, a_run(steps=(step,)))
    assert history.previous_times(["h", *(f"unknown {number}" for number in range(2000))]) == {
        "h": (latest, 4.0)
    }


def test_earlier_times_are_the_users_own(writer: RunWriter, history: History) -> None:
    hers = record(writer, a_run(user_id="ann", steps=(a_step("1", inputs_hash="h", exec_time=5.0),)))
    his = record(writer, a_run(user_id="bob", steps=(a_step("1", inputs_hash="h", exec_time=4.0),)))
    assert history.previous_times(["h"], "ann") == {"h": (hers, 5.0)}
    assert history.previous_times(["h"], "bob") == {"h": (his, 4.0)}
    assert history.previous_times(["h"], "eve") == {}


def test_rows_carry_column_names_and_decoded_collections(writer: RunWriter, history: History) -> None:
    from tests.builders import two_gpu_run

    run = two_gpu_run()
    run_id = record(writer, run)
    row = history.run_row(run_id)
    assert {"id", "timestamp", "name", "workflow_hash", "global_comment", "total_time"} <= row.keys()
    assert [device["key"] for device in row["devices"]] == ["cuda:0", "cuda:1"]
    assert row["settings"]["interval_ms"] == row["interval_ms"]
    assert history.list_runs()[0][0].keys() < row.keys()
    assert history.list_runs(names=("id", "cold"))[0] == [{"id": run_id, "cold": row["cold"]}]
    step = history.step_rows(run_id)[0]
    assert step["segments"] == [["run", step["start_s"], step["end_s"]]]
    assert step["load_spans"] == [list(span) for span in run.steps[0].load_spans] != []
    assert {device["device"] for device in step["devices"]} <= {"cuda:0", "cuda:1"}
    assert history.workflow_of(run_id) == {"prompt": None, "workflow": None}


def test_columns_of_many_runs_hold_their_ordinary_nodes_in_order(writer: RunWriter, history: History) -> None:
    first = record(writer, a_run(steps=(a_step("a", 0), replace(a_step("r", 1), role="profiler"))))
    second = record(writer, a_run(steps=(a_step("b", 0), replace(a_step("a", 1), status="cached"))))
    names = ("run_id", "node_id", "status")
    found: list[tuple[Any, ...]] = []
    history.read_steps([second, first], names, lambda part: found.extend(zip(*part, strict=True)))
    assert found == [(first, "a", None), (second, "b", None), (second, "a", "cached")]
