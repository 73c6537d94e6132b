"""Groups of nodes and reference snapshots, as :class:`history.History` gives them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection

from ..model import Group, Snapshot
from . import json_rows
from .database import Database
from .json_rows import Row
from .queries import groups as of_groups
from .queries import membership
from .queries import references as of_references
from .rows import RawRow


class GroupsOfHistory:
    """The part of a history that is about groups and references."""

    database: Database

    def list_groups(self, workflow_id: str | None = None, user_id: str | None = None) -> list[Row]:
        """All groups, or those of one workflow (with those that name no workflow)."""
        with self.database.read() as connection:
            found = of_groups.group_rows(connection, workflow_id=workflow_id, user_id=user_id)
        return [json_rows.json_row(row) for row in found]

    def groups_for(self, workflow_id: str, user_id: str | None = None) -> tuple[Group, ...]:
        """The same as :meth:`list_groups`, as model objects."""
        with self.database.read() as connection:
            found = of_groups.group_rows(connection, workflow_id=workflow_id, user_id=user_id)
        return of_groups.model_groups(found)

    def create_group(
        self,
        *,
        name: str,
        color: str = "#888888",
        description: str = "",
        members: Iterable[str] = (),
        workflow_id: str | None = None,
        user_id: str | None = None,
    ) -> Row:
        """A new group, for recorded runs too; returns its row."""
        group = Group(
            name=name, color=color, description=description, members=tuple(members), workflow_id=workflow_id
        )

        def create(connection: Connection) -> RawRow:
            row = of_groups.group_row(connection, of_groups.insert_group(connection, group, user_id))
            membership.regroup(connection, row)
            return row

        return json_rows.json_row(self.database.transact(create))

    def update_group(self, group_id: int, *, user_id: str | None = None, **fields: Any) -> Row:
        """Change ``name``, ``color``, ``description``, ``members``, ``workflow_id``; recorded runs follow."""

        def change(connection: Connection) -> RawRow:
            row = of_groups.update_group(connection, group_id, fields, user_id)
            if not fields.keys().isdisjoint(("members", "workflow_id")):
                membership.regroup(connection, row)
            return row

        return json_rows.json_row(self.database.transact(change))

    def delete_group(self, group_id: int, *, user_id: str | None = None) -> Row:
        """Remove a group; returns the row it had, from which it can be created again."""
        return json_rows.json_row(
            self.database.transact(lambda connection: of_groups.delete_group(connection, group_id, user_id))
        )

    def reference(self, current: Snapshot, user_id: str = "default") -> Snapshot | None:
        """The reference snapshot of the workflow of ``current``, or ``None``.

        Where nothing has changed that is ``current`` itself, and nothing has to be unpacked.
        """
        with self.database.read() as connection:
            return of_references.reference(connection, current, user_id)

    def store_reference(self, snapshot: Snapshot, user_id: str = "default") -> None:
        """Make ``snapshot`` the reference of its workflow."""
        self.database.transact(
            lambda connection: of_references.store_reference(connection, snapshot, user_id)
        )
