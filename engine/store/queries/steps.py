"""Statements about steps and what they did to each device. Each runs in its caller's transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, case, delete, func, select, update

from ...model import Step
from .. import codec, rows, schema
from ..errors import NotInHistory
from ..json_rows import USABLE_STEP, Row
from ..rows import RawRow
from .groups import visible
from .values import chunks, dicts, insert_many, refusable

runs, steps = schema.runs, schema.steps

StepKey = tuple[int, str]
"""``(position, node_id)``: what identifies a step within its run."""
AddSteps = Callable[[Sequence[Sequence[Any]]], None]
"""Takes in some steps, one sequence a column."""
ROWS_AT_ONCE = 200
USUAL = {"status": "ok"}
_UPDATED = tuple(name for name in rows.STEP_COLUMNS if name not in ("run_id", "step_comment"))
"""A step's comment is left alone when its values are written again: a user may have changed it."""
_UPDATE_STEP = (
    f"UPDATE {schema.steps.name} SET {','.join(f'{name}=?' for name in _UPDATED)} "
    "WHERE run_id=? AND position=? AND node_id=?"
)
_core_update = (
    update(schema.steps)
    .where(
        schema.steps.c.run_id == bindparam("key_run_id"),
        schema.steps.c.position == bindparam("key_position"),
        schema.steps.c.node_id == bindparam("key_node_id"),
    )
    .values({name: bindparam(f"new_{name}") for name in _UPDATED})
)


def key_of(step: Step) -> StepKey:
    return (step.position, step.node_id)


def keys_of(connection: Connection, run_id: int) -> list[StepKey]:
    """The keys of a run's steps on disk."""
    query = select(steps.c.position, steps.c.node_id).where(steps.c.run_id == run_id)
    return [(position, node_id) for position, node_id in connection.execute(query)]


def insert_steps(connection: Connection, run_id: int, steps: Sequence[Step]) -> None:
    """Write steps that are not on disk yet. Columns that are empty in all of them are left out."""
    if not steps:
        return
    filled = {
        name: column
        for name, column in zip(rows.STEP_COLUMNS, rows.step_columns(run_id, steps), strict=True)
        if column.count(None) < len(column)
    }
    insert_many(connection, schema.steps, tuple(filled), list(zip(*filled.values(), strict=True)))


def update_steps(connection: Connection, run_id: int, steps: Sequence[Step]) -> None:
    """Give steps that are on disk their new values, comments excepted."""
    if not steps:
        return
    columns = dict(zip(rows.STEP_COLUMNS, rows.step_columns(run_id, steps), strict=True))
    keys = (columns["run_id"], columns["position"], columns["node_id"])
    values = list(zip(*(columns[name] for name in _UPDATED), *keys, strict=True))

    def write(given: list[tuple[Any, ...]]) -> None:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(_UPDATE_STEP, given)
        else:
            names = [*(f"new_{name}" for name in _UPDATED), "key_run_id", "key_position", "key_node_id"]
            connection.execute(_core_update, [dict(zip(names, row, strict=True)) for row in given])

    refusable(connection, write, values)


def delete_steps(connection: Connection, run_id: int, keys: Iterable[StepKey]) -> None:
    """Remove steps that turned out not to belong to the run."""
    for position, node_id in keys:
        connection.execute(
            delete(schema.steps).where(
                schema.steps.c.run_id == run_id,
                schema.steps.c.position == position,
                schema.steps.c.node_id == node_id,
            )
        )


def delete_step_devices(connection: Connection, run_id: int) -> None:
    """Remove what is written of devices, before it is written anew."""
    of_run = select(schema.steps.c.id).where(schema.steps.c.run_id == run_id)
    connection.execute(delete(schema.step_devices).where(schema.step_devices.c.step_id.in_(of_run)))


def write_step_devices(connection: Connection, run_id: int, steps: Iterable[Step]) -> None:
    """Write what steps did to each device; the steps are on disk already."""
    with_devices = {key_of(step): step.devices for step in steps if step.devices}
    if not with_devices:
        return
    table = schema.steps
    found = connection.execute(
        select(table.c.id, table.c.position, table.c.node_id).where(table.c.run_id == run_id)
    )
    values = [
        rows.device_row(step_id, device)
        for step_id, position, node_id in found
        for device in with_devices.get((position, node_id), ())
    ]
    if values:
        insert_many(connection, schema.step_devices, ("step_id", *rows.STEP_DEVICE_COLUMNS), values)


def step_rows(connection: Connection, run_id: int) -> list[RawRow]:
    """The raw rows of a run's steps in order; rows without a position in the order of their ids."""
    query = select(steps).where(steps.c.run_id == run_id).order_by(steps.c.position, steps.c.id)
    return list(dicts(connection.execute(query)))


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
    for row in dicts(connection.execute(query)):
        result.setdefault(row["step_id"], []).append({n: v for n, v in row.items() if n != "step_id"})
    return result


def read_columns(connection: Connection, run_ids: Sequence[int], names: Sequence[str], add: AddSteps) -> None:
    """Hand the ordinary nodes' steps of many runs to ``add``, some hundreds at a time, ordered by run.

    Rows come by the hundred thousand: what another program left empty is filled in by the database, and
    ``status`` is ``None`` where it is :data:`USUAL`, as a text for each would take a tenth of the time.
    """
    usable: dict[str, ColumnElement[Any]] = {
        **{name: func.coalesce(steps.c[name], otherwise) for name, otherwise in USABLE_STEP.items()},
        **{name: case((steps.c[name] != usual, steps.c[name])) for name, usual in USUAL.items()},
    }
    columns = [usable.get(name, steps.c[name]) for name in names]
    for some in chunks(run_ids):
        query = select(*columns).where(
            steps.c.run_id.in_(some), func.coalesce(steps.c.role, "node") == "node"
        )
        cursor = connection.execute(query.order_by(steps.c.run_id, steps.c.position, steps.c.id)).cursor
        # The driver's own rows, few at a time: many at once live long enough for the garbage collector.
        while cursor is not None and (found := cursor.fetchmany(ROWS_AT_ONCE)):
            add(list(zip(*found, strict=True)))


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


def previous_times(
    connection: Connection, inputs_hashes: Iterable[str], user_id: str | None = None
) -> dict[str, tuple[int, float]]:
    """``{hash: (run id, exec_time)}`` of the latest execution with these inputs among the user's runs."""
    wanted = sorted(set(inputs_hashes))
    result: dict[str, tuple[int, float]] = {}
    for some in chunks(wanted):
        latest = (
            select(func.max(steps.c.id))
            .join(runs, runs.c.id == steps.c.run_id)
            .where(
                steps.c.inputs_hash.in_(some),
                steps.c.status == "ok",
                steps.c.exec_time.isnot(None),
                runs.c.deleted_at.is_(None),
                visible(runs.c.user_id, user_id),
            )
            .group_by(steps.c.inputs_hash)
        )
        query = select(steps.c.inputs_hash, steps.c.run_id, steps.c.exec_time).where(steps.c.id.in_(latest))
        for inputs_hash, run_id, exec_time in connection.execute(query):
            result[inputs_hash] = (run_id, exec_time)
    return result
