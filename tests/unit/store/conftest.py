"""A database file of its own for each test."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.store.database import Database
from engine.store.history import History
from engine.store.writer import RunWriter


@pytest.fixture(scope="session")
def fresh_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new history, made once: its migrations take longer than most tests."""
    path = tmp_path_factory.mktemp("fresh") / "history.db"
    made = Database(path)
    made.open()
    made.close()
    return path


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs that a history does not take go to the temporary folder: not to the machine's own."""
    folder = tmp_path / "temp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))


@pytest.fixture
def database(tmp_path: Path, fresh_file: Path) -> Iterator[Database]:
    path = tmp_path / "profiler" / "history.db"
    path.parent.mkdir()
    shutil.copy(fresh_file, path)
    opened = Database(path, busy_timeout_s=0.2)
    yield opened
    opened.close()


@pytest.fixture
def history(database: Database) -> History:
    return History(database)


@pytest.fixture
def writer(database: Database) -> Iterator[RunWriter]:
    writing = RunWriter(database)
    yield writing
    writing.close(5.0)
