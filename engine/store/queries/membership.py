"""Statements about which nodes of a run belong to which group. Each runs in its caller's transaction.

Kept with each run as it was recorded; looked up anew, by the rule in
``workflow/groups.py``, only where somebody edits a group.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    cast,
    delete,
    func,
    insert,
    select,
    update,
)

from ...model import Group, Run, Step
from ...workflow.groups import Node, groups_of, nodes_of, outermost, resolve
from .. import codec, rows, schema
from ..rows import RawRow
from . import contents, groups

_runs, _steps = schema.runs, schema.steps


def write_run_groups(connection: Connection, run_id: int, run: Run) -> None:
    """Keep the groups of ``run`` with the members found for it, and those that it has not heard of.

    The group of a Profiler Group is found again by workflow and ``source_node_id``, and
    takes on what that node says; any other is the panel's and keeps what is stored.
    """
    workflow_id = run.workflow_id or run.workflow_hash or f"run:{run_id}"
    known = groups.group_rows(connection, workflow_id=workflow_id, user_id=run.user_id)
    panels = {group.id: group for group in groups.model_groups(known) if group.source_node_id is None}
    own = [row for row in known if row["workflow_id"] == workflow_id]
    by_source = {row["source_node_id"]: row for row in own if row["source_node_id"] is not None}
    by_name = {row["name"]: row["id"] for row in own if row["source_node_id"] is None}
    kept: dict[int | None, Group] = {}
    for group in run.groups:
        of_workflow = replace(group, workflow_id=workflow_id)
        if group.source_node_id is not None:
            row = by_source.get(group.source_node_id)
            kept[_write_definition(connection, row, of_workflow, run.user_id)] = group
        elif group.id is None:
            group_id = by_name.get(group.name)
            if group_id is None:
                group_id = groups.insert_group(connection, of_workflow, run.user_id)
            kept[group_id] = group
        elif group.id in panels:  # else deleted meanwhile
            kept[group.id] = group
    new = resolve((group for key, group in panels.items() if key not in kept), nodes_of(run))
    kept |= {group.id: group for group in new}
    _forget(connection, schema.run_groups.c.run_id == run_id, schema.run_group_members.c.run_id == run_id)
    _keep(connection, ((run_id, key, group) for key, group in kept.items() if key is not None))


def _write_definition(connection: Connection, row: RawRow | None, group: Group, user_id: str) -> int:
    """What a Profiler Group says, in the history; returns the group's id."""
    definition = replace(group, members=outermost(group.members))
    if row is None:
        return groups.insert_group(connection, definition, user_id)
    values = groups.values_of(definition)
    if any(row[name] != value for name, value in values.items()):
        connection.execute(update(schema.groups).where(schema.groups.c.id == row["id"]).values(values))
    if tuple(row["members"]) != definition.members:
        groups.set_members(connection, row["id"], definition.members)
    return int(row["id"])


def run_groups(connection: Connection, run_id: int) -> tuple[Group, ...]:
    """The groups of a run: as they are called now, with the members that the run had."""
    kept, members = schema.run_groups, schema.run_group_members
    query = select(schema.groups, kept.c.unmatched_json.label("run_unmatched_json")).join(
        kept, kept.c.group_id == schema.groups.c.id
    )
    found = connection.execute(
        query.where(kept.c.run_id == run_id).order_by(kept.c.position, kept.c.group_id)
    )
    of_group: dict[int, list[str]] = {}
    by_place = (
        select(members.c.group_id, members.c.node_id)
        .outerjoin(_steps, (_steps.c.run_id == run_id) & (_steps.c.node_id == members.c.node_id))
        .where(members.c.run_id == run_id)
        .group_by(members.c.group_id, members.c.node_id)
        .order_by(func.min(_steps.c.position), members.c.node_id)
    )
    for group_id, node_id in connection.execute(by_place):
        of_group.setdefault(group_id, []).append(node_id)
    return tuple(
        rows.group_from_row({**row, "unmatched_json": row["run_unmatched_json"]}, of_group.get(row["id"], ()))
        for row in found.mappings().all()
    )


def regroup(connection: Connection, row: RawRow) -> None:
    """Look up anew, in every recorded run that it counts for, the members of a group that was edited.

    The panel's groups count for the runs of their workflow and user, those of a Profiler
    Group for the runs that had it.
    """
    kept, members = schema.run_groups, schema.run_group_members
    group = rows.group_from_row(row, row["members"])
    wanted = select(_runs.c.id).where(_counts_for(row))
    found = list(_looked_up(connection, group, wanted))
    _forget(connection, kept.c.group_id == group.id, members.c.group_id == group.id)
    _keep(connection, found)


def regroup_run(connection: Connection, run_id: int) -> None:
    """Look up all groups of a run that ended before it could, from its prompt and its workflow's groups."""
    row = connection.execute(select(_runs).where(_runs.c.id == run_id)).mappings().one()
    steps = connection.execute(_nodes().where(_steps.c.run_id == run_id)).all()
    run = Run(
        timestamp="",
        workflow_id=row["workflow_id"],
        workflow_hash=row["workflow_hash"],
        user_id=row["user_id"] or "default",
        **contents.workflow(connection, row),
        steps=tuple(Step(**_node(step)._asdict()) for step in steps),
    )
    run = replace(run, groups=groups_of(run.prompt, run.workflow, nodes_of(run)))
    write_run_groups(connection, run_id, run)


def _counts_for(row: RawRow) -> ColumnElement[bool]:
    """The runs that a group counts for."""
    kept = schema.run_groups
    if row["source_node_id"] is not None:
        return _runs.c.id.in_(select(kept.c.run_id).where(kept.c.group_id == row["id"]))
    own = groups.visible(_runs.c.user_id, row["user_id"])
    if row["workflow_id"] is None:
        return own
    workflow = func.coalesce(_runs.c.workflow_id, _runs.c.workflow_hash, "run:" + cast(_runs.c.id, Text))
    return and_(own, workflow == row["workflow_id"])


def _nodes() -> Select[Any]:
    """``(run id, node id, title, class, display id, parent id)`` of the nodes that can belong to a group."""
    columns = ("run_id", "node_id", "node_title", "node_type", "display_node_id", "parent_node_id")
    counts = func.coalesce(_steps.c.role, "node") == "node"
    return (
        select(*(_steps.c[name] for name in columns))
        .where(counts, _steps.c.node_id.isnot(None))
        .order_by(_steps.c.run_id, _steps.c.position)
    )


def _node(step: Any) -> Node:
    _, node_id, title, node_type, display_node_id, parent_node_id = step
    return Node(str(node_id), title or "", node_type or "", display_node_id, parent_node_id)


def _looked_up(connection: Connection, group: Group, wanted: Select[Any]) -> Iterator[tuple[int, int, Group]]:
    """``(run id, group id, the group as that run has it)``; runs of the same nodes are looked up once."""
    found: dict[tuple[Node, ...], Group] = {}
    rows_ = connection.execute(_nodes().where(_steps.c.run_id.in_(wanted))).all()
    for run_id, steps in groupby(rows_, key=itemgetter(0)):
        nodes = tuple(map(_node, steps))
        if nodes not in found:
            (found[nodes],) = resolve([group], nodes)
        assert group.id is not None
        yield run_id, group.id, found[nodes]


def _forget(connection: Connection, of_groups: ColumnElement[bool], of_members: ColumnElement[bool]) -> None:
    connection.execute(delete(schema.run_group_members).where(of_members))
    connection.execute(delete(schema.run_groups).where(of_groups))


def _keep(connection: Connection, found: Iterable[tuple[int, int, Group]]) -> None:
    kept: list[dict[str, Any]] = []
    members: list[dict[str, Any]] = []
    for run_id, group_id, group in found:
        unmatched = codec.storable(codec.to_json(list(group.unmatched))) if group.unmatched else None
        key = {"run_id": run_id, "group_id": group_id}
        if group.members or unmatched or group.source_node_id is not None:
            kept.append({**key, "position": len(kept), "unmatched_json": unmatched})
        members += [{**key, "node_id": node_id} for node_id in dict.fromkeys(group.members)]
    if kept:
        connection.execute(insert(schema.run_groups), kept)
    if members:
        connection.execute(insert(schema.run_group_members), members)
