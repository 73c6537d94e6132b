"""Runs that their history does not take: where they are meanwhile, and that they arrive once."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from engine.model import Run
from engine.store import schema, spool, spool_file
from engine.store import writer as writing_thread
from engine.store.database import Database
from engine.store.history import History
from engine.store.recovery import recover
from engine.store.run_file import RunFile
from engine.store.spool import Spool
from engine.store.writer import RunWriter
from tests.builders import two_gpu_run
from tests.unit.store.help import ByHand, a_run, a_step, query, record
from tests.unit.store.test_writer import comparable, until


@pytest.fixture
def locked(database: Database) -> sqlite3.Connection:
    """Another program that holds the history's lock."""
    database.open()
    connection = sqlite3.connect(database.url, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    return connection


def test_a_run_that_ends_while_the_history_is_locked_is_kept_and_arrives(
    database: Database, writer: RunWriter, history: History, locked: sqlite3.Connection
) -> None:
    handle = writer.begin(a_run(name="kept", status="running"), ByHand())
    handle.finish(a_run(name="kept", steps=(a_step("1"),)))
    until(lambda: spool_file.exists(database.url, None))
    locked.close()
    run_id = handle.wait(30.0)
    assert run_id is not None
    assert [step.node_id for step in history.load_run(run_id).steps] == ["1"]
    until(lambda: not spool_file.exists(database.url, None))
    assert history.list_runs()[1] == 1


def test_what_is_left_at_the_end_of_the_process_arrives_at_the_next_start(
    database: Database, writer: RunWriter, history: History, locked: sqlite3.Connection
) -> None:
    run = two_gpu_run()
    handle = writer.begin(a_run(status="running"), ByHand())
    handle.finish(run)
    writer.close(0.5)
    # The process's end: until the thread has seen it, its last try could still reach the history.
    until(lambda: not any(thread.name == "holaf-profiler-writer" for thread in threading.enumerate()))
    locked.close()
    database.close()
    assert spool_file.exists(database.url, None)
    recover(database.url)
    assert not spool_file.exists(database.url, None)
    (row,), count = history.list_runs()
    assert count == 1
    kept, loaded = comparable(run), comparable(history.load_run(row["id"]))
    assert (loaded.steps, loaded.series, loaded.status) == (kept.steps, kept.series, kept.status)


def test_a_run_is_delivered_once_however_often_it_was_kept(database: Database, history: History) -> None:
    kept = Spool(database)
    run = a_run(uuid="one", steps=(a_step("1"),))
    assert kept.keep(run)
    assert kept.keep(run)
    assert kept.deliver() == 1
    assert kept.keep(run)  # as a process would that could not see that its last try had worked
    kept.deliver()
    assert history.list_runs()[1] == 1
    assert len(history.step_rows(1)) == 1


def test_what_a_user_wrote_on_a_run_survives_its_delivery(
    database: Database, writer: RunWriter, history: History
) -> None:
    handle = writer.begin(a_run(status="running", uuid="one"), ByHand(a_step("1")))
    run_id = handle.wait(30.0)
    step = history.step_rows(run_id or 0)[0]
    history.update_step(step["id"], step_comment="odd")
    assert Spool(database).keep(a_run(uuid="one", steps=(a_step("1", gpu_load_max=5.0),)))
    assert Spool(database).deliver() == 1
    (after,) = history.step_rows(run_id or 0)
    assert (after["id"], after["step_comment"], after["gpu_load_max"]) == (step["id"], "odd", 5.0)


def test_a_spool_is_bounded_and_the_oldest_go(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "RUNS_MAX", 3)
    kept = Spool(database)
    for number in range(5):
        assert kept.keep(a_run(uuid=str(number), name=f"run {number}"))
    assert kept.deliver() == 3
    assert query(database, "SELECT name FROM profiler_runs ORDER BY id") == [
        ("run 2",),
        ("run 3",),
        ("run 4",),
    ]


def test_a_folder_that_cannot_be_written_has_its_spool_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("in the folder's place")
    history = Database(tmp_path / "a file" / "history.db")
    assert Spool(history).keep(a_run(uuid="one"))
    (elsewhere,) = (tmp_path / "temp").iterdir()
    assert elsewhere.stat().st_mode & 0o077 == 0


def test_a_history_of_a_newer_version_gets_the_run_when_it_can_be_read(
    database: Database, writer: RunWriter, history: History
) -> None:
    database.open()
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE profiler_schema_version SET version_num = '9999'")
    database.close()
    handle = writer.begin(a_run(status="running"), ByHand())
    handle.finish(a_run(name="kept"))
    assert handle.wait(30.0) is None
    assert "goes to the history with a later run" in handle.errors[0]
    connection = sqlite3.connect(database.url)
    connection.execute("UPDATE profiler_schema_version SET version_num = '" + schema.HEAD + "'")
    connection.commit()
    connection.close()
    record(writer, a_run(name="next"))
    until(lambda: history.list_runs()[1] == 2)


def test_a_run_of_the_wrong_kind_stops_no_other(database: Database, history: History) -> None:
    kept = Spool(database)
    for uuid in ("1", "2"):
        assert kept.keep(Run(timestamp="2026-05-01T10:00:00.000Z", uuid=uuid, status="failed"))
    assert kept.deliver() == 2
    assert {run["status"] for run in history.list_runs()[0]} == {"failed"}


def test_retries_end_and_the_run_stays_kept(
    database: Database, locked: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing_thread, "PATIENCE_S", -1.0)
    writing = RunWriter(database)
    handle = writing.begin(a_run(status="running"), ByHand())
    handle.finish(a_run(name="kept"))
    until(lambda: handle.over)
    locked.close()
    assert "kept on this machine" in handle.errors[-1]
    assert spool_file.exists(database.url, None)
    writing.close(1.0)


def test_the_process_ends_with_its_run_kept_while_the_history_does_not_answer(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, answer, save = threading.Event(), threading.Event(), RunFile.save
    waited_for = []

    def mute(file: RunFile, history: Database, writer_s: float) -> None:
        if history is database:
            entered.set()
            waited_for.append(not answer.wait(30.0))
        save(file, history, writer_s)

    monkeypatch.setattr(RunFile, "save", mute)
    monkeypatch.setattr(writing_thread, "HANG_S", -1.0)
    writing = RunWriter(database)
    writing.begin(a_run(name="kept", status="running"), ByHand()).finish(a_run(name="kept"))
    try:
        assert entered.wait(60.0)
        writing.close(120.0)
        assert waited_for == []
        assert spool_file.exists(database.url, None)
    finally:
        answer.set()
        until(lambda: not any(thread.name == "holaf-profiler-writer" for thread in threading.enumerate()))
