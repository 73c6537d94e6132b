"""The same history on PostgreSQL, for many workers on one server; skipped where there is none."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from engine.store.database import Database
from engine.store.errors import NotInHistory, StoreUnavailable
from engine.store.history import History
from engine.store.recovery import recover
from engine.store.writer import RunWriter
from tests import builders
from tests.unit.store.help import Told, a_run, a_step, record
from tests.unit.store.test_writer import comparable


def _programs() -> Path | None:
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return places[-1] if places else None


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A PostgreSQL of our own, on a socket in the temporary folder."""
    programs = _programs()
    driver = next((name for name in ("psycopg", "psycopg2") if importlib.util.find_spec(name)), None)
    if programs is None or driver is None:
        pytest.skip("PostgreSQL or its Python driver is not installed")
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # short: a socket's path has some 100 characters at most
    # PostgreSQL refuses to run as root.
    options = {"user": "postgres"} if os.geteuid() == 0 else {}
    if options:
        shutil.chown(folder, "postgres")

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd=folder, **options)  # type: ignore[call-overload]

    data = str(folder / "data")
    try:
        run("initdb", "-D", data, "-U", "profiler", "-A", "trust", "-E", "UTF8", "--no-sync")
        server_options = f"-F -c listen_addresses='' -c unix_socket_directories='{folder}'"
        run("pg_ctl", "-D", data, "-w", "-o", server_options, "-l", str(folder / "log"), "start")
        try:
            yield f"postgresql+{driver}://profiler@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def shared(server: str) -> Iterator[Database]:
    database = Database(server)
    yield database
    with database.write() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    database.close()


def test_a_run_comes_back_as_it_was(shared: Database) -> None:
    run = builders.two_gpu_run()
    run = replace(run, workflow_id="wf", environment={"a": "1"}, prompt={"1": {}})
    run = replace(
        run,
        steps=builders.positioned(run.steps),
        groups=tuple(
            replace(group, workflow_id="wf", source_node_id=str(number))
            for number, group in enumerate(run.groups)
        ),
    )
    writer = RunWriter(shared)
    told = Told(replace(run.steps[0], exec_time=None, step_comment=""))
    handle = writer.begin(replace(run, status="running"), told)
    assert handle.wait(30.0) is not None, handle.errors
    handle.finish(run)
    run_id = handle.wait(30.0)
    assert run_id is not None, handle.errors
    assert comparable(History(shared).load_run(run_id)) == comparable(run)
    writer.close()


def test_lists_groups_and_undo_work_alike(shared: Database) -> None:
    writer, history = RunWriter(shared), History(shared)
    steps = (a_step("7:3", 0, vram_max=np.int64(5)), a_step("9", 1, node_title="nul \0 here"))
    first = record(writer, a_run(name="Żółw", steps=steps))
    record(writer, a_run(timestamp="2026-06-01T00:00:00.000Z", total_time=None, pinned=True))
    assert [run["id"] for run in history.list_runs(q="żół", since="2026-05-01", until="2026-05-01")[0]] == [
        first
    ]
    assert [run["total_time"] for run in history.list_runs(sort="-total_time")[0]] == [3.0, None]
    assert history.list_runs(pinned=False)[1] == 1
    history.create_group(name="g", members=["7"])
    assert [(row["step_count"], row["vram_max"]) for row in history.group_totals(first)] == [(1, 5)]
    history.delete_run(first)
    with pytest.raises(NotInHistory):
        history.run_row(first)
    history.restore_run(first)
    history.delete_run(first)
    assert history.purge_deleted(-1.0) == 1
    writer.close()


def test_base_tables_are_upgraded_in_place(server: str, shared: Database) -> None:
    from sqlalchemy import create_engine

    engine = create_engine(server)
    with engine.begin() as connection:
        for statement in (
            "CREATE TABLE profiler_runs (id SERIAL PRIMARY KEY, timestamp TEXT NOT NULL, name TEXT NOT NULL, "
            "workflow_hash TEXT, global_comment TEXT, total_time FLOAT)",
            "CREATE TABLE profiler_steps (id SERIAL PRIMARY KEY, run_id INTEGER, node_id INTEGER NOT NULL, "
            "node_title TEXT, node_type TEXT, vram_start BIGINT, vram_max BIGINT, vram_end BIGINT, "
            "exec_time FLOAT, cpu_max FLOAT, gpu_load_max FLOAT, gpu_load_avg FLOAT, inputs_json TEXT, "
            "step_comment TEXT)",
            "CREATE TABLE profiler_groups (id SERIAL PRIMARY KEY, name TEXT UNIQUE, color TEXT, "
            "description TEXT)",
            "CREATE TABLE profiler_group_members (group_id INTEGER, node_id INTEGER, "
            "PRIMARY KEY (group_id, node_id))",
            "INSERT INTO profiler_runs VALUES (3, '2020-01-01', 'old', 'h', '', 2.5)",
            "INSERT INTO profiler_steps (id, run_id, node_id, exec_time) VALUES (5, 3, 7, 2.5)",
            "INSERT INTO profiler_group_members VALUES (1, 7)",
            "INSERT INTO profiler_groups VALUES (1, 'g', '#fff', '')",
        ):
            connection.execute(text(statement))
    engine.dispose()
    history = History(shared)
    assert [step.node_id for step in history.load_run(3).steps] == ["7"]
    assert [row["exec_time"] for row in history.group_totals(3)] == [2.5]


def test_dead_workers_are_found_on_a_server_too(server: str, shared: Database) -> None:
    assert recover(server) == 0  # no tables yet
    writer = RunWriter(shared)
    handle = writer.begin(a_run(status="running"), Told())
    assert handle.wait(30.0) is not None
    assert recover(server) == 0
    with shared.write() as connection:
        connection.execute(
            text("UPDATE profiler_runs SET worker_started = 1, uuid = 'other', running_node_id = '3'")
        )
    assert recover(server) == 1
    assert History(shared).list_runs()[0][0]["status"] == "crashed"
    writer.close()


def test_a_server_that_is_away_is_named_without_its_password() -> None:
    driver = next((name for name in ("psycopg", "psycopg2") if importlib.util.find_spec(name)), None)
    if driver is None:
        pytest.skip("no PostgreSQL driver is installed")
    with pytest.raises(StoreUnavailable) as caught:
        History(Database(f"postgresql+{driver}://me:secret@127.0.0.1:1/x")).list_runs()
    assert "secret" not in str(caught.value)
