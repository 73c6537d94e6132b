"""Opening: new files, odd folders, damage, read-only places, locks, a newer version."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from engine.store import migrate, schema, sqlite_files
from engine.store.database import Database
from engine.store.errors import StoreBusy, StoreDamaged, StoreReadOnly, StoreTooNew, StoreUnavailable
from engine.store.history import History
from engine.store.writer import RunWriter
from tests.unit.store.help import ByHand, a_run, child_environment, make_base_database, query, record


@pytest.fixture
def frozen(tmp_path: Path) -> Iterator[object]:
    """A function that makes a folder and its files unwritable, for root too."""
    touched: list[Path] = []

    def freeze(folder: Path) -> None:
        for path in (*folder.iterdir(), folder):
            if hasattr(os, "geteuid") and os.geteuid() == 0:
                done = shutil.which("chattr") and subprocess.run(["chattr", "+i", str(path)], check=False)
                if not done or done.returncode != 0:
                    pytest.skip("root writes everywhere, and this file system has no immutable files")
            else:
                path.chmod(0o555 if path.is_dir() else 0o444)
            touched.append(path)

    yield freeze
    for path in reversed(touched):
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            subprocess.run(["chattr", "-i", str(path)], check=True)
        else:
            path.chmod(0o755)


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


def test_damage_that_shows_only_in_use_is_set_aside_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large files are not checked as a whole when they are opened."""
    monkeypatch.setattr(sqlite_files, "CHECKED_BYTES", 0)
    path = tmp_path / "history.db"
    database = Database(path)
    history = History(database)
    with database.write() as connection:
        for number in range(200):
            connection.exec_driver_sql(
                f"INSERT INTO profiler_runs (name, workflow_id) VALUES ('x', 's{number}')"
            )
    database.close()
    index = "SELECT rootpage FROM sqlite_master WHERE name = 'ix_profiler_runs_workflow_id'"
    page = query(path, index)[0][0]
    assert isinstance(page, int)
    damage = bytearray(path.read_bytes())
    start = (page - 1) * 4096
    damage[start + 100 : start + 4096] = b"\xff" * 3996
    path.write_bytes(damage)
    with pytest.raises(StoreDamaged):
        history.list_runs(workflow="s7")
    assert history.list_runs(workflow="s7") == ([], 0)
    assert len(list(tmp_path.glob("history.db.damaged-*"))) == 1
    database.close()


def test_damage_found_while_writing_costs_no_run(
    database: Database, writer: RunWriter, history: History
) -> None:
    record(writer, a_run(name="before"))
    path = Path(database.url)
    handle = writer.begin(a_run(name="during", status="running"), ByHand())
    assert handle.wait(30.0) is not None
    database.close()
    for companion in path.parent.glob("history.db-*"):
        companion.unlink()
    path.write_bytes(b"garbage" * 1000)
    handle.finish(a_run(name="during"))
    assert handle.wait(30.0) is not None
    assert [run["name"] for run in history.list_runs()[0]] == ["during"]
    assert any("set aside" in notice for notice in handle.notices)


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


def test_a_file_that_is_deleted_in_use_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    database = Database(f"sqlite:///{path}")
    history = History(database)
    group = history.create_group(name="before")
    assert group["name"] == "before"
    for file in tmp_path.glob("history.db*"):
        file.unlink()
    assert history.list_groups() == []
    history.create_group(name="after")
    assert [row["name"] for row in history.list_groups()] == ["after"]
    assert any("deleted" in notice for notice in database.notices)
    history.close()


def test_a_file_that_is_replaced_in_use_is_used_from_then_on(
    tmp_path: Path, database: Database, writer: RunWriter, fresh_file: Path
) -> None:
    """A synchronised folder or a restored copy is put in place by renaming."""
    path = Path(database.url)
    record(writer, a_run(name="before"))
    handle = writer.begin(a_run(name="during", status="running"), ByHand())
    assert handle.wait(30.0) is not None
    shutil.copy(fresh_file, tmp_path / "other.db")
    (tmp_path / "other.db").rename(path)
    handle.finish(a_run(name="during"))
    assert handle.wait(30.0) is not None
    assert any("replaced" in notice for notice in handle.notices)
    after = writer.begin(a_run(name="after", status="running"), ByHand())
    after.finish(a_run(name="after"))
    assert after.wait(30.0) is not None
    assert after.notices == ()  # a notice belongs to the runs that saw it
    writer.close()
    database.close()
    assert query(path, "SELECT name FROM profiler_runs ORDER BY id") == [("during",), ("after",)]


@pytest.mark.parametrize("left_bytes", [0, 1000, 5000, 9000])
def test_a_log_that_is_cut_off_in_use_costs_no_later_run_and_is_not_kept_quiet(
    database: Database, writer: RunWriter, left_bytes: int
) -> None:
    path = Path(database.url)
    record(writer, a_run(name="before"))
    handle = writer.begin(a_run(name="during", status="running"), ByHand())
    assert handle.wait(30.0) is not None
    os.truncate(f"{path}-wal", left_bytes)
    handle.finish(a_run(name="during"))
    assert handle.wait(30.0) is not None
    assert any("cut off" in notice for notice in handle.notices)
    record(writer, a_run(name="after"))
    writer.close()
    database.close()
    assert query(path, "PRAGMA integrity_check") == [("ok",)]
    assert query(path, "SELECT name, status FROM profiler_runs ORDER BY id") == [
        ("before", "success"),
        ("during", "success"),
        ("after", "success"),
    ]


def test_a_log_that_another_program_empties_is_no_news(database: Database, writer: RunWriter) -> None:
    record(writer, a_run(name="before"))
    query(Path(database.url), "PRAGMA wal_checkpoint(TRUNCATE)")
    record(writer, a_run(name="after"))
    assert database.notices == []


def test_a_folder_that_can_be_written_again_is_used_again(tmp_path: Path, frozen: object) -> None:
    folder = tmp_path / "kept"
    database = Database(folder / "history.db")
    database.open()
    database.close()
    frozen(folder)  # type: ignore[operator]
    writer = RunWriter(database)
    handle = writer.begin(a_run(name="patient", status="running"), ByHand())
    handle.finish(a_run(name="patient"))
    assert handle.wait(0.5) is None
    for path in (folder, *folder.iterdir()):
        subprocess.run(["chattr", "-i", str(path)], check=False)
        path.chmod(0o755)
    assert handle.wait(30.0) is not None
    assert [run["name"] for run in History(database).list_runs()[0]] == ["patient"]
    writer.close()
    database.close()
