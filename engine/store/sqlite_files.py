"""SQLite files: connecting, checking, copying, setting aside. Knows nothing of tables.

Connections run in autocommit mode as far as the driver is concerned; transactions
begin where SQLAlchemy says so, and a writing one takes its lock at once, so that
two writers queue up instead of failing half-way.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from contextlib import closing, suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool, QueuePool

log = logging.getLogger("holaf.profiler")

Access = Literal["write", "read", "frozen"]
"""``write``: an ordinary connection. ``read``: cannot write. ``frozen``: a file that
nobody writes, read without its lock and ``-wal`` files (a read-only folder)."""
CHECKED_BYTES = 32 * 1024 * 1024
"""Files up to this size are checked page by page when they are opened (some 0.1 s)."""


class Identity(NamedTuple):
    """Which file lies at a path, and how long its log is; zeros where there is none."""

    device: int
    inode: int
    wal_inode: int
    wal_bytes: int

    def difference(self, now: Identity) -> Literal["deleted", "replaced", "cut off"] | None:
        """What happened to the file since; SQLite itself never makes a log in use shorter."""
        if (now.device, now.inode) == (0, 0):
            return "deleted"
        if (now.device, now.inode) != (self.device, self.inode):
            return "replaced"
        return "cut off" if now.wal_bytes < self.wal_bytes else None


def identity(path: Path) -> Identity:
    """The file at ``path`` as it is now."""
    try:
        file = path.stat()
    except OSError:
        return Identity(0, 0, 0, 0)
    try:
        log_file = os.stat(f"{path}-wal")
    except OSError:
        return Identity(file.st_dev, file.st_ino, 0, 0)
    return Identity(file.st_dev, file.st_ino, log_file.st_ino, log_file.st_size)


def set_log_aside(path: Path, before: Identity) -> None:
    """Rename the log of a file that another one replaced: SQLite would write it into that one."""
    if before.wal_inode and identity(path).wal_inode == before.wal_inode:
        _rename_free(path.with_name(f"{path.name}-wal"), f"{path.name}-wal.replaced-{_stamp()}")
        path.with_name(f"{path.name}-shm").unlink(missing_ok=True)


def connect(path: Path, access: Access, busy_timeout_s: float) -> sqlite3.Connection:
    """A driver-level connection. Raises ``sqlite3.Error``."""
    target: str = str(path)
    if access != "write":
        target = path.absolute().as_uri() + ("?mode=ro" if access == "read" else "?mode=ro&immutable=1")
    return sqlite3.connect(
        target,
        timeout=busy_timeout_s,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
        uri=access != "write",
    )


def sqlite_engine(
    path: Path, access: Access, *, busy_timeout_s: float, foreign_keys: bool = True, pooled: bool = True
) -> Engine:
    """An engine on ``path``. Opens nothing yet."""

    def creator() -> sqlite3.Connection:
        return connect(path, access, busy_timeout_s)

    engine = create_engine("sqlite://", creator=creator, poolclass=QueuePool if pooled else NullPool)

    @event.listens_for(engine, "connect")
    def prepare(dbapi_connection: Any, _record: Any) -> None:
        # SQLite's own lower() knows ASCII only; its name is left alone, others' indices may use it.
        dbapi_connection.create_function("holaf_lower", 1, _lower, deterministic=True)
        dbapi_connection.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        if access == "write":
            # With WAL, NORMAL loses nothing when the process dies; only a power cut may cost the last moment.
            dbapi_connection.execute("PRAGMA synchronous = NORMAL")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("holaf_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def writable(path: Path) -> bool:
    """Whether the file (if it exists) and its folder can be written."""
    if path.exists() and not os.access(path, os.W_OK):
        return False
    return os.access(path.parent, os.W_OK)


def check(path: Path, busy_timeout_s: float, *, thorough: bool = False) -> None:
    """Raise ``sqlite3.DatabaseError`` if the file is no sound database. Empty files are sound.

    ``thorough`` looks at large files and at indices too, which it makes anew where they are wrong: for a file
    that was found damaged in use, or whose log was.
    """
    if path.exists():
        with path.open("rb") as file:
            # Asked first: opening what is no database, SQLite may throw its "-wal" file away.
            if file.read(16) not in (b"", b"SQLite format 3\0"):
                raise sqlite3.DatabaseError("file is not a database")
    with closing(connect(path, "write", busy_timeout_s)) as connection:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if thorough or path.stat().st_size <= CHECKED_BYTES:
            verdict = _verdict(connection, "integrity_check" if thorough else "quick_check")
            if thorough and verdict != "ok":
                with suppress(sqlite3.DatabaseError):
                    connection.execute("REINDEX")
                verdict = _verdict(connection, "integrity_check")
            if verdict != "ok":
                raise sqlite3.DatabaseError(f"database disk image is malformed ({verdict})")
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            _switch_to_wal(connection)


def _verdict(connection: sqlite3.Connection, check: str) -> str:
    row = connection.execute(f"PRAGMA {check}(1)").fetchone()
    return "ok" if row is None else str(row[0])


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Readers and the writer no longer wait for each other; some network file systems cannot do it."""
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if "lock" in str(error) and "protocol" not in str(error):
            raise
        log.info("The history's file system cannot do write-ahead logging (%s); it works without.", error)


def checkpoint(engine: Engine) -> None:
    """Copy the log into the file as far as nobody reads it. Raises ``OperationalError``."""
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def set_aside(path: Path) -> Path:
    """Rename a damaged file and what belongs to it; returns the new name."""
    target = _rename_free(path, f"{path.name}.damaged-{_stamp()}")
    for suffix in ("-wal", "-shm"):
        companion = path.with_name(path.name + suffix)
        if companion.exists():
            companion.rename(target.with_name(target.name + suffix))
    return target


def _stamp() -> str:
    return datetime.now(timezone.utc).strftime("%Y%m%d-%H%M%S")


def _rename_free(path: Path, name: str) -> Path:
    """Rename to ``name``, with a number behind it where that is taken; returns the new path."""
    target = path.with_name(name)
    number = 1
    while target.exists():
        number += 1
        target = path.with_name(f"{name}-{number}")
    path.rename(target)
    return target


def readable_access(path: Path, busy_timeout_s: float) -> Access:
    """How a file that cannot be written can still be read. Raises ``sqlite3.Error`` if not at all."""
    try:
        _look_into(path, "read", busy_timeout_s)
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            raise
        _look_into(path, "frozen", busy_timeout_s)
        return "frozen"
    return "read"


def _look_into(path: Path, access: Access, busy_timeout_s: float) -> None:
    with closing(connect(path, access, busy_timeout_s)) as connection:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()


def copy(source: Path, target: Path, busy_timeout_s: float) -> None:
    """A consistent copy of a database that may be in use. Never writes to ``source``."""
    access = readable_access(source, busy_timeout_s)
    with (
        closing(connect(source, access, busy_timeout_s)) as reading,
        closing(sqlite3.connect(target)) as writing,
    ):
        reading.backup(writing)
