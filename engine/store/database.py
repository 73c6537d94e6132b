"""Opens the history's database and keeps it in order. Knows files; of runs only those cut off.

Never deletes a database: a damaged file is set aside under a new name and a fresh
one is started. What happens to the file under the open history (deleted, replaced,
its log cut off) is noticed at the next use. A file that cannot be written is still read; one that also lacks
newer columns is read through an upgraded copy in the temporary folder.
"""

from __future__ import annotations

import logging
import random
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError

from . import sqlite_files
from .address import ENV_VARIABLE, server_url, shown, sqlite_path
from .crash import Crashes
from .errors import StoreConflict, StoreDamaged, StoreReadOnly, StoreUnavailable
from .migrate import is_current, upgrade
from .translate import translated, translating

log = logging.getLogger("holaf.profiler")

T = TypeVar("T")
CONFLICTS_MAX = 5
"""How often a write is tried again at once when another worker got in between."""
SERVER_LIMITS = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "options": "-c statement_timeout=60000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=60000",
}
"""For PostgreSQL's client library; ``connect_timeout`` is in seconds, ``*_timeout`` otherwise in ms."""


class Database:
    """One database, opened at first use; safe from any thread.

    ``url`` is a path or any SQLAlchemy URL; ``folder`` is where a server's users keep the files of
    their own machine. ``notices`` are plain sentences about what happened to the database (a damaged
    file set aside, a deleted one), in that order. ``where`` names the database for people, without a
    password. ``fresh_starts`` counts how often another file took the place of the one before: ids
    from before mean nothing then. ``edits`` counts this process's changes of what was recorded.
    """

    def __init__(self, url: str | Path, *, folder: Path | None = None, busy_timeout_s: float = 5.0) -> None:
        self.url = str(url)
        self.folder = folder
        self.crashes = Crashes(self.url, folder)
        self.busy_timeout_s = busy_timeout_s
        self.notices: list[str] = []
        self.read_only = False
        self.fresh_starts = 0
        self.edits = 0
        self._engine: Engine | None = None
        self._lock = threading.RLock()
        self._copy_folder: Path | None = None
        self._suspect = False
        self._file: sqlite_files.Identity | None = None

    @cached_property
    def where(self) -> str:
        """Where the history lies, for people to read."""
        return shown(self.url)

    def open(self) -> Engine:
        """The engine, opened, checked and upgraded at the first call. Raises ``StoreError``."""
        engine = self._engine
        if engine is not None and not self._is_another_file():
            return engine
        with self._lock:
            if self._engine is None:
                path = sqlite_path(self.url)
                with translating(self.where):
                    if path is None:
                        self._engine = self._open_server(server_url(self.url))
                    else:
                        self._engine = self._open_file(path)
                        self._file = None if self.read_only else sqlite_files.identity(path)
                    if not self.read_only:
                        self._look_for_crashes(self._engine)
            return self._engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection in a read transaction. Raises ``StoreError``."""
        with self._noticing_damage(), translating(self.where), self.open().connect() as connection:
            yield connection

    def transact(self, work: Callable[[Connection], T], *, is_edit: bool = True) -> T:
        """``work`` in a write transaction, again if another worker got in between. Raises ``StoreError``.

        ``is_edit``: not just a run on its way into the history.
        """
        try:
            return self._transact(work)
        finally:
            self.edits += is_edit

    def _transact(self, work: Callable[[Connection], T]) -> T:
        for tries in range(CONFLICTS_MAX):
            with suppress(StoreConflict), self.write() as connection:
                return work(connection)
            time.sleep(random.random() * 0.02 * 2**tries)  # not both at once again
        with self.write() as connection:
            return work(connection)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A connection in a write transaction, committed at the end. Raises ``StoreError``."""
        engine = self.open()
        if self.read_only and self._can_be_written_again():
            engine = self.open()
        if self.read_only:
            raise StoreReadOnly(str(translated(PermissionError("read-only"), self.where)))
        with (
            self._noticing_damage(),
            translating(self.where),
            engine.connect().execution_options(holaf_write=True) as connection,
            connection.begin(),
        ):
            yield connection

    def mark_crashed(self) -> list[int]:
        """Mark runs whose process is gone as crashed; returns their ids. Raises ``StoreError``."""
        with translating(self.where):
            return self.crashes.mark(self.open())

    def _look_for_crashes(self, engine: Engine) -> None:
        """What start-up could not do: the file was locked then, or belongs to another user than the first."""
        try:
            self.crashes.mark(engine)
            self.crashes.sweep()
        except OperationalError as error:
            log.info("Runs that were cut off could not be marked now: %s", error.orig)

    def close(self) -> None:
        """Close all connections. The next use opens the database again."""
        with self._lock:
            if self._engine is not None:
                self._engine.dispose()
                self._engine = None
            if self._copy_folder is not None:
                shutil.rmtree(self._copy_folder, ignore_errors=True)
                self._copy_folder = None

    @contextmanager
    def _noticing_damage(self) -> Iterator[None]:
        """Damage found in use: close, so that the next use checks the file and sets it aside."""
        try:
            yield
        except StoreDamaged:
            self._suspect = True
            self.close()
            raise

    def _is_another_file(self) -> bool:
        """Whether the file was deleted, replaced or cut off meanwhile; then it is closed."""
        path = sqlite_path(self.url)
        if path is None or self.read_only:
            return False
        with self._lock:
            if self._engine is None or self._file is None:
                return False
            now = sqlite_files.identity(path)
            what = self._file.difference(now)
            if what is None or (what == "cut off" and self._log_is_whole()):
                self._file = now
                return False
            before = self._file
            self.close()
            if what == "replaced":
                with suppress(OSError):
                    sqlite_files.set_log_aside(path, before)
            self.fresh_starts += 1
            self._suspect = what == "cut off"  # SQLite may have copied a part of what was in it
            self._notice(
                {
                    "deleted": f"The history at {path} was deleted while it was in use; a new, empty one "
                    "was started.",
                    "replaced": f"The history at {path} was replaced by another file while it was in use; "
                    "runs go to that file from now on.",
                    "cut off": f"The file {path}-wal of the history was cut off by another program. Runs "
                    "that it held may be lost; the run that goes on is written again.",
                }[what]
            )
            return True

    def checkpoint(self) -> None:
        """Move what an SQLite file's log holds into the file itself, as far as nobody reads it."""
        if sqlite_path(self.url) is not None and not self.read_only:
            with translating(self.where):
                sqlite_files.checkpoint(self.open())

    def _log_is_whole(self) -> bool:
        """Asked of a log that became shorter: another program may have emptied it as SQLite does."""
        try:
            assert self._engine is not None
            sqlite_files.checkpoint(self._engine)
        except (sqlite3.OperationalError, OperationalError):
            return False
        return True

    def _can_be_written_again(self) -> bool:
        path = sqlite_path(self.url)
        if path is None or not sqlite_files.writable(path):
            return False
        self.close()
        return True

    def _notice(self, text: str) -> None:
        self.notices.append(text)
        log.warning(text)

    def _open_server(self, url: URL) -> Engine:
        # What libpq knows of limits: without them a network that swallows packets is waited for without end.
        limits = SERVER_LIMITS if url.get_backend_name() == "postgresql" else {}
        engine = create_engine(url, pool_pre_ping=True, pool_timeout=5.0, connect_args=limits)
        upgrade(engine, self.where)
        return engine

    def _open_file(self, path: Path) -> Engine:
        self.read_only = False
        if path.is_dir():
            raise StoreUnavailable(f"{path} is a folder. The history needs a file name.")
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
        if not sqlite_files.writable(path):
            return self._open_read_only(path)
        try:
            sqlite_files.check(path, self.busy_timeout_s, thorough=self._suspect)
        except sqlite3.DatabaseError as error:
            problem = translated(error, str(path))
            if isinstance(problem, StoreReadOnly):
                return self._open_read_only(path)
            if not isinstance(problem, StoreDamaged):
                raise
            self._set_aside(path)
            sqlite_files.check(path, self.busy_timeout_s)
        self._suspect = False
        self._upgrade_file(path, self.where)
        engine = sqlite_files.sqlite_engine(path, "write", busy_timeout_s=self.busy_timeout_s)
        # Held open from now on, so that the log is not put away when another process closes the file.
        sqlite_files.checkpoint(engine)
        return engine

    def _upgrade_file(self, path: Path, where: str) -> None:
        """Migrate if needed, over a connection of its own without foreign keys. ``where`` is for people."""
        engine = sqlite_files.sqlite_engine(
            path, "write", busy_timeout_s=self.busy_timeout_s, foreign_keys=False, pooled=False
        )
        upgrade(engine, where)

    def _set_aside(self, path: Path) -> None:
        try:
            kept = sqlite_files.set_aside(path)
        except FileNotFoundError:
            return  # another process was faster
        except PermissionError as error:
            raise StoreDamaged(
                f"The history at {path} is damaged, and another program has it open, so that it cannot be "
                "set aside. Close that program, or rename the file yourself."
            ) from error
        finally:
            self.fresh_starts += 1
        self._notice(
            f"The history at {path} was damaged and could not be read. It was set aside as {kept.name} in "
            "the same folder, and a new, empty history was started. Nothing was deleted; keep that file if "
            "you want to try to repair it (sqlite3's .recover command)."
        )

    def _open_read_only(self, path: Path) -> Engine:
        """Open for reading what cannot be written; raises if there is nothing to read."""
        if not path.exists():
            raise StoreReadOnly(str(translated(PermissionError("read-only"), str(path))))
        access = sqlite_files.readable_access(path, self.busy_timeout_s)
        self.read_only = True
        self._notice(
            f"The history at {path} cannot be written: old runs can be read, new runs are not kept. Make the "
            f"file and its folder writable, or point {ENV_VARIABLE} to another place."
        )
        engine = sqlite_files.sqlite_engine(path, access, busy_timeout_s=self.busy_timeout_s)
        if is_current(engine):
            return engine
        engine.dispose()
        copied = self._new_copy_folder() / "history.db"
        sqlite_files.copy(path, copied, self.busy_timeout_s)
        self._upgrade_file(copied, self.where)
        return sqlite_files.sqlite_engine(copied, "read", busy_timeout_s=self.busy_timeout_s)

    def _new_copy_folder(self) -> Path:
        if self._copy_folder is not None:  # of an attempt that failed
            shutil.rmtree(self._copy_folder, ignore_errors=True)
        self._copy_folder = Path(tempfile.mkdtemp(prefix="holaf_profiler_"))
        return self._copy_folder
