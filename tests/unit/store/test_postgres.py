"""What only a server has: other workers at the same time, a server that is killed, away or mute."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Table, create_engine, text

from engine.model import Group
from engine.store.database import Database
from engine.store.errors import StoreAway, StoreUnavailable
from engine.store.history import History
from engine.store.queries import contents
from engine.store.recovery import recover
from engine.store.run_file import RunFile
from engine.store.writer import RunWriter
from tests.unit.store.help import ByHand, a_run, a_step, child_environment, group_totals, query, record
from tests.unit.store.postgres import Postgres
from tests.unit.store.test_writer import until


@pytest.fixture
def shared(server: Postgres, tmp_path: Path) -> Iterator[Database]:
    database = Database(server.url, folder=tmp_path)
    yield database
    database.close()


@pytest.fixture
def writing(shared: Database) -> Iterator[RunWriter]:
    writer = RunWriter(shared)
    yield writer
    writer.close(0.5)


def test_base_tables_are_upgraded_in_place(server: Postgres, shared: Database) -> None:

    engine = create_engine(server.url)
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
    assert [row["exec_time"] for row in group_totals(history, 3)] == [2.5]


def test_dead_workers_are_found_on_a_server_too(
    server: Postgres, shared: Database, writing: RunWriter
) -> None:
    assert recover(server.url, shared.folder) == 0  # no tables yet
    handle = writing.begin(a_run(status="running"), ByHand())
    assert handle.wait(30.0) is not None
    assert recover(server.url, shared.folder) == 0
    with shared.write() as connection:
        connection.execute(
            text("UPDATE profiler_runs SET worker_started = 1, uuid = 'other', running_node_id = '3'")
        )
    assert recover(server.url, shared.folder) == 1
    assert History(shared).list_runs()[0][0]["status"] == "crashed"


def test_a_server_that_is_away_is_named_without_its_password() -> None:
    with pytest.raises(StoreUnavailable) as caught:
        History(Database("postgresql+psycopg://me:secret@127.0.0.1:1/x")).list_runs()
    assert "secret" not in str(caught.value)


WORKER = """
import sys
from pathlib import Path
from engine.model import Group, Run, Snapshot, Step
from engine.store.database import Database
from engine.store.history import History
from engine.store.writer import RunWriter
from tests.unit.store.help import ByHand

url, folder, name = sys.argv[1:]
database = Database(url, folder=Path(folder))
writer, history = RunWriter(database), History(database)
history.list_runs()
print("ready", flush=True)
sys.stdin.readline()
step = Step(node_id="1", node_type="N", position=0)
for number in range(8):
    run = Run(
        timestamp="2026-05-01T10:00:00.000Z", name=name, status="success", steps=(step,), workflow_id="wf",
        environment={"round": str(number)}, prompt={"1": {"class_type": f"N{number}", "inputs": {}}},
        groups=(Group(name="g", members=("1",), workflow_id="wf", source_node_id=str(number)),),
    )
    handle = writer.begin(run, ByHand())
    handle.finish(run)
    history.store_reference(Snapshot(workflow_id=f"wf-{number}", hash=name, nodes=()))
    if handle.wait(60.0) is None:
        sys.exit("; ".join(handle.errors))
    if number % 4 == 3:
        found, _ = history.list_runs(q=name, limit=1)
        history.delete_run(found[0]["id"])
        history.purge_deleted(-1.0)
print("done", flush=True)
"""


def test_workers_that_store_the_same_at_once_lose_nothing(server: Postgres, shared: Database) -> None:
    """The same new environments, prompts, groups and references, while each also purges."""
    shared.open()
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, server.url, str(shared.folder), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=child_environment(),
        )
        for name in ("first", "second")
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline().strip() == "ready"
    ends = [worker.communicate("go\n", timeout=120.0) for worker in workers]
    assert [(out.strip(), err[-2000:]) for out, err in ends] == [("done", "")] * 2
    counts = "SELECT count(*), count(DISTINCT uuid) FROM profiler_runs WHERE status = 'success'"
    assert query(shared, counts) == [(2 * (8 - 2),) * 2]
    assert query(shared, "SELECT count(*) FROM profiler_groups") == [(8,)]
    assert query(shared, "SELECT count(*) FROM profiler_group_members") == [(8,)]
    assert query(shared, "SELECT count(*) FROM profiler_snapshots") == [(8,)]


@pytest.mark.parametrize("what", ["environment", "prompt"])
def test_what_two_workers_store_in_the_same_moment_is_stored_once_for_both(
    server: Postgres, shared: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """The other worker stores it after this one has looked for it in vain, before this one stores it."""
    fields = {what: {"3": {"class_type": "KSampler", "inputs": {}}}}
    one, other = (RunFile.of(a_run(uuid=uuid, **fields)) for uuid in ("one", "other"))
    others = Database(server.url, folder=tmp_path)
    others.open()
    insert_one, met = contents.insert_one, []

    def meanwhile(connection: Connection, table: Table, values: Mapping[str, Any]) -> int:
        if not met:
            met.append(table)
            other.save(others, 0.0)
        return insert_one(connection, table, values)

    monkeypatch.setattr(contents, "insert_one", meanwhile)
    one.save(shared, 0.0)
    others.close()
    assert met
    assert query(shared, "SELECT uuid, status FROM profiler_runs ORDER BY uuid") == [
        ("one", "success"),
        ("other", "success"),
    ]
    assert query(shared, f"SELECT count(*) FROM {met[0].name}") == [(1,)]


def test_a_run_whose_server_is_killed_reaches_it_later(
    server: Postgres, shared: Database, writing: RunWriter
) -> None:
    handle = writing.begin(a_run(name="long", status="running"), ByHand(a_step("1")))
    run_id = handle.wait(30.0)
    server.kill()
    try:
        handle.finish(a_run(name="long", steps=(a_step("1"), a_step("2", 1))))
        assert handle.wait(0.2) is None
        until(lambda: bool(handle.errors))
    finally:
        server.start()
    assert handle.wait(60.0) == run_id
    run = History(shared).load_run(run_id or 0)
    assert (run.status, [step.node_id for step in run.steps]) == ("success", ["1", "2"])
    assert query(shared, "SELECT count(*) FROM profiler_runs") == [(1,)]


def test_a_run_of_a_process_that_ended_meanwhile_is_delivered_by_the_next(
    server: Postgres, shared: Database, writing: RunWriter
) -> None:
    group = Group(name="loaders", members=("1",), workflow_id="wf-1", source_node_id="50")
    handle = writing.begin(a_run(name="kept", status="running"), ByHand())
    run_id = handle.wait(30.0)
    server.kill()
    try:
        handle.finish(a_run(name="kept", steps=(a_step("1"),), groups=(group,)))
        writing.close(1.0)
    finally:
        server.start()
    again = Database(server.url, folder=shared.folder)
    next_writer = RunWriter(again)
    record(next_writer, a_run(name="next"))
    until(lambda: [run["status"] for run in History(again).list_runs(q="kept")[0]] == ["success"])
    run = History(again).load_run(run_id or 0)
    assert [step.node_id for step in run.steps] == ["1"]
    assert [each.name for each in run.groups] == ["loaders"]
    assert History(again).list_runs()[1] == 2
    next_writer.close()
    again.close()


def test_a_mute_server_delays_nobody(server: Postgres, shared: Database, writing: RunWriter) -> None:
    """Its connections stand, and nothing comes back."""
    history = History(shared)
    history.list_runs()
    server.pause()
    try:
        asked: list[str] = []
        handle = writing.begin(a_run(status="running"), ByHand())
        for wait_s in (0.2, 3600.0):  # the second is refused at once: the server is known to be late
            with pytest.raises(StoreAway):
                history.within(wait_s, lambda: (asked.append("asked"), history.reference("wf")))
        assert asked == ["asked"]
        assert handle.run_id is None
    finally:
        server.go_on()
    until(lambda: handle.run_id is not None)


def test_each_user_sees_their_own(shared: Database, writing: RunWriter) -> None:
    history = History(shared)
    step = a_step("1", inputs_hash="same")
    mine = record(writing, a_run(user_id="ann", steps=(step,), environment={"gpu": "hers"}))
    record(writing, a_run(user_id="bob", steps=(replace(step, exec_time=9.0),), environment={"gpu": "his"}))
    assert history.previous_times(["same"], "ann") == {"same": (mine, 1.0)}
    assert [each["gpu"] for each in history.environments("bob").values()] == ["his"]
