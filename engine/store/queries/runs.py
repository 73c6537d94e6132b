"""Statements about runs and steps. Each runs in its caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from ...clock import utc_timestamp
from .. import codec, rows, schema
from ..errors import NotInHistory
from ..rows import RawRow
from . import write as write_rows
from .groups import visible

Row = dict[str, Any]
runs, steps = schema.runs, schema.steps

IN_CHUNK = 500
"""How many values one IN list takes; older SQLite allows 999 parameters."""


def json_row(row: RawRow) -> Row:
    """A run's or step's row as JSON wants it; ``inputs_json`` stays text."""
    result: Row = {}
    for name, value in row.items():
        if name == "segments_json":
            segments = codec.unpack_segments(value, row["start_s"], row["end_s"])
            result["segments"] = [[each.kind, each.start_s, each.end_s] for each in segments]
        elif name in ("settings_json", "overhead_json"):
            result[name[:-5]] = codec.from_json(value, {})
        elif name.endswith("_json") and name != "inputs_json":
            result[name[:-5]] = codec.from_json(value, [])
        else:
            result[name] = value
    return result


def run_json_row(row: RawRow) -> Row:
    """A run's row; what another program left empty gets a usable value."""
    result = json_row(row)
    result["timestamp"] = rows.iso_timestamp(result["timestamp"])
    result["status"] = result["status"] or "success"
    for name in ("pinned", "forced"):
        result[name] = bool(result[name])
    for name in ("name", "global_comment"):
        result[name] = result[name] or ""
    return result


def run_row(
    connection: Connection, run_id: int, user_id: str | None = None, *, deleted: bool = False
) -> RawRow:
    """One run's raw row. Raises :class:`NotInHistory`."""
    query = select(runs).where(runs.c.id == run_id, visible(runs.c.user_id, user_id))
    query = query.where(runs.c.deleted_at.isnot(None) if deleted else runs.c.deleted_at.is_(None))
    found = connection.execute(query).mappings().first()
    if found is None:
        raise NotInHistory(f"There is no {'deleted ' if deleted else ''}run {run_id} in the history.")
    return found


def set_run(connection: Connection, run_id: int, values: Mapping[str, Any]) -> None:
    """New values for some columns."""
    given = {name: codec.storable(value) for name, value in values.items()}
    connection.execute(update(runs).where(runs.c.id == run_id).values(given))


def step_rows(connection: Connection, run_id: int) -> list[RawRow]:
    """The raw rows of a run's steps in order; rows without a position in the order of their ids."""
    query = select(steps).where(steps.c.run_id == run_id).order_by(steps.c.position, steps.c.id)
    return list(connection.execute(query).mappings())


def devices_of(connection: Connection, run_id: int) -> dict[int, list[Row]]:
    """What each step did to each device, by step id."""
    table = schema.step_devices
    query = (
        select(table)
        .join(steps, steps.c.id == table.c.step_id)
        .where(steps.c.run_id == run_id)
        .order_by(table.c.step_id, table.c.device)
    )
    result: dict[int, list[Row]] = {}
    for row in connection.execute(query).mappings():
        result.setdefault(row["step_id"], []).append({n: v for n, v in row.items() if n != "step_id"})
    return result


def step_json_row(row: RawRow) -> Row:
    """A step's row as JSON wants it; what another program left empty gets a usable value."""
    return _usable(json_row(row))


def _usable(result: Row) -> Row:
    result["node_id"] = str(result["node_id"]) if result["node_id"] is not None else ""
    result["role"] = result["role"] or "node"
    result["status"] = result["status"] or "ok"
    result["shared"] = bool(result["shared"])
    for name in ("node_title", "node_type", "step_comment"):
        result[name] = result[name] or ""
    return result


def steps_of(connection: Connection, run_ids: Sequence[int]) -> dict[int, list[Row]]:
    """The steps of many runs, without the bulky columns."""
    columns = [each for each in steps.c if not each.name.endswith("_json")]
    names = [each.name for each in columns]
    result: dict[int, list[Row]] = {run_id: [] for run_id in run_ids}
    for start in range(0, len(run_ids), IN_CHUNK):
        query = (
            select(*columns)
            .where(steps.c.run_id.in_(run_ids[start : start + IN_CHUNK]))
            .order_by(steps.c.run_id, steps.c.position, steps.c.id)
        )
        for values in connection.execute(query):
            row = dict(zip(names, values, strict=True))
            result[row["run_id"]].append(_usable(row))
    return result


def set_step_comment(connection: Connection, step_id: int, comment: str, user_id: str | None) -> RawRow:
    """Change a step's comment; returns its raw row. Raises :class:`NotInHistory`."""
    query = (
        select(steps)
        .join(runs, runs.c.id == steps.c.run_id)
        .where(steps.c.id == step_id, runs.c.deleted_at.is_(None), visible(runs.c.user_id, user_id))
    )
    if connection.execute(query).first() is None:
        raise NotInHistory(f"There is no step {step_id} in the history.")
    changed = update(steps).where(steps.c.id == step_id).values(step_comment=codec.storable(comment))
    connection.execute(changed)
    return connection.execute(query).mappings().one()


def previous_times(connection: Connection, inputs_hashes: Iterable[str]) -> dict[str, tuple[int, float]]:
    """``{hash: (run id, exec_time)}`` of the latest execution with these inputs."""
    wanted = sorted(set(inputs_hashes))
    result: dict[str, tuple[int, float]] = {}
    for start in range(0, len(wanted), IN_CHUNK):
        latest = (
            select(func.max(steps.c.id))
            .join(runs, runs.c.id == steps.c.run_id)
            .where(
                steps.c.inputs_hash.in_(wanted[start : start + IN_CHUNK]),
                steps.c.status == "ok",
                steps.c.exec_time.isnot(None),
                runs.c.deleted_at.is_(None),
            )
            .group_by(steps.c.inputs_hash)
        )
        query = select(steps.c.inputs_hash, steps.c.run_id, steps.c.exec_time).where(steps.c.id.in_(latest))
        for inputs_hash, run_id, exec_time in connection.execute(query):
            result[inputs_hash] = (run_id, exec_time)
    return result


def purge_deleted(connection: Connection, older_than_s: float) -> int:
    """Remove for good what was deleted before; returns how many runs."""
    before = datetime.now(timezone.utc) - timedelta(seconds=older_than_s)
    limit = before.strftime("%Y-%m-%dT%H:%M:%S.") + f"{before.microsecond // 1000:03d}Z"
    gone = list(connection.execute(select(runs.c.id).where(runs.c.deleted_at <= limit)).scalars())
    for run_id in gone:
        remove_run(connection, run_id)
    if gone:
        for table, column in (
            (schema.environments, runs.c.environment_id),
            (schema.workflows, runs.c.workflow_content_id),
        ):
            used = select(column).where(column.isnot(None))
            connection.execute(delete(table).where(table.c.id.notin_(used)))
    return len(gone)


def remove_run(connection: Connection, run_id: int) -> None:
    """A run with its steps, devices and samples. Said table by table: others' tables may not cascade."""
    write_rows.delete_step_devices(connection, run_id)
    connection.execute(delete(schema.series).where(schema.series.c.run_id == run_id))
    connection.execute(delete(steps).where(steps.c.run_id == run_id))
    connection.execute(delete(runs).where(runs.c.id == run_id))


def mark_deleted(connection: Connection, run_id: int) -> None:
    """Take a run out of all lists."""
    set_run(connection, run_id, {"deleted_at": utc_timestamp()})
