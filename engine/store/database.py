"""Opens the history's database and keeps it in order. Knows files; of runs only those cut off.

Never deletes a database: a damaged file is set aside under a new name and a fresh
one is started. A file that cannot be written is still read; one that also lacks
newer columns is read through an upgraded copy in the temporary folder.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError

from . import sqlite_files
from .address import ENV_VARIABLE, server_url, shown, sqlite_path
from .crash import any_running, mark_crashed
from .errors import StoreDamaged, StoreReadOnly, StoreUnavailable
from .migrate import revision_of, upgrade
from .schema import HEAD
from .translate import translated, translating

log = logging.getLogger("holaf.profiler")


class Database:
    """One database, opened at first use; safe from any thread.

    ``url`` is a path or any SQLAlchemy URL. ``notices`` are plain sentences that the
    user should see once (a damaged file set aside, a read-only folder). ``where``
    names the database for people, without a password. ``fresh_starts`` counts how often a
    damaged or deleted file was replaced by an empty one: ids from before mean nothing then.
    """

    def __init__(self, url: str | Path, *, busy_timeout_s: float = 5.0) -> None:
        self.url = str(url)
        self.busy_timeout_s = busy_timeout_s
        self.notices: list[str] = []
        self.read_only = False
        self.fresh_starts = 0
        self._engine: Engine | None = None
        self._lock = threading.RLock()
        self._copy_folder: Path | None = None
        self._suspect = False

    @property
    def where(self) -> str:
        return shown(self.url)

    def open(self) -> Engine:
        """The engine, opened, checked and upgraded at the first call. Raises ``StoreError``."""
        engine = self._engine
        if engine is not None and not self._file_is_gone():
            return engine
        with self._lock:
            if self._engine is None:
                path = sqlite_path(self.url)
                with translating(self.where):
                    if path is None:
                        self._engine = self._open_server(server_url(self.url))
                    else:
                        self._engine = self._open_file(path)
                    if not self.read_only:
                        _mark_cut_off_runs(self._engine)
            return self._engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection in a read transaction. Raises ``StoreError``."""
        with self._noticing_damage(), translating(self.where), self.open().connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A connection in a write transaction, committed at the end. Raises ``StoreError``."""
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

    def _file_is_gone(self) -> bool:
        """Whether somebody deleted the file meanwhile; then it is closed, to be made anew."""
        path = sqlite_path(self.url)
        if path is None or self.read_only or path.exists():
            return False
        self.close()
        self.fresh_starts += 1
        self._notice(f"The history at {path} was deleted while it was in use; a new, empty one was started.")
        return True

    def _notice(self, text: str) -> None:
        if text not in self.notices:
            self.notices.append(text)
            log.warning(text)

    def _open_server(self, url: URL) -> Engine:
        engine = create_engine(url, pool_pre_ping=True)
        with engine.connect() as connection:
            current = revision_of(connection) == HEAD
        if not current:
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
        return sqlite_files.sqlite_engine(path, "write", busy_timeout_s=self.busy_timeout_s)

    def _upgrade_file(self, path: Path, where: str) -> None:
        """Migrate if needed, over a connection of its own without foreign keys. ``where`` is for people."""
        engine = sqlite_files.sqlite_engine(
            path, "write", busy_timeout_s=self.busy_timeout_s, foreign_keys=False, pooled=False
        )
        with engine.connect() as connection:
            current = revision_of(connection) == HEAD
        if not current:
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
        with engine.connect() as connection:
            current = revision_of(connection) == HEAD
        if current:
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


def _mark_cut_off_runs(engine: Engine) -> None:
    """What start-up could not do: the file was locked then, or belongs to another user than the first."""
    with engine.connect() as connection:
        if not any_running(connection):
            return
    try:
        with engine.connect().execution_options(holaf_write=True) as connection, connection.begin():
            mark_crashed(connection)
    except OperationalError as error:
        log.info("Runs that were cut off could not be marked now: %s", error.orig)
