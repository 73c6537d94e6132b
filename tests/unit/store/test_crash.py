"""A host that is killed: the run, its steps and the node that was running are known after it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from engine.store.database import Database
from engine.store.history import History
from engine.store.recovery import recover
from engine.store.writer import RunWriter
from tests.unit.store.help import ByHand, a_run, a_step, child_environment, make_base_database, query

VICTIM = """
import sqlite3, sys, time
from engine.model import Run, Step
from engine.store.database import Database
from engine.store.writer import RunWriter
from tests.unit.store.help import ByHand

prompt = {"1": {"class_type": "Loader"}, "3": {"class_type": "KSampler", "_meta": {"title": "My sampler"}}}
run = Run(timestamp="2026-05-01T10:00:00.000Z", workflow_id="wf", prompt=prompt)
loaded = Step(node_id="1", node_type="Loader", position=0, exec_time=0.5)
handle = RunWriter(Database(sys.argv[1])).begin(run, ByHand(loaded, running=("3", 0.6)))
while True:
    time.sleep(0.02)
    if handle.run_id is not None:
        rows = sqlite3.connect(sys.argv[1]).execute("SELECT running_node_id FROM profiler_runs").fetchall()
        if rows == [("3",)]:
            print("named", flush=True)
            time.sleep(600)
"""


def test_kill_9_leaves_a_crashed_run_that_names_the_node(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    victim = subprocess.Popen(
        [sys.executable, "-c", VICTIM, str(path)],
        stdout=subprocess.PIPE,
        env=child_environment(),
    )
    assert victim.stdout is not None
    try:
        assert victim.stdout.readline().strip() == b"named"
        assert recover(path) == 0  # it lives
    finally:
        victim.kill()
        victim.wait()
    assert recover(path) == 1
    assert recover(path) == 0
    database = Database(path)
    run = History(database).load_run(1)
    database.close()
    assert (run.status, run.error_node_id, run.running_node_id) == ("crashed", "3", "3")
    assert run.error_message == "ComfyUI ended while My sampler (#3) was running."
    assert [(step.node_id, step.node_type, step.status) for step in run.steps] == [
        ("1", "Loader", "ok"),
        ("3", "KSampler", "interrupted"),
    ]


def test_runs_of_living_and_of_other_workers_are_left_alone(
    database: Database, writer: RunWriter, history: History
) -> None:
    handles = [writer.begin(a_run(status="running"), ByHand()) for _ in range(3)]
    mine, elsewhere, gone = (handle.wait(30.0) for handle in handles)
    connection = sqlite3.connect(database.url)
    connection.execute(
        "UPDATE profiler_runs SET worker_host = 'elsewhere', uuid = 'its own ' || id WHERE id != ?", (mine,)
    )
    connection.execute(
        "UPDATE profiler_runs SET heartbeat = '2020-01-01T00:00:00.000Z' WHERE id = ?", (gone,)
    )
    connection.commit()
    connection.close()
    assert history.mark_crashed() == [gone]
    assert {row["id"]: row["status"] for row in history.list_runs()[0]} == {
        mine: "running",
        elsewhere: "running",
        gone: "crashed",
    }


def test_a_reused_pid_does_not_keep_a_run_alive(
    database: Database, writer: RunWriter, history: History
) -> None:
    handle = writer.begin(a_run(status="running"), ByHand(a_step("4", status="running", exec_time=None)))
    run_id = handle.wait(30.0)
    connection = sqlite3.connect(database.url)
    connection.execute("UPDATE profiler_runs SET worker_started = worker_started - 1000, uuid = 'other'")
    connection.commit()
    connection.close()
    assert history.mark_crashed() == [run_id]
    assert [row["status"] for row in history.step_rows(run_id or 0)] == ["interrupted"]


def test_opening_the_history_marks_what_start_up_could_not(database: Database, writer: RunWriter) -> None:
    handle = writer.begin(a_run(status="running"), ByHand())
    run_id = handle.wait(30.0)
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE profiler_runs SET worker_started = 1, uuid = 'other'")
    again = Database(database.url)
    assert run_id is not None
    assert History(again).load_run(run_id).status == "crashed"
    again.close()


@pytest.mark.parametrize("content", [None, b"", b"no database"])
def test_recovery_creates_and_repairs_nothing(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "history.db"
    if content is not None:
        path.write_bytes(content)
    assert recover(path) == 0
    assert (path.read_bytes() if path.exists() else None) == content


def test_recovery_does_not_upgrade_base_tables(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    make_base_database(path)
    before = path.read_bytes()
    assert recover(f"sqlite:///{path}") == 0
    assert path.read_bytes() == before
    assert query(path, "SELECT count(*) FROM profiler_runs") == [(1,)]


def test_recovery_imports_nothing_heavy(database: Database) -> None:
    """Alembic and SQLAlchemy stay out of ComfyUI's start as long as there is nothing to mark."""
    database.open()
    code = (
        "import sys; from engine.store.recovery import recover; recover(sys.argv[1]); "
        "print([name for name in ('alembic', 'sqlalchemy') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, database.url],
        capture_output=True,
        check=True,
        text=True,
        env=child_environment(),
    )
    assert done.stdout.strip() == "[]"


def test_a_list_does_not_show_a_dead_worker_s_run_as_running(
    database: Database, writer: RunWriter, history: History
) -> None:
    """A worker that died while others go on with the same history is never started again to say so."""
    handle = writer.begin(a_run(status="running"), ByHand())
    assert handle.wait(30.0) is not None
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE profiler_runs SET worker_pid = 2147483647, uuid = 'other'")
    assert [run["status"] for run in history.list_runs()[0]] == ["crashed"]
