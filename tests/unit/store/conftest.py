"""A history of its own for each test: an SQLite file, or a schema of one PostgreSQL."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from engine.store.database import Database
from engine.store.history import History
from engine.store.writer import RunWriter
from tests.unit.store import postgres
from tests.unit.store.postgres import Postgres


@pytest.fixture(scope="session")
def fresh_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new history, made once: its migrations take longer than most tests."""
    path = tmp_path_factory.mktemp("fresh") / "history.db"
    made = Database(path)
    made.open()
    made.close()
    return path


@pytest.fixture(scope="session")
def one_server() -> Iterator[Postgres]:
    """Started once: that takes seconds."""
    with postgres.running() as server:
        yield server


@pytest.fixture
def server(one_server: Postgres) -> Iterator[Postgres]:
    """A PostgreSQL without tables."""
    yield one_server
    database = Database(one_server.url)
    with database.write() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    database.close()


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs that a history does not take go to the temporary folder: not to the machine's own."""
    folder = tmp_path / "temp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))


@pytest.fixture
def database(tmp_path: Path, fresh_file: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    """An SQLite file; a test marked with ``help.on_both_stores`` gets a PostgreSQL as well."""
    folder = tmp_path / "profiler"
    folder.mkdir()
    if getattr(request, "param", "sqlite") == "sqlite":
        shutil.copy(fresh_file, folder / "history.db")
        opened = Database(folder / "history.db", busy_timeout_s=0.2)
    else:
        opened = Database(request.getfixturevalue("server").url, folder=folder)
    yield opened
    opened.close()


@pytest.fixture
def history(database: Database) -> History:
    return History(database)


@pytest.fixture
def writer(database: Database) -> Iterator[RunWriter]:
    writing = RunWriter(database)
    yield writing
    writing.close(0.5)


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
