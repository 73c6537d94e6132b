"""Base tables of another program: upgraded in place, or imported, with nothing lost."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from engine.store.database import Database
from engine.store.errors import NotAHistory, StoreError
from engine.store.history import History
from engine.store.writer import RunWriter
from tests.unit.store.help import a_run, a_step, group_totals, make_base_database, query, record


@pytest.fixture
def base(tmp_path: Path) -> Path:
    path = tmp_path / "made elsewhere.db"
    make_base_database(path)
    return path


def test_an_upgrade_keeps_every_row_and_what_else_was_there(base: Path) -> None:
    database = Database(base)
    database.open()
    database.close()
    assert query(base, "SELECT id, timestamp, name, total_time, mood FROM profiler_runs") == [
        (3, 1700000000.25, "old run", 12.5, "fine")
    ]
    steps = query(base, "SELECT id, node_id, typeof(node_id), exec_time, own_blob FROM profiler_steps")
    assert steps == [(5, "7", "text", 9.5, b"\x01\x02"), (6, "8", "text", 2.5, b"")]
    assert query(base, "SELECT group_id, node_id, typeof(node_id) FROM profiler_group_members") == [
        (1, "7", "text")
    ]
    assert query(base, "SELECT x FROM somebody_elses") == [("kept",)]
    assert query(base, "SELECT node_id FROM own_view ORDER BY 1") == [("7",), ("8",)]
    own = query(base, "SELECT name FROM sqlite_master WHERE name LIKE 'own%' ORDER BY name")
    assert own == [("own_titles",), ("own_trigger",), ("own_types",), ("own_view",)]


def test_old_rows_read_as_runs(base: Path) -> None:
    database = Database(base)
    history = History(database)
    run = history.load_run(3)
    assert (run.timestamp, run.status, run.name) == ("2023-11-14T22:13:20.250Z", "success", "old run")
    assert [(step.node_id, step.exec_time, step.role) for step in run.steps] == [
        ("7", 9.5, "node"),
        ("8", 2.5, "node"),
    ]
    assert run.groups[0].members == ("7",)
    (total,) = group_totals(history, 3)
    assert (total["name"], total["step_count"], total["exec_time"], total["vram_max"]) == (
        "sampling",
        1,
        9.5,
        300,
    )
    found = [
        history.list_runs(since=since, until=until)[1]
        for since, until in (
            ("2023-11-14", "2023-11-14"),
            ("2023-11-15", None),
            (None, "2023-11-13"),
            (None, "2023-11-15"),
        )
    ]
    assert found == [1, 0, 0, 1]
    database.close()


def test_new_runs_go_beside_the_old_ones(base: Path) -> None:
    database = Database(base)
    writer = RunWriter(database)
    history = History(database)
    run_id = record(writer, a_run(name="new", steps=(a_step("7:3"), a_step("9", 1, exec_time=None))))
    writer.close()
    history.create_group(name="sampling", members=["9"])  # a name that the other program held unique
    assert [step.node_id for step in history.load_run(run_id).steps] == ["7:3", "9"]
    assert [run["name"] for run in history.list_runs(sort="-timestamp")[0]] == ["new", "old run"]
    assert {row["name"]: row["step_count"] for row in group_totals(history, run_id)} == {"sampling": 1}
    assert len(group_totals(history, run_id)) == 2  # "7" covers "7:3" in new runs too
    history.delete_run(3)
    assert history.purge_deleted(-1.0) == 1
    assert query(base, "SELECT DISTINCT run_id FROM profiler_steps") == [(run_id,)]
    database.close()


def test_an_upgrade_that_fails_changes_nothing(base: Path) -> None:
    connection = sqlite3.connect(base)
    connection.execute("CREATE TABLE profiler_series (unexpected)")
    connection.close()
    before = query(base, "SELECT name, sql FROM sqlite_master ORDER BY name")
    with pytest.raises(StoreError):
        Database(base).open()
    assert query(base, "SELECT name, sql FROM sqlite_master ORDER BY name") == before
    assert query(base, "SELECT node_id FROM profiler_steps ORDER BY id") == [(7,), (8,)]


def test_an_import_copies_once_and_leaves_the_file_as_it_was(base: Path, history: History) -> None:
    before = base.read_bytes()
    assert history.import_base_database(str(base)) == {
        "runs": 1,
        "steps": 2,
        "groups": 1,
        "skipped_runs": 0,
    }
    ((run,), _) = history.list_runs("default")
    history.update_run(run["id"], name="renamed here")
    again = history.import_base_database(str(base))
    assert again == {"runs": 0, "steps": 0, "groups": 0, "skipped_runs": 1}
    steps = history.load_run(run["id"]).steps
    assert [(step.node_id, step.step_comment) for step in steps] == [("7", "slow"), ("8", "")]
    assert base.read_bytes() == before


def test_an_import_of_an_own_database_brings_everything(
    tmp_path: Path, history: History, writer: RunWriter
) -> None:
    from tests.builders import two_gpu_run

    run_id = record(writer, two_gpu_run())
    other = Database(tmp_path / "other.db")
    History(other).import_base_database(history.database.url)
    (copied,) = History(other).list_runs()[0]
    original, copy = history.load_run(run_id), History(other).load_run(copied["id"])
    other.close()
    assert [(step.node_id, step.devices) for step in copy.steps] == [
        (step.node_id, step.devices) for step in original.steps
    ]
    assert copy.series == original.series
    assert copy.environment == original.environment


@pytest.mark.parametrize("content", [None, b"no database, just some text here", b""])
def test_what_is_no_history_is_refused(tmp_path: Path, history: History, content: bytes | None) -> None:
    path = tmp_path / "file.db"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(NotAHistory, match=r"file\.db"):
        history.import_base_database(str(path))
    assert (path.read_bytes() if path.exists() else None) == content
