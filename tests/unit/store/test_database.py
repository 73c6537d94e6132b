"""Opening: new files, odd folders, damage, read-only places, locks, a newer version."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from engine.store import migrate, schema
from engine.store.database import Database
from engine.store.errors import StoreBusy, StoreReadOnly, StoreTooNew, StoreUnavailable
from engine.store.history import History
from engine.store.writer import RunWriter
from tests.unit.store.help import ByHand, a_run, child_environment, make_base_database, query, record


def test_migrations_lead_to_the_tables_that_the_code_knows(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": schema.VERSION_TABLE})
        assert compare_metadata(context, schema.metadata) == []
    assert ScriptDirectory(str(migrate.MIGRATIONS)).get_heads() == [schema.HEAD]


@pytest.mark.parametrize("folder", ["with space", "100%é", "a?b#c", "deep/er"])
def test_the_file_may_lie_in_any_folder(tmp_path: Path, folder: str) -> None:
    path = tmp_path / folder / "my history.db"
    history = History(Database(path))
    assert history.list_runs() == ([], 0)
    history.close()
    assert path.is_file()
    assert query(path, "PRAGMA journal_mode") == [("wal",)]


def test_a_file_that_is_no_database_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    path.write_bytes(b"this is no database at all" * 100)
    (tmp_path / "history.db-wal").write_bytes(b"its last changes")
    database = Database(path)
    assert History(database).list_runs() == ([], 0)
    database.close()
    kept, last_changes = sorted(tmp_path.glob("history.db.damaged-*"))
    assert last_changes.name == f"{kept.name}-wal"
    assert last_changes.read_bytes() == b"its last changes"
    assert kept.read_bytes().startswith(b"this is no database")
    assert kept.name in database.notices[0]


def test_a_database_with_a_broken_page_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    database = Database(path)
    database.open()
    database.close()
    page = query(path, "SELECT rootpage FROM sqlite_master WHERE name = 'profiler_runs'")[0][0]
    assert isinstance(page, int)
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)
    assert History(database).list_runs() == ([], 0)
    assert len(list(tmp_path.glob("history.db.damaged-*"))) == 1
    database.close()


def test_a_read_only_folder_is_still_read(tmp_path: Path, frozen: object) -> None:
    folder = tmp_path / "kept"
    database = Database(folder / "history.db")
    writer = RunWriter(database)
    run_id = record(writer, a_run(name="readable"))
    writer.close()
    database.close()
    frozen(folder)  # type: ignore[operator]
    database = Database(folder / "history.db")
    history = History(database)
    assert history.load_run(run_id).name == "readable"
    with pytest.raises(StoreReadOnly, match="cannot be written"):
        history.update_run(run_id, name="x")
    writer = RunWriter(database)
    handle = writer.begin(a_run(status="running"), ByHand())
    assert handle.wait(0.5) is None
    assert "cannot be written" in handle.errors[0]
    writer.close(0.1)
    database.close()


def test_base_tables_in_a_read_only_folder_are_read_through_a_copy(tmp_path: Path, frozen: object) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    make_base_database(folder / "history.db")
    before = (folder / "history.db").read_bytes()
    frozen(folder)  # type: ignore[operator]
    database = Database(folder / "history.db")
    history = History(database)
    assert [step.node_id for step in history.load_run(3).steps] == ["7", "8"]
    with pytest.raises(StoreReadOnly):
        history.delete_run(3)
    database.close()
    assert (folder / "history.db").read_bytes() == before


def test_nothing_to_read_and_nowhere_to_write_says_so(tmp_path: Path, frozen: object) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    frozen(folder)  # type: ignore[operator]
    for place in (folder / "history.db", folder / "new" / "history.db"):
        with pytest.raises(StoreReadOnly, match="HOLAF_PROFILER_DATABASE_URL"):
            History(Database(place)).list_runs()


def test_a_lock_held_elsewhere_is_named_and_passes(
    database: Database, writer: RunWriter, history: History
) -> None:
    database.open()
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD_LOCK, database.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline().strip() == b"locked"
        with pytest.raises(StoreBusy, match="another process"):
            history.create_group(name="x")
        handle = writer.begin(a_run(name="patient", status="running"), ByHand())
        assert handle.wait(0.5) is None
    finally:
        holder.communicate()
    handle.finish(a_run(name="patient"))
    assert handle.wait(30.0) is not None
    assert "another process" in handle.errors[0]
    assert [run["name"] for run in history.list_runs()[0]] == ["patient"]


def test_a_writer_has_the_lock_from_its_first_question_on(database: Database, history: History) -> None:
    """Else what it read could have changed by the time it writes, and SQLite would refuse the write."""
    other = Database(database.url, busy_timeout_s=0.0)
    with database.write() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM profiler_groups").all()
        with pytest.raises(StoreBusy):
            History(other).create_group(name="in between")
        connection.exec_driver_sql("INSERT INTO profiler_groups (name) VALUES ('first')")
    other.close()
    assert [group["name"] for group in history.list_groups()] == ["first"]


HOLD_LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""


def test_workers_that_start_together_upgrade_once_and_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    make_base_database(path)
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=child_environment(),
        )
        for _ in range(2)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline().strip() == b"ready"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.close()
    assert [worker.wait() for worker in workers] == [0, 0]
    assert query(path, "SELECT count(*), count(DISTINCT id) FROM profiler_runs") == [(1 + 2 * 4,) * 2]
    assert query(path, "SELECT count(*) FROM profiler_steps") == [(2 + 2 * 4 * 10,)]


WORKER = """
import sys
from engine.model import Run, Step
from engine.store.database import Database
from engine.store.writer import RunWriter
from tests.unit.store.help import ByHand

writer = RunWriter(Database(sys.argv[1]))
print("ready", flush=True)
sys.stdin.read()
steps = tuple(Step(node_id=str(number), node_type="N", position=number) for number in range(10))
for _ in range(4):
    handle = writer.begin(Run(timestamp="2026-05-01T10:00:00.000Z"), ByHand())
    handle.finish(Run(timestamp="2026-05-01T10:00:00.000Z", status="success", steps=steps))
    if handle.wait(60.0) is None:
        sys.exit("; ".join(handle.errors))
"""


def test_a_newer_database_is_left_alone(database: Database) -> None:
    database.open()
    database.close()
    connection = sqlite3.connect(database.url)
    connection.execute(f"UPDATE {schema.VERSION_TABLE} SET version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(StoreTooNew, match="Update the pack"):
        History(database).list_runs()
    assert query(Path(database.url), f"SELECT * FROM {schema.VERSION_TABLE}") == [("9999",)]


@pytest.mark.parametrize("url", ["nonsense://", "sqlite://", "postgresql+nodriver://me:secret@host/db"])
def test_an_address_that_cannot_work_is_explained(url: str) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        History(Database(url)).list_runs()
    assert "HOLAF_PROFILER_DATABASE_URL" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_folder_in_the_files_place_is_explained(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="is a folder"):
        History(Database(tmp_path)).list_runs()
