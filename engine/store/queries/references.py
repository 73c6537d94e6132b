"""Statements about reference snapshots, environments, workflows and samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from ...clock import utc_timestamp
from ...model import Series, Snapshot
from .. import codec, rows, schema


def reference(connection: Connection, workflow_id: str, user_id: str) -> Snapshot | None:
    """The reference snapshot of a workflow, or ``None``."""
    table = schema.snapshots
    query = select(table).where(table.c.workflow_id == workflow_id, table.c.user_id == user_id)
    found = connection.execute(query).mappings().first()
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


def environments(connection: Connection) -> dict[int, Mapping[str, str]]:
    """Every stored environment by id."""
    table = schema.environments
    found = connection.execute(select(table.c.id, table.c.environment_json))
    return {key: codec.from_json(text, {}) for key, text in found}


def environment(connection: Connection, environment_id: int | None) -> dict[str, str]:
    """One environment; empty where the run has none."""
    if environment_id is None:
        return {}
    table = schema.environments
    query = select(table.c.environment_json).where(table.c.id == environment_id)
    return dict(codec.from_json(connection.execute(query).scalar(), {}))


def workflow(connection: Connection, content_id: int | None) -> dict[str, Any]:
    """``{"prompt", "workflow"}`` as queued; ``None`` where not stored."""
    result: dict[str, Any] = {"prompt": None, "workflow": None}
    if content_id is not None:
        table = schema.workflows
        found = connection.execute(select(table).where(table.c.id == content_id)).mappings().first()
        for name in result:
            if found is not None and found[name] is not None:
                result[name] = codec.from_json(codec.unpack_text(found[name]), None)
    return result


def series(connection: Connection, run_id: int) -> tuple[Series, ...]:
    """All samples of a run."""
    table = schema.series
    query = (
        select(table).where(table.c.run_id == run_id).order_by(table.c.metric, table.c.device, table.c.seq)
    )
    return rows.series_from_rows(list(connection.execute(query).mappings()))
