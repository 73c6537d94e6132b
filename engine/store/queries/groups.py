"""Statements about groups, their members and their totals. Each runs in its caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select, true, update

from ...model import Group
from .. import codec, rows, schema
from ..errors import BadQuery, NotInHistory
from ..rows import RawRow
from .values import insert_one

EDITABLE = ("name", "color", "description", "workflow_id")


def visible(column: ColumnElement[Any], user_id: str | None) -> ColumnElement[bool]:
    """Rows of that user and rows that name no user; every row for ``None``."""
    return true() if user_id is None else or_(column == user_id, column.is_(None))


def _members(connection: Connection, group_ids: list[int]) -> dict[int, list[str]]:
    if not group_ids:
        return {}
    table = schema.group_members
    found = connection.execute(
        select(table.c.group_id, table.c.node_id)
        .where(table.c.group_id.in_(group_ids))
        .order_by(table.c.position, table.c.node_id)
    )
    members: dict[int, list[str]] = {}
    for group_id, node_id in found:
        members.setdefault(group_id, []).append(str(node_id))
    return members


def group_rows(
    connection: Connection, *, workflow_id: str | None = None, user_id: str | None = None
) -> list[dict[str, Any]]:
    """Groups of a workflow with those that name none; all groups for ``None``."""
    table = schema.groups
    query = select(table).where(visible(table.c.user_id, user_id)).order_by(table.c.id)
    if workflow_id is not None:
        query = query.where(or_(table.c.workflow_id == workflow_id, table.c.workflow_id.is_(None)))
    found = [dict(row) for row in connection.execute(query).mappings()]
    members = _members(connection, [row["id"] for row in found])
    for row in found:
        row["members"] = members.get(row["id"], [])
    return found


def group_row(connection: Connection, group_id: int, user_id: str | None = None) -> dict[str, Any]:
    """One group with its members. Raises :class:`NotInHistory`."""
    table = schema.groups
    query = select(table).where(table.c.id == group_id, visible(table.c.user_id, user_id))
    found = connection.execute(query).mappings().first()
    if found is None:
        raise NotInHistory(f"There is no group {group_id}.")
    return {**found, "members": _members(connection, [group_id]).get(group_id, [])}


def model_groups(found: Iterable[RawRow]) -> tuple[Group, ...]:
    """Rows of :func:`group_rows` as model objects."""
    return tuple(rows.group_from_row(row, row["members"]) for row in found)


def set_members(connection: Connection, group_id: int, members: Iterable[str]) -> None:
    """Replace a group's members; repeated ids count once."""
    table = schema.group_members
    connection.execute(delete(table).where(table.c.group_id == group_id))
    values = [
        {"group_id": group_id, "node_id": node_id, "position": position}
        for position, node_id in enumerate(dict.fromkeys(str(member) for member in members))
    ]
    if values:
        connection.execute(insert(table), values)


def insert_group(connection: Connection, group: Group, user_id: str | None) -> int:
    """A new group; returns its id."""
    group_id = insert_one(connection, schema.groups, {**values_of(group), "user_id": user_id})
    set_members(connection, group_id, group.members)
    return group_id


def values_of(group: Group) -> dict[str, Any]:
    """The columns that define a group, members excepted."""
    return {
        "name": codec.storable(group.name),
        "color": codec.storable(group.color),
        "description": codec.storable(group.description),
        "workflow_id": group.workflow_id,
        "source_node_id": group.source_node_id,
        "patterns_json": codec.storable(codec.to_json(list(group.patterns))) if group.patterns else None,
        "unmatched_json": codec.storable(codec.to_json(list(group.unmatched))) if group.unmatched else None,
    }


def update_group(
    connection: Connection, group_id: int, fields: Mapping[str, Any], user_id: str | None = None
) -> dict[str, Any]:
    """Change fields of a group; returns its new row. Raises :class:`NotInHistory`, :class:`BadQuery`."""
    unknown = set(fields) - {*EDITABLE, "members"}
    if unknown:
        raise BadQuery(f"A group has no field {sorted(unknown)[0]!r} that can be changed.")
    group_row(connection, group_id, user_id)
    values = {name: codec.storable(value) for name, value in fields.items() if name != "members"}
    if "members" in fields:
        # They are what somebody chose now, no longer what a Profiler Group's lines found.
        values |= {"patterns_json": None, "unmatched_json": None}
    if values:
        connection.execute(update(schema.groups).where(schema.groups.c.id == group_id).values(values))
    if "members" in fields:
        set_members(connection, group_id, fields["members"])
    return group_row(connection, group_id)


def delete_group(connection: Connection, group_id: int, user_id: str | None = None) -> dict[str, Any]:
    """Remove a group; returns the row it had. Raises :class:`NotInHistory`."""
    row = group_row(connection, group_id, user_id)
    for table in (schema.group_members, schema.run_group_members, schema.run_groups):
        connection.execute(delete(table).where(table.c.group_id == group_id))
    connection.execute(delete(schema.groups).where(schema.groups.c.id == group_id))
    return row
