"""The statements that put a run on disk. Every function runs in its caller's transaction.

Steps go through the SQLite driver's own ``executemany`` with statements composed
once: through SQLAlchemy's row processing a step costs several times as much. Other
databases get SQLAlchemy's batched inserts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, insert, select, update
from sqlalchemy.exc import DataError, DBAPIError

from ...model import Run, Series, Step
from .. import codec, rows, schema

Written = dict[tuple[str, str], tuple[int, int]]
"""``{(metric, device or ""): (samples, chunks)}`` on disk."""
StepKey = tuple[int, str]
"""``(position, node_id)``: what identifies a step within its run."""
_UPDATED = tuple(name for name in rows.STEP_COLUMNS if name not in ("run_id", "step_comment"))
"""A step's comment is left alone when its values are written again: a user may have changed it."""


def _driver_insert(table: Table, columns: Sequence[str]) -> str:
    marks = ",".join("?" * len(columns))
    return f"INSERT INTO {table.name} ({','.join(columns)}) VALUES ({marks})"


_INSERT_DEVICE = _driver_insert(schema.step_devices, ("step_id", *rows.STEP_DEVICE_COLUMNS))
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
# Given their values apart from the statement, these are compiled once per set of columns.
_insert_run = insert(schema.runs)
_update_run = update(schema.runs).where(schema.runs.c.id == bindparam("key_id"))


def key_of(step: Step) -> StepKey:
    return (step.position, step.node_id)


def _refusable(write: Callable[[bool], None], connection: Connection) -> None:
    """Run ``write(False)``; if a driver refuses a value, ``write(True)`` with every value made plain."""
    try:
        with connection.begin_nested():
            write(False)
    except (ValueError, OverflowError, TypeError):
        pass
    except DBAPIError as error:
        refused = any(word in str(error.orig).lower() for word in ("binding", "adapt", "nul "))
        if not refused and not isinstance(error, DataError):
            raise
    else:
        return
    write(True)


def _many(
    connection: Connection, table: Table, columns: Sequence[str], statement: str, values: list[Any]
) -> None:
    """Insert many rows given as tuples of ``columns``."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(statement, values)
    else:
        connection.execute(insert(table), [dict(zip(columns, row, strict=True)) for row in values])


def _plain(values: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [tuple(codec.storable(value) for value in row) for row in values]


def insert_steps(connection: Connection, run_id: int, steps: Sequence[Step]) -> None:
    """Write steps that are not on disk yet. Columns that are empty in all of them are left out."""
    if not steps:
        return
    filled = {
        name: column
        for name, column in zip(rows.STEP_COLUMNS, rows.step_columns(run_id, steps), strict=True)
        if column.count(None) < len(column)
    }
    names = tuple(filled)
    values = list(zip(*filled.values(), strict=True))

    def write(plain: bool) -> None:
        given = _plain(values) if plain else values
        _many(connection, schema.steps, names, _driver_insert(schema.steps, names), given)

    _refusable(write, connection)


def update_steps(connection: Connection, run_id: int, steps: Sequence[Step]) -> None:
    """Give steps that are on disk their new values, comments excepted."""
    if not steps:
        return
    columns = dict(zip(rows.STEP_COLUMNS, rows.step_columns(run_id, steps), strict=True))
    keys = (columns["run_id"], columns["position"], columns["node_id"])
    values = list(zip(*(columns[name] for name in _UPDATED), *keys, strict=True))

    def write(plain: bool) -> None:
        rows_ = _plain(values) if plain else values
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(_UPDATE_STEP, rows_)
        else:
            names = [*(f"new_{name}" for name in _UPDATED), "key_run_id", "key_position", "key_node_id"]
            connection.execute(_core_update, [dict(zip(names, row, strict=True)) for row in rows_])

    _refusable(write, connection)


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
    columns = ("step_id", *rows.STEP_DEVICE_COLUMNS)

    def write(plain: bool) -> None:
        given = _plain(values) if plain else values
        _many(connection, schema.step_devices, columns, _INSERT_DEVICE, given)

    if values:
        _refusable(write, connection)


def insert_run(connection: Connection, values: dict[str, Any]) -> int:
    """A new run; returns its id."""
    found: list[int] = []

    def write(plain: bool) -> None:
        given = {name: codec.storable(value) for name, value in values.items()} if plain else values
        key = connection.execute(_insert_run, given).inserted_primary_key
        assert key is not None
        found.append(int(key[0]))

    _refusable(write, connection)
    return found[-1]


def update_run(connection: Connection, run_id: int, values: dict[str, Any]) -> None:
    """New values for some columns of a run."""

    def write(plain: bool) -> None:
        given = {name: codec.storable(value) for name, value in values.items()} if plain else values
        connection.execute(_update_run, {**given, "key_id": run_id})

    _refusable(write, connection)


def write_series(
    connection: Connection,
    run_id: int,
    chunks: Iterable[Series],
    written: dict[tuple[str, str], tuple[int, int]],
) -> dict[tuple[str, str], tuple[int, int]]:
    """Append chunks; returns the new ``{(metric, device): (samples, chunks)}`` on disk."""
    counts = dict(written)
    values = []
    for chunk in chunks:
        key = (chunk.metric, chunk.device or "")
        samples, seq = counts.get(key, (0, 0))
        values.append(rows.series_row(run_id, seq, chunk))
        counts[key] = (samples + len(chunk.t_s), seq + 1)
    if values:
        connection.execute(insert(schema.series), values)
    return counts


def _once(
    connection: Connection, table: Table, content_hash: str, values: Callable[[], dict[str, Any]]
) -> int:
    """The id of the row with that hash, made if it is not there."""
    found = connection.execute(select(table.c.id).where(table.c.hash == content_hash)).scalar()
    if found is not None:
        return int(found)
    key = connection.execute(insert(table).values({"hash": content_hash, **values()})).inserted_primary_key
    assert key is not None
    return int(key[0])


def write_environment(connection: Connection, run: Run) -> int | None:
    """The id of the run's environment, stored once for all runs that share it."""
    if not run.environment:
        return None
    text = codec.to_json(dict(sorted(run.environment.items())))
    return _once(connection, schema.environments, codec.digest(text), lambda: {"environment_json": text})


def write_workflow(connection: Connection, run: Run) -> int | None:
    """The id of the prompt and graph that were queued, stored once for all runs that share them."""
    if run.prompt is None and run.workflow is None:
        return None
    prompt = codec.to_json(run.prompt) if run.prompt is not None else ""
    workflow = codec.to_json(run.workflow) if run.workflow is not None else ""

    def packed() -> dict[str, Any]:
        return {
            "prompt": codec.pack_text(prompt) if prompt else None,
            "workflow": codec.pack_text(workflow) if workflow else None,
        }

    return _once(connection, schema.workflows, codec.digest(prompt, workflow), packed)
