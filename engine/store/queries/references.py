"""Statements about reference snapshots. Each runs in its caller's transaction."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from ...clock import utc_timestamp
from ...model import Snapshot
from .. import codec, rows, schema


def reference(connection: Connection, current: Snapshot, user_id: str) -> Snapshot | None:
    """The reference snapshot of this workflow, or ``None``; ``current`` itself where nothing has changed."""
    table = schema.snapshots
    query = select(table).where(table.c.workflow_id == current.workflow_id, table.c.user_id == user_id)
    found = connection.execute(query).mappings().first()
    if found is not None and found["hash"] == current.hash:
        return current
    return None if found is None else rows.unpack_snapshot(found)


def store_reference(connection: Connection, snapshot: Snapshot, user_id: str) -> None:
    """Make ``snapshot`` the reference of its workflow."""
    table = schema.snapshots
    connection.execute(
        delete(table).where(table.c.workflow_id == snapshot.workflow_id, table.c.user_id == user_id)
    )
    connection.execute(
        insert(table).values(
            workflow_id=snapshot.workflow_id,
            user_id=user_id,
            hash=snapshot.hash,
            nodes_json=codec.storable(rows.pack_snapshot(snapshot)),
            timestamp=utc_timestamp(),
        )
    )
