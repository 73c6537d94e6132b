"""One run as a history file of its own: what a bundle carries, and what another history imports."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from ..model import Run
from .database import Database
from .run_file import RunFile

NAME = "history.db"


def as_file(run: Run) -> bytes:
    """A SQLite history with nothing but ``run`` in it. Blocks; raises ``StoreError``."""
    with tempfile.TemporaryDirectory(prefix="holaf-profiler-") as folder:
        path = Path(folder) / NAME
        database = Database(path)
        try:
            RunFile.of(replace(run, id=None)).save(database, run.overhead.writer_s or 0.0)
        finally:
            database.close()
        return path.read_bytes()
