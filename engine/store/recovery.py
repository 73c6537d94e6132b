"""Finds runs whose host died or could not write them, at start-up, in a few milliseconds.

Never creates or repairs a database where nothing waits for it, and imports nothing heavy: a
look with the plain driver comes first, and usually there is nothing to do.
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

from . import spool_file
from .address import shown, sqlite_path
from .errors import StoreError

log = logging.getLogger("holaf.profiler")

_NEEDED = {"status", "running_node_id", "worker_pid_space", "worker_pid", "heartbeat", "uuid"}
_BUSY_TIMEOUT_S = 0.2


def recover(url: str | Path, folder: Path | None = None) -> int:
    """Mark runs of dead workers as crashed; returns how many. Never raises.

    ``url`` is a path or any SQLAlchemy URL, ``folder`` as for ``Database``. What cannot be done
    now (no file yet, locked, read-only, older tables) is left for when the history is opened.
    """
    try:
        path = sqlite_path(url)
        crashed = _mark(str(url), path, folder) if path is None or _has_running(path) else 0
        _deliver(str(url), folder)
    except (StoreError, sqlite3.Error, OSError) as error:
        log.info("Runs that were cut off could not be looked for now: %s", error)
        return 0
    return crashed


def _has_running(path: Path) -> bool:
    """Whether the file has this pack's tables and a run in them that claims to be running."""
    if not path.is_file() or path.stat().st_size == 0:
        return False
    address = path.absolute().as_uri() + "?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=_BUSY_TIMEOUT_S)) as connection:
        columns = {row[1] for row in connection.execute("PRAGMA table_info(profiler_runs)")}
        if not columns >= _NEEDED:
            return False
        query = "SELECT 1 FROM profiler_runs WHERE status = 'running' LIMIT 1"
        return connection.execute(query).fetchone() is not None


def _deliver(url: str, folder: Path | None) -> None:
    """Runs that an earlier process could not write to the history."""
    if spool_file.exists(url, folder):
        from .database import Database
        from .spool import Spool

        with closing(Database(url, folder=folder)) as database:
            Spool(database).deliver()


def _mark(url: str, path: Path | None, folder: Path | None) -> int:
    from sqlalchemy import create_engine, inspect

    from .crash import Crashes
    from .sqlite_files import sqlite_engine
    from .translate import translating

    with translating(shown(url)):
        if path is None:
            engine = create_engine(url)
        else:
            engine = sqlite_engine(path, "write", busy_timeout_s=_BUSY_TIMEOUT_S, pooled=False)
        try:
            if path is None:
                tables = inspect(engine)
                if not (
                    tables.has_table("profiler_runs")
                    and {each["name"] for each in tables.get_columns("profiler_runs")} >= _NEEDED
                ):
                    return 0
            return len(Crashes(url, folder).mark(engine))
        finally:
            engine.dispose()
