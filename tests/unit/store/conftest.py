"""A database file of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.store.database import Database
from engine.store.history import History
from engine.store.writer import RunWriter


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "profiler" / "history.db", busy_timeout_s=0.2)
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
