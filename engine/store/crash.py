"""Marks runs whose process died as crashed, with the node that was running. No start-up logic."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, literal_column, select, update

from . import codec, run_mark, schema
from .address import companion
from .queries import contents, membership
from .rows import RawRow
from .worker import is_alive

SILENT_S = 600.0
"""A run counts as crashed after this long without a heartbeat, where nothing else can be known of its
process: on another machine, or before this machine was started again."""
MARK_SUFFIX = "-running-"
runs, steps = schema.runs, schema.steps
_RUNNING = runs.c.status == literal_column("'running'")
"""Spelled out, so that the database sees that its index of running runs answers it."""


class Crashes:
    """Looks for dead runs in one database. ``url`` and ``folder`` as for ``Database``."""

    def __init__(self, url: str, folder: Path | None = None) -> None:
        self._url = url
        self._folder = folder

    def mark_path(self, uuid: str) -> Path:
        """Where the mark of a run of this machine lies."""
        return companion(self._url, self._folder, MARK_SUFFIX + uuid)

    def mark(self, engine: Engine) -> list[int]:
        """Mark what must have crashed; returns the runs' ids. Runs of living processes are left alone."""
        running = select(runs.c.id).where(_RUNNING).limit(1)
        with engine.connect() as connection:
            if connection.execute(running).first() is None:
                return []
        with engine.connect().execution_options(holaf_write=True) as connection, connection.begin():
            # Only what marking needs: works on tables that other programs gave further columns.
            query = select(
                runs.c.id,
                runs.c.uuid,
                runs.c.running_node_id,
                runs.c.workflow_content_id,
                runs.c.workflow_values_json,
                runs.c.worker_host,
                runs.c.worker_pid_space,
                runs.c.worker_pid,
                runs.c.worker_started,
                runs.c.heartbeat,
            ).where(_RUNNING)
            dead = [row for row in connection.execute(query).mappings().all() if self._is_dead(row)]
            for row in dead:
                node_id = row["running_node_id"]
                if row["uuid"]:
                    node_id = run_mark.node_at_work(self.mark_path(row["uuid"]), node_id)
                _mark(connection, row, node_id)
                membership.regroup_run(connection, row["id"])
        for row in dead:
            if row["uuid"]:
                run_mark.discard(self.mark_path(row["uuid"]))
        return [row["id"] for row in dead]

    def sweep(self) -> None:
        """Remove the marks of runs that ended before anything of them was on disk."""
        pattern = self.mark_path("*")
        for path in pattern.parent.glob(pattern.name.replace("[", "[[]")):
            if run_mark.state(path) == "left":
                run_mark.discard(path)

    def _is_dead(self, row: RawRow) -> bool:
        state = run_mark.state(self.mark_path(row["uuid"])) if row["uuid"] else "none"
        if state != "none":
            return state == "left"
        alive = is_alive(
            row["worker_host"], row["worker_pid_space"], row["worker_pid"], row["worker_started"]
        )
        if alive is not None:
            return not alive
        limit = datetime.now(timezone.utc) - timedelta(seconds=SILENT_S)
        return (row["heartbeat"] or "") < limit.strftime("%Y-%m-%dT%H:%M:%S")


def _mark(connection: Connection, row: RawRow, node_id: str | None) -> None:
    values: dict[str, Any] = {"status": "crashed", "running_node_id": node_id}
    if node_id is None:
        values["error_message"] = "ComfyUI ended before the run did."
    else:
        values["error_node_id"] = node_id
        title = _interrupt(connection, row, node_id)
        name = f"{title} (#{node_id})" if title else f"node #{node_id}"
        values["error_message"] = f"ComfyUI ended while {name} was running."
    # Steps that had begun and never ended, of overlapping nodes for instance.
    begun = (steps.c.run_id == row["id"]) & (steps.c.status == "running")
    connection.execute(update(steps).where(begun).values(status="interrupted"))
    still = (runs.c.id == row["id"]) & (runs.c.status == "running")
    connection.execute(update(runs).where(still).values(values))


def _interrupt(connection: Connection, row: RawRow, node_id: str) -> str:
    """Give the node an interrupted step; returns its title."""
    of_node = (steps.c.run_id == row["id"]) & (steps.c.node_id == node_id)
    query = select(steps.c.id, steps.c.node_title, steps.c.node_type).where(of_node)
    step = connection.execute(query).first()
    if step is not None:
        connection.execute(update(steps).where(steps.c.id == step.id).values(status="interrupted"))
        return str(step.node_title or step.node_type or "")
    node = (contents.workflow(connection, row)["prompt"] or {}).get(node_id, {})
    node_type = str(node.get("class_type", ""))
    title = str(node.get("_meta", {}).get("title", "") or node_type)
    last = connection.execute(select(func.max(steps.c.position)).where(steps.c.run_id == row["id"])).scalar()
    values = {
        "run_id": row["id"],
        "node_id": node_id,
        "node_title": codec.storable(title),
        "node_type": codec.storable(node_type),
        "role": "node",
        "status": "interrupted",
        "step_comment": "",
        "position": 0 if last is None else last + 1,
    }
    connection.execute(insert(steps).values(values))
    return title
