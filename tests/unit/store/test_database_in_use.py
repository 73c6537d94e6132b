"""What happens to the history's file while it is open: damage, deletion, replacement."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from engine.store import sqlite_files
from engine.store.database import Database
from engine.store.errors import StoreDamaged
from engine.store.history import History
from engine.store.writer import RunWriter
from tests.unit.store.help import ByHand, a_run, query, record


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
