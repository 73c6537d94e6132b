"""Statements about runs. Each runs in its caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from sqlalchemy import Column, Connection, bindparam, delete, insert, select, update

from ...clock import utc_timestamp
from .. import codec, schema
from ..errors import NotInHistory
from ..rows import RawRow
from . import contents, inside, series
from . import steps as of_steps
from .groups import visible
from .values import chunks, dicts, refusable

runs = schema.runs

BULKY = frozenset(
    f"{name}_json" for name in ("changes", "events", "metrics", "outputs", "overhead", "workflow_values")
)
"""What is left out where many runs are read."""

# Given their values apart from the statement, these are compiled once per set of columns.
_insert_run = insert(runs)
_update_run = update(runs).where(runs.c.id == bindparam("key_id"))


def run_row(
    connection: Connection,
    run_id: int,
    user_id: str | None = None,
    *,
    deleted: bool = False,
    columns: Sequence[Column[Any]] = tuple(runs.c),
) -> RawRow:
    """One run's raw row. Raises :class:`NotInHistory`."""
    query = select(*columns).where(runs.c.id == run_id, visible(runs.c.user_id, user_id))
    query = query.where(runs.c.deleted_at.isnot(None) if deleted else runs.c.deleted_at.is_(None))
    found = connection.execute(query).mappings().first()
    if found is None:
        raise NotInHistory(
            f"There is no deleted run {run_id} in the history."
            if deleted
            else f"There is no run {run_id} in the history."
        )
    return found


def rows_of(connection: Connection, run_ids: Sequence[int], user_id: str | None = None) -> dict[int, RawRow]:
    """The raw rows of many runs by id, without the bulkiest columns; unknown ids are left out."""
    columns = [each for each in runs.c if each.name not in BULKY]
    result: dict[int, RawRow] = {}
    for some in chunks(run_ids):
        theirs = visible(runs.c.user_id, user_id)
        query = select(*columns).where(runs.c.id.in_(some), runs.c.deleted_at.is_(None), theirs)
        result.update((row["id"], row) for row in dicts(connection.execute(query)))
    return result


def set_run(connection: Connection, run_id: int, values: Mapping[str, Any]) -> None:
    """New values for some columns."""
    given = {name: codec.storable(value) for name, value in values.items()}
    connection.execute(update(runs).where(runs.c.id == run_id).values(given))


def run_with(connection: Connection, uuid: str) -> RawRow | None:
    """The raw row of the run with that UUID, a deleted one too."""
    return connection.execute(select(runs).where(runs.c.uuid == uuid)).mappings().first()


def insert_run(connection: Connection, values: dict[str, Any]) -> int:
    """A new run; returns its id."""
    inserted = refusable(connection, lambda given: connection.execute(_insert_run, given), values)
    key = inserted.inserted_primary_key
    assert key is not None
    return int(key[0])


def update_run(connection: Connection, run_id: int, values: dict[str, Any]) -> None:
    """New values for some columns of a run."""
    keyed = {**values, "key_id": run_id}
    refusable(connection, lambda given: connection.execute(_update_run, given), keyed)


def purge_deleted(connection: Connection, older_than_s: float) -> int:
    """Remove for good what was deleted before; returns how many runs."""
    before = datetime.now(timezone.utc) - timedelta(seconds=older_than_s)
    query = select(runs.c.id).where(runs.c.deleted_at <= utc_timestamp(before))
    gone = list(connection.execute(query).scalars())
    for run_id in gone:
        remove_run(connection, run_id)
    if gone:
        contents.remove_unused(connection)
    return len(gone)


def remove_run(connection: Connection, run_id: int) -> None:
    """A run with its steps, devices and samples. Table by table, since others' tables may not cascade."""
    of_steps.delete_step_devices(connection, run_id)
    series.remove(connection, run_id)
    inside.remove(connection, run_id)
    for table in (schema.run_group_members, schema.run_groups):
        connection.execute(delete(table).where(table.c.run_id == run_id))
    connection.execute(delete(schema.steps).where(schema.steps.c.run_id == run_id))
    connection.execute(delete(runs).where(runs.c.id == run_id))


def mark_deleted(connection: Connection, run_id: int) -> None:
    """Take a run out of all lists."""
    set_run(connection, run_id, {"deleted_at": utc_timestamp()})
