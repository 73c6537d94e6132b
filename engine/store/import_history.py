"""Copies runs between this history and a file: all of another database, or a few into a portable one.

Never changes the other file.

The other file is copied to the temporary folder and upgraded there, so that a
database with only the base tables and one of this pack are read the same way.
"""

from __future__ import annotations

import shutil
import tempfile
import zlib
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, literal, or_, select

from ..model import Run
from . import rows, schema, sqlite_files
from .database import Database
from .errors import NotAHistory, StoreDamaged
from .mend_types import mend
from .queries import contents, inside
from .queries import groups as of_groups
from .queries import runs as of_runs
from .queries import steps as of_steps
from .queries.values import insert_one
from .rows import RawRow
from .run_file import RunFile
from .translate import translating

ChangeWorkflow = Callable[[Any, Any], tuple[Any, Any]]

NEEDED = {"profiler_runs", "profiler_steps"}


def import_database(target: Database, path: Path, user_id: str) -> dict[str, int]:
    """``{"runs", "steps", "groups", "skipped_runs"}`` copied. Raises :class:`NotAHistory`, ``StoreError``."""
    _check(path, target.busy_timeout_s)
    with _temporary() as (copied, source):
        with translating(str(path)):
            sqlite_files.copy(path, copied, target.busy_timeout_s)
            mend(copied)
        with source.read() as reading:
            return target.transact(lambda writing: _copy_all(reading, writing, user_id))


def export_runs(source: Database, run_ids: Sequence[int], change_workflow: ChangeWorkflow) -> bytes:
    """A database file with just these runs, which :func:`import_database` takes elsewhere.

    ``change_workflow(prompt, graph)`` answers both as they are to leave. Raises ``StoreError``.
    """
    with _temporary() as (path, target):
        with source.read() as reading:
            target.transact(lambda writing: _copy_all(reading, writing, None, run_ids, change_workflow))
        return _whole_file(target, path)


def run_as_file(run: Run) -> bytes:
    """A database file with nothing but ``run`` in it, which no history need hold. Raises ``StoreError``."""
    with _temporary() as (path, database):
        RunFile.of(replace(run, id=None)).save(database, run.overhead.writer_s or 0.0)
        return _whole_file(database, path)


@contextmanager
def _temporary() -> Iterator[tuple[Path, Database]]:
    """A history of its own in the temporary folder, gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="holaf_profiler_"))
    try:
        with closing(Database(folder / "runs.db")) as database:
            yield folder / "runs.db", database
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _whole_file(database: Database, path: Path) -> bytes:
    """What ``database`` holds as one file, without a companion that could be forgotten."""
    database.close()
    with closing(sqlite_files.connect(path, "write", database.busy_timeout_s)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("VACUUM")
    return path.read_bytes()


def _check(path: Path, busy_timeout_s: float) -> None:
    if not path.is_file():
        raise NotAHistory(f"There is no file {path}.")
    try:
        with translating(str(path)):
            access = sqlite_files.readable_access(path, busy_timeout_s)
            with closing(sqlite_files.connect(path, access, busy_timeout_s)) as connection:
                names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    except StoreDamaged as error:
        raise NotAHistory(f"{path} is not an SQLite database, or it is damaged.") from error
    if not names >= NEEDED:
        raise NotAHistory(
            f"{path} is a database, but it has no profiler tables ({', '.join(sorted(NEEDED))})."
        )


def _copy_all(
    source: Connection,
    target: Connection,
    user_id: str | None,
    only: Sequence[int] | None = None,
    change_workflow: ChangeWorkflow = lambda prompt, workflow: (prompt, workflow),
) -> dict[str, int]:
    """Copy all runs, or those of the ids ``only``; they are ``user_id``'s then, or nobody's."""
    counts = {"runs": 0, "steps": 0, "groups": 0, "skipped_runs": 0}
    run_ids: dict[int, int] = {}
    runs = schema.runs
    query = select(runs).where(runs.c.deleted_at.is_(None)).order_by(runs.c.id)
    if only is not None:
        query = query.where(runs.c.id.in_(only))
    found = source.execute(query).mappings().all()
    used = {row["environment_id"] for row in found}
    environments = {
        key: contents.write_environment(target, environment)
        for key, environment in contents.environments(source).items()
        if key in used
    }
    for row in found:
        known = of_runs.run_with(target, row["uuid"]) if row["uuid"] is not None else None
        if (known is not None and known["user_id"] in (None, user_id)) or _is_there(
            source, target, row, user_id
        ):
            counts["skipped_runs"] += 1
            continue
        values = {name: value for name, value in row.items() if name != "id"}
        values["user_id"] = user_id
        if known is not None:  # another user's copy of the same run has the number that is given once
            values["uuid"] = None
        values["environment_id"] = environments.get(row["environment_id"])
        workflow = _workflow(source, row)
        values |= contents.write_workflow(target, *change_workflow(workflow["prompt"], workflow["workflow"]))
        values["timestamp"] = rows.iso_timestamp(row["timestamp"])
        run_ids[row["id"]] = insert_one(target, runs, values)
        counts["runs"] += 1
        counts["steps"] += _copy_steps(source, target, row["id"], run_ids[row["id"]])
        series = select(schema.series).where(schema.series.c.run_id == row["id"])
        chunks = [{**chunk, "run_id": run_ids[row["id"]]} for chunk in source.execute(series).mappings()]
        if chunks:
            target.execute(insert(schema.series), chunks)
        inside.copy(source, target, row["id"], run_ids[row["id"]])
    _point_previous_runs(target, run_ids)
    group_ids, counts["groups"] = _copy_groups(source, target, user_id, None if only is None else run_ids)
    _copy_run_groups(source, target, run_ids, group_ids)
    return counts


def _workflow(source: Connection, row: RawRow) -> dict[str, Any]:
    """The prompt and the graph of a run; none where what is stored cannot be unpacked."""
    try:
        found = contents.workflow(source, row)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError, zlib.error):
        return {"prompt": None, "workflow": None}
    return {name: value if isinstance(value, dict) else None for name, value in found.items()}


def _essence(connection: Connection, row: RawRow) -> tuple[Any, ...]:
    """What makes a run the same run in two databases; names and comments may have been edited."""
    steps = of_steps.step_rows(connection, row["id"])
    return (
        row["workflow_hash"],
        row["total_time"],
        sorted((str(step["node_id"]), step["node_type"] or "", step["exec_time"] or 0.0) for step in steps),
    )


def _is_there(source: Connection, target: Connection, row: RawRow, user_id: str | None) -> bool:
    """Whether the user has a run of that time with the same steps."""
    runs = schema.runs
    moments = [literal(rows.iso_timestamp(row["timestamp"]))]
    if target.dialect.name == "sqlite":  # which compares numbers with text without complaint
        moments.append(literal(row["timestamp"]))
    same_time = or_(*(runs.c.timestamp == moment for moment in moments))
    query = select(runs).where(
        same_time, runs.c.deleted_at.is_(None), of_groups.visible(runs.c.user_id, user_id)
    )
    wanted = _essence(source, row)
    return any(_essence(target, each) == wanted for each in target.execute(query).mappings().all())


def _copy_steps(source: Connection, target: Connection, old_id: int, new_id: int) -> int:
    devices = of_steps.devices_of(source, old_id)
    steps = of_steps.step_rows(source, old_id)
    for step in steps:
        values = {name: value for name, value in step.items() if name != "id"}
        values["node_id"] = None if values["node_id"] is None else str(values["node_id"])
        step_id = insert_one(target, schema.steps, {**values, "run_id": new_id})
        for device in devices.get(step["id"], ()):
            target.execute(insert(schema.step_devices).values({**device, "step_id": step_id}))
    return len(steps)


def _point_previous_runs(target: Connection, run_ids: Mapping[int, int]) -> None:
    """``previous_run_id`` of copied steps named runs by their old ids."""
    steps = schema.steps
    query = select(steps.c.id, steps.c.previous_run_id).where(
        steps.c.previous_run_id.isnot(None), steps.c.run_id.in_(run_ids.values())
    )
    for step_id, previous in target.execute(query).all():
        changed = steps.update().where(steps.c.id == step_id)
        target.execute(changed.values(previous_run_id=run_ids.get(previous)))


def _copy_groups(
    source: Connection, target: Connection, user_id: str | None, of_runs_only: Container[int] | None
) -> tuple[dict[int, int], int]:
    """New ids by old, and how many were not here yet: of the same Profiler Group, or the same members."""
    pairs = source.execute(select(schema.run_groups.c.run_id, schema.run_groups.c.group_id)).all()
    wanted = None if of_runs_only is None else {group for run, group in pairs if run in of_runs_only}

    def essence(row: RawRow) -> tuple[Any, ...]:
        if row["source_node_id"] is not None:
            return (row["workflow_id"], row["source_node_id"])
        return (row["workflow_id"], row["name"], _sorted(row["members"]))

    there = {essence(row): row["id"] for row in of_groups.group_rows(target, user_id=user_id)}
    ids: dict[int, int] = {}
    copied = 0
    for row in of_groups.group_rows(source):
        if wanted is not None and row["id"] not in wanted:
            continue
        known = there.get(essence(row))
        if known is None:
            group = rows.group_from_row(row, row["members"])
            known = there[essence(row)] = of_groups.insert_group(target, group, user_id)
            copied += 1
        ids[row["id"]] = known
    return ids, copied


def _copy_run_groups(
    source: Connection, target: Connection, run_ids: Mapping[int, int], group_ids: Mapping[int, int]
) -> None:
    """The members that groups had in the copied runs."""
    for table in (schema.run_groups, schema.run_group_members):
        copied: dict[tuple[Any, ...], dict[str, Any]] = {}
        for row in source.execute(select(table)).mappings():
            if row["run_id"] in run_ids and row["group_id"] in group_ids:
                values = {**row, "run_id": run_ids[row["run_id"]], "group_id": group_ids[row["group_id"]]}
                copied.setdefault(tuple(values[key.name] for key in table.primary_key), values)
        if copied:
            target.execute(insert(table), list(copied.values()))


def _sorted(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(values))
