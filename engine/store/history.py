"""The history as routes and the host see it: one class, plain dictionaries out.

Never imports ComfyUI and never answers with driver exceptions: what goes wrong is
one of ``errors.py``. All methods may be called from any thread and block for as
long as the database takes; call them through ``asyncio.to_thread`` on an event loop.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..model import Group, Run, Snapshot
from .database import Database

Row = dict[str, Any]
"""A row as JSON wants it: the table's column names; a ``<field>_json`` column comes
decoded as ``<field>``, except ``inputs_json``, which stays text under its own name."""


class History:
    """Reads and edits the recorded runs of one database.

    ``user_id=None`` means every user's rows; rows that name no user belong to all.
    Methods raise ``StoreError`` (see ``errors.py``): ``NotInHistory`` for an unknown
    id, ``BadQuery`` for a field or sort column that does not exist, ``StoreReadOnly``,
    ``StoreBusy``, ``StoreFull`` and so on for the database's own troubles.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    # -- runs -----------------------------------------------------------------
    def list_runs(
        self,
        user_id: str | None = None,
        *,
        limit: int = 50,
        offset: int = 0,
        sort: str = "-timestamp",
        q: str = "",
        status: str | Sequence[str] | None = None,
        workflow: str | None = None,
        since: str | None = None,
        until: str | None = None,
        min_time: float | None = None,
        max_time: float | None = None,
        pinned: bool | None = None,
    ) -> tuple[list[Row], int]:
        """One page of runs and how many match in all.

        ``sort``: a column of :data:`SORTABLE`, with ``-`` in front for descending;
        runs without a value come last. ``q`` is looked for in name, comment, workflow
        and status. ``workflow`` is a workflow's id or hash. ``since`` and ``until`` are
        ISO 8601. ``min_time``/``max_time`` are seconds of ``total_time``.
        The bulky fields (changes, devices, metrics, overhead) are left out.
        """
        raise NotImplementedError

    def run_row(self, run_id: int, user_id: str | None = None) -> Row:
        """One run with all its columns, ``environment`` included."""
        raise NotImplementedError

    def load_run(self, run_id: int, *, with_series: bool = True, user_id: str | None = None) -> Run:
        """The whole run as it was recorded, with the groups as they are now."""
        raise NotImplementedError

    def step_rows(self, run_id: int) -> list[Row]:
        """The steps of a run in order, each with ``devices``."""
        raise NotImplementedError

    def steps_of(self, run_ids: Sequence[int]) -> dict[int, list[Row]]:
        """The steps of many runs at once, without ``devices`` and ``inputs_json``: for trends."""
        raise NotImplementedError

    def update_run(self, run_id: int, *, user_id: str | None = None, **fields: Any) -> Row:
        """Change ``name``, ``global_comment`` or ``pinned``; returns the run's new row."""
        raise NotImplementedError

    def delete_run(self, run_id: int, *, user_id: str | None = None) -> Row:
        """Take the run out of the history; :meth:`restore_run` brings it back. Returns its row."""
        raise NotImplementedError

    def restore_run(self, run_id: int, *, user_id: str | None = None) -> Row:
        """Undo :meth:`delete_run`, as long as the run was not purged."""
        raise NotImplementedError

    def purge_deleted(self, older_than_s: float = 86400.0) -> int:
        """Remove runs for good that were deleted longer ago than that; returns how many."""
        raise NotImplementedError

    def update_step(self, step_id: int, *, step_comment: str, user_id: str | None = None) -> Row:
        """Change a step's comment; returns the step's new row."""
        raise NotImplementedError

    def previous_times(self, inputs_hashes: Iterable[str]) -> dict[str, tuple[int, float]]:
        """For each hash the latest real execution: ``{hash: (run id, exec_time in seconds)}``."""
        raise NotImplementedError

    def mark_crashed(self) -> list[int]:
        """Mark runs whose worker is gone as crashed; returns their ids."""
        raise NotImplementedError

    # -- groups ---------------------------------------------------------------
    def list_groups(self, workflow_id: str | None = None, user_id: str | None = None) -> list[Row]:
        """All groups, or those of one workflow (with those that name no workflow)."""
        raise NotImplementedError

    def groups_for(self, workflow_id: str, user_id: str | None = None) -> tuple[Group, ...]:
        """The same as :meth:`list_groups`, as model objects."""
        raise NotImplementedError

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
        """A new group; returns its row."""
        raise NotImplementedError

    def update_group(self, group_id: int, *, user_id: str | None = None, **fields: Any) -> Row:
        """Change ``name``, ``color``, ``description``, ``members`` or ``workflow_id``."""
        raise NotImplementedError

    def delete_group(self, group_id: int, *, user_id: str | None = None) -> Row:
        """Remove a group; returns the row it had, from which it can be created again."""
        raise NotImplementedError

    def upsert_run_groups(
        self, workflow_id: str, groups: Iterable[Group], user_id: str = "default"
    ) -> tuple[Group, ...]:
        """Store the groups of a queued prompt's Group nodes; returns them with their ids.

        A Group node's group is found again by workflow and ``source_node_id``.
        """
        raise NotImplementedError

    def group_totals(self, run_id: int) -> list[Row]:
        """The rows of ``profiler_group_totals`` for a run, largest time first."""
        raise NotImplementedError

    # -- references and environments -------------------------------------------
    def reference(self, workflow_id: str, user_id: str = "default") -> Snapshot | None:
        """The reference snapshot of a workflow, or ``None``."""
        raise NotImplementedError

    def store_reference(self, snapshot: Snapshot, user_id: str = "default") -> None:
        """Make ``snapshot`` the reference of its workflow."""
        raise NotImplementedError

    def environments(self) -> dict[int, Mapping[str, str]]:
        """Every stored environment by ``environment_id``."""
        raise NotImplementedError

    def workflow_of(self, run_id: int) -> Row:
        """``{"prompt", "workflow"}`` that the run was made with; ``None`` where not stored."""
        raise NotImplementedError

    # -- files ------------------------------------------------------------------
    def import_base_database(self, path: str, user_id: str = "default") -> Row:
        """Copy the runs, steps and groups of another profiler database into this one.

        Runs that are here already are skipped. Returns
        ``{"runs", "steps", "groups", "skipped_runs"}``. Raises ``NotAHistory``.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Close the database's connections. The next call opens it again."""
        raise NotImplementedError
