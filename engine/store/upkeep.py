"""Keeping a history small: by age, by number, by size; and emptying it.

Never removes a run that is pinned, commented or still going on, except that emptying takes all
that are over. What is removed here cannot be restored.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, or_, select

from . import rows, schema, sqlite_files, traces
from .address import sqlite_path
from .database import Database
from .errors import BadQuery
from .queries import contents
from .queries import groups as of_groups
from .queries import runs as of_runs
from .queries.groups import visible
from .translate import translating

runs, steps = schema.runs, schema.steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What to keep: runs of the last ``keep_days``, the newest ``keep_runs``, a file of ``keep_bytes``."""

    keep_days: float | None = None
    keep_runs: int | None = None
    keep_bytes: int | None = None


def beyond(database: Database, limits: Limits, user_id: str | None) -> list[int]:
    """The ids of the user's runs that are beyond ``limits`` and may go, oldest first."""
    path = sqlite_path(database.url)
    if limits.keep_bytes is not None and path is None:
        raise BadQuery("keep_bytes is for histories in a file of their own; this one lies on a server.")
    with database.read() as connection:
        found = connection.execute(
            select(runs.c.id, runs.c.timestamp, _is_kept()).where(_is_over(user_id)).order_by(runs.c.id)
        ).all()
        used_bytes = _used_bytes(connection) if limits.keep_bytes is not None else 0
    aged = sorted((rows.iso_timestamp(timestamp), run_id, kept) for run_id, timestamp, kept in found)
    going: set[int] = set()
    if limits.keep_days is not None:
        before = datetime.now(timezone.utc) - timedelta(days=limits.keep_days)
        going |= {
            run_id for timestamp, run_id, _ in aged if timestamp < before.strftime("%Y-%m-%dT%H:%M:%S.%f")
        }
    if limits.keep_runs is not None:
        going |= {run_id for _, run_id, _ in aged[: max(0, len(aged) - limits.keep_runs)]}
    if limits.keep_bytes is not None and used_bytes > limits.keep_bytes and aged:
        count = math.ceil((used_bytes - limits.keep_bytes) / (used_bytes / len(aged)))
        going |= set([run_id for _, run_id, kept in aged if not kept][:count])
    return [run_id for _, run_id, kept in aged if run_id in going and not kept]


def remove(database: Database, run_ids: Iterable[int]) -> None:
    """Remove runs for good, and what only they referred to. Raises ``StoreError``."""
    wanted = list(run_ids)

    def work(connection: Connection) -> None:
        for run_id in wanted:
            of_runs.remove_run(connection, run_id)
        contents.remove_unused(connection)

    if wanted:
        database.transact(work)
        traces.sweep(database)


def empty(database: Database, user_id: str | None) -> int:
    """Remove all of the user's runs that are over, groups and references; answers how many runs."""

    def work(connection: Connection) -> int:
        gone = list(connection.execute(select(runs.c.id).where(_is_over(user_id, deleted=True))).scalars())
        for run_id in gone:
            of_runs.remove_run(connection, run_id)
        for group in of_groups.group_rows(connection, user_id=user_id):
            of_groups.delete_group(connection, group["id"], user_id)
        snapshots = schema.snapshots
        connection.execute(delete(snapshots).where(visible(snapshots.c.user_id, user_id)))
        contents.remove_unused(connection)
        return len(gone)

    count = database.transact(work)
    traces.sweep(database)
    return count


def waste_share(database: Database) -> float:
    """The part of the file that holds nothing any more; 0 on a server."""
    if sqlite_path(database.url) is None:
        return 0.0
    with database.read() as connection:
        return _pragma(connection, "freelist_count") / max(1, _pragma(connection, "page_count"))


def vacuum(database: Database) -> tuple[int, int] | None:
    """Give the space of removed runs back; the file's bytes before and after. ``None`` on a server."""
    path = sqlite_path(database.url)
    if path is None:
        return None
    before = _size(path)
    with translating(database.where):
        connection = sqlite_files.connect(path, "write", database.busy_timeout_s)
        with closing(connection):
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return before, _size(path)


def size(database: Database) -> int | None:
    """The bytes of the history's file; ``None`` where it lies on a server."""
    path = sqlite_path(database.url)
    return None if path is None else _size(path)


def _size(path: Path) -> int:
    return sum(each.stat().st_size for each in (path, path.with_name(path.name + "-wal")) if each.exists())


def _used_bytes(connection: Connection) -> int:
    used = _pragma(connection, "page_count") - _pragma(connection, "freelist_count")
    return used * _pragma(connection, "page_size")


def _pragma(connection: Connection, name: str) -> int:
    return int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())


def _is_over(user_id: str | None, *, deleted: bool = False) -> ColumnElement[bool]:
    conditions = [visible(runs.c.user_id, user_id), func.coalesce(runs.c.status, "success") != "running"]
    return and_(*conditions) if deleted else and_(*conditions, runs.c.deleted_at.is_(None))


def _is_kept() -> ColumnElement[bool]:
    """Whether somebody cares for the run: pinned, or with a comment on it or on one of its steps."""
    commented = exists().where(
        steps.c.run_id == runs.c.id, steps.c.step_comment.isnot(None), steps.c.step_comment != ""
    )
    return or_(func.coalesce(runs.c.pinned, False), func.coalesce(runs.c.global_comment, "") != "", commented)
