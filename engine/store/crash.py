"""Marks runs whose process died as crashed, with the node that was running. No start-up logic."""

from __future__ import annotations

import socket
from datetime import datetime, timedelta, timezone
from typing import Any

from sqlalchemy import Connection, insert, select, update

from . import codec, schema
from .queries import references as queries_references
from .rows import RawRow
from .worker import alive

SILENT_S = 600.0
"""A run of another machine counts as crashed after this long without a heartbeat (a renamed container)."""


def any_running(connection: Connection) -> bool:
    """Whether some run claims to be running."""
    runs = schema.runs
    query = select(runs.c.id).where(runs.c.status == "running").limit(1)
    return connection.execute(query).first() is not None


def mark_crashed(connection: Connection) -> list[int]:
    """Mark what must have crashed; returns the runs' ids. Runs of living processes are left alone."""
    runs = schema.runs
    # Only what marking needs: works on tables that other programs gave further columns.
    query = select(
        runs.c.id,
        runs.c.running_node_id,
        runs.c.workflow_content_id,
        runs.c.worker_host,
        runs.c.worker_pid,
        runs.c.worker_started,
        runs.c.heartbeat,
    ).where(runs.c.status == "running")
    dead = [row for row in connection.execute(query).mappings().all() if _is_dead(row)]
    for row in dead:
        _mark(connection, row)
    return [row["id"] for row in dead]


def _is_dead(row: RawRow) -> bool:
    if row["worker_host"] == socket.gethostname():
        return not alive(row["worker_pid"], row["worker_started"])
    limit = datetime.now(timezone.utc) - timedelta(seconds=SILENT_S)
    return (row["heartbeat"] or "") < limit.strftime("%Y-%m-%dT%H:%M:%S")


def _mark(connection: Connection, row: RawRow) -> None:
    runs, steps = schema.runs, schema.steps
    node_id = row["running_node_id"]
    values: dict[str, Any] = {"status": "crashed"}
    if node_id is None:
        values["error_message"] = "ComfyUI ended before the run did."
    else:
        of_node = (steps.c.run_id == row["id"]) & (steps.c.node_id == node_id)
        step = connection.execute(
            select(steps.c.id, steps.c.node_title, steps.c.node_type).where(of_node)
        ).first()
        if step is None:
            prompt = queries_references.workflow(connection, row["workflow_content_id"])["prompt"] or {}
            node = prompt.get(node_id, {})
            node_type = str(node.get("class_type", ""))
            title = str(node.get("_meta", {}).get("title", "") or node_type)
            connection.execute(
                insert(steps).values(
                    run_id=row["id"],
                    node_id=node_id,
                    node_title=codec.storable(title),
                    node_type=codec.storable(node_type),
                    role="node",
                    status="interrupted",
                    step_comment="",
                    position=_next_position(connection, row["id"]),
                )
            )
        else:
            title = step.node_title or step.node_type or ""
            connection.execute(update(steps).where(steps.c.id == step.id).values(status="interrupted"))
        values["error_node_id"] = node_id
        name = f"{title} (#{node_id})" if title else f"node #{node_id}"
        values["error_message"] = f"ComfyUI ended while {name} was running."
    # Steps that had begun and never ended, of overlapping nodes for instance.
    connection.execute(
        update(steps)
        .where(steps.c.run_id == row["id"], steps.c.status == "running")
        .values(status="interrupted")
    )
    connection.execute(update(runs).where(runs.c.id == row["id"]).values(values))


def _next_position(connection: Connection, run_id: int) -> int:
    steps = schema.steps
    positions = connection.execute(select(steps.c.position).where(steps.c.run_id == run_id)).scalars()
    return max((position for position in positions if position is not None), default=-1) + 1
