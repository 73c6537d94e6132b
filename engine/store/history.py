"""The history as routes and the host see it: one class, plain dictionaries out.

Never imports ComfyUI and never answers with driver exceptions: what goes wrong is
one of ``errors.py``. All methods may be called from any thread and block for as
long as the database takes; call them through ``asyncio.to_thread`` on an event loop.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection

from ..model import OwnerTime, Run
from . import json_rows, rows, traces
from .asking import Asker
from .database import Database
from .errors import BadQuery, NotInHistory, StoreError
from .history_groups import GroupsOfHistory
from .json_rows import Row
from .paging import Pages
from .queries import contents, membership, run_list
from .queries import inside as of_inside
from .queries import runs as of_runs
from .queries import series as of_series
from .queries import steps as of_steps
from .queries.run_list import SORTABLE, RunFilter
from .queries.steps import AddSteps
from .rows import RawRow

if TYPE_CHECKING:
    from .import_history import ChangeWorkflow

__all__ = ["SORTABLE", "History", "Row"]

log = logging.getLogger("holaf.profiler")

T = TypeVar("T")
LOOK_S = 30.0
"""How often at most a list looks whether the workers of its running runs are alive."""
PURGE_AFTER_S = 86400.0
"""Deleted runs can be restored for this long; the next deletion after that removes them for good."""


class History(GroupsOfHistory):
    """Reads and edits the recorded runs of one database.

    ``user_id=None`` means every user's rows; rows that name no user belong to all.
    Methods raise ``StoreError`` (see ``errors.py``): ``NotInHistory`` for an unknown
    id, ``BadQuery`` for a field or sort column that does not exist, ``StoreReadOnly``,
    ``StoreBusy``, ``StoreFull`` and so on for what goes wrong in the database itself.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self._asker = Asker(lambda: database.where)
        self._pages = Pages(database)
        self._next_look_s = 0.0

    def within(self, timeout_s: float, question: Callable[[], T]) -> T:
        """What ``question`` answers; raises ``StoreAway`` where the history does not answer by then."""
        return self._asker.within(timeout_s, question)

    # -- runs -----------------------------------------------------------------
    def list_runs(
        self,
        user_id: str | None = None,
        *,
        limit: int = 50,
        offset: int = 0,
        sort: str = "-timestamp",
        status: str | Iterable[str] = (),
        names: Sequence[str] = (),
        **filters: Any,
    ) -> tuple[list[Row], int]:
        """One page of runs and how many match in all, see ``paging.py``.

        ``sort``: a column of :data:`SORTABLE`, with ``-`` in front for descending;
        runs without a value come last. ``status`` is one or several, ``filters`` are the other fields
        of :class:`RunFilter`. Bulky fields (changes, devices ...) are left out.
        ``names``: these columns alone, as they are stored.
        """
        statuses = (status,) if isinstance(status, str) else tuple(status)
        wanted = RunFilter(user_id=user_id, status=statuses, **filters)

        def read() -> tuple[list[Row], int]:
            with self.database.read() as connection:
                return self._pages.read(
                    connection, wanted, sort=sort, limit=limit, offset=offset, names=names
                )

        found = read()
        return read() if self._is_one_found_dead(found[0]) else found

    def newest_runs(self, user_id: str | None = None, *, limit: int, **filters: Any) -> list[Row]:
        """The newest runs that fit, as :meth:`list_runs` lists them, without counting all that do."""
        wanted = RunFilter(user_id=user_id, **filters)

        def read() -> list[Row]:
            with self.database.read() as connection:
                ids = run_list.ids(connection, wanted, sort="-timestamp", limit=limit, offset=0)
                return run_list.rows(connection, ids)

        found = read()
        return read() if self._is_one_found_dead(found) else found

    def totals(self, user_id: str | None = None, **filters: Any) -> Row:
        """What all runs that fit ``workflow``, ``since``, ``until`` come to; see ``run_list.totals``."""
        with self.database.read() as connection:
            return run_list.totals(connection, RunFilter(user_id=user_id, **filters))

    def workflows(self, user_id: str | None = None) -> list[Row]:
        """``{"workflow", "name", "run_count", "newest"}`` of every workflow with runs, newest run first."""
        with self.database.read() as connection:
            return run_list.workflows(connection, user_id)

    def tags(self, user_id: str | None = None) -> dict[str, int]:
        """How many runs have each tag, by the tag's name."""
        with self.database.read() as connection:
            return run_list.tags(connection, user_id)

    def _is_one_found_dead(self, found: Sequence[Row]) -> bool:
        """Whether a run that claims to be running turned out to be dead; looked for now and then only."""
        claimed = any(run.get("status") == "running" for run in found)
        now_s = time.monotonic()
        if not claimed or self.database.read_only or now_s < self._next_look_s:
            return False
        self._next_look_s = now_s + LOOK_S
        try:
            return bool(self.mark_crashed())
        except StoreError as error:  # the list itself could be read
            log.info("Runs that were cut off could not be marked now: %s", error)
            return False

    def run_row(self, run_id: int, user_id: str | None = None) -> Row:
        """One run with all its columns, ``environment`` included."""
        with self.database.read() as connection:
            row = of_runs.run_row(connection, run_id, user_id)
            environment = contents.environment(connection, row["environment_id"])
        return {**json_rows.run_row(row), "environment": environment}

    def load_run(self, run_id: int, *, with_series: bool = True, user_id: str | None = None) -> Run:
        """The whole run as it was recorded; its groups are called as they are now.

        Without ``with_series`` what was seen inside the nodes is left out as well.
        """
        with self.database.read() as connection:
            row = of_runs.run_row(connection, run_id, user_id)
            devices = of_steps.devices_of(connection, run_id)
            return rows.run_from_row(
                row,
                steps=tuple(
                    rows.step_from_row(step, devices.get(step["id"], ()))
                    for step in of_steps.step_rows(connection, run_id)
                ),
                series=of_series.read(connection, run_id) if with_series else (),
                **(of_inside.read(connection, run_id) if with_series else {}),
                groups=membership.run_groups(connection, run_id),
                environment=contents.environment(connection, row["environment_id"]),
                **contents.workflow(connection, row),
            )

    def step_rows(self, run_id: int, user_id: str | None = None) -> list[Row]:
        """The steps of a run in order, each with ``devices``."""
        with self.database.read() as connection:
            of_runs.run_row(connection, run_id, user_id)
            devices = of_steps.devices_of(connection, run_id)
            steps = of_steps.step_rows(connection, run_id)
        return [{**json_rows.step_row(row), "devices": devices.get(row["id"], [])} for row in steps]

    def read_steps(self, run_ids: Sequence[int], names: Sequence[str], add: AddSteps) -> None:
        """Hand the steps of many runs to ``add``, a sequence for each of ``names``."""
        with self.database.read() as connection:
            of_steps.read_columns(connection, run_ids, names, add)

    def run_rows(self, run_ids: Sequence[int], user_id: str | None = None) -> dict[int, Row]:
        """The rows of many runs by id, with ``devices`` and ``settings``. Raises ``NotInHistory``."""
        with self.database.read() as connection:
            found = of_runs.rows_of(connection, run_ids, user_id)
        for run_id in run_ids:
            if run_id not in found:
                raise NotInHistory(f"There is no run {run_id} in the history.")
        return {run_id: json_rows.run_row(row) for run_id, row in found.items()}

    def inside_of(self, run_id: int, user_id: str | None = None) -> Row:
        """``{"stacks", "owner_times", "kernels"}`` of a run; owners and functions are compact lists."""
        with self.database.read() as connection:
            of_runs.run_row(connection, run_id, user_id)
            return of_inside.json_row(of_inside.read(connection, run_id))

    def owner_times_of(self, run_ids: Sequence[int]) -> dict[int, tuple[OwnerTime, ...]]:
        """Time by node and owner of many runs at once; runs without any are left out."""
        with self.database.read() as connection:
            return of_inside.owner_times(connection, run_ids)

    def update_run(self, run_id: int, *, user_id: str | None = None, **fields: Any) -> Row:
        """Change ``name``, ``global_comment``, ``tags`` or ``pinned``; returns the run's new row."""
        unknown = set(fields) - {"name", "global_comment", "tags", "pinned"}
        if unknown:
            raise BadQuery(f"A run has no field {sorted(unknown)[0]!r} that can be changed.")

        if "tags" in fields:
            fields["tags_json"] = rows.tags_text(fields.pop("tags"))

        def change(connection: Connection) -> None:
            of_runs.run_row(connection, run_id, user_id)
            if fields:
                of_runs.set_run(connection, run_id, fields)

        self.database.transact(change)
        return self.run_row(run_id, user_id)

    def delete_run(self, run_id: int, *, user_id: str | None = None) -> Row:
        """Take the run out of the history; :meth:`restore_run` brings it back. Returns its row."""

        def take_out(connection: Connection) -> RawRow:
            row = of_runs.run_row(connection, run_id, user_id)
            of_runs.mark_deleted(connection, run_id)
            return row

        row = self.database.transact(take_out)
        self.purge_deleted()
        return json_rows.run_row(row)

    def restore_run(self, run_id: int, *, user_id: str | None = None) -> Row:
        """Undo :meth:`delete_run`, as long as the run was not purged."""

        def put_back(connection: Connection) -> None:
            of_runs.run_row(connection, run_id, user_id, deleted=True)
            of_runs.set_run(connection, run_id, {"deleted_at": None})

        self.database.transact(put_back)
        return self.run_row(run_id, user_id)

    def purge_deleted(self, older_than_s: float = PURGE_AFTER_S) -> int:
        """Remove runs for good that were deleted longer ago than that; returns how many."""
        count = self.database.transact(lambda connection: of_runs.purge_deleted(connection, older_than_s))
        traces.sweep(self.database)
        return count

    def update_step(self, step_id: int, *, step_comment: str, user_id: str | None = None) -> Row:
        """Change a step's comment; returns the step's new row."""
        return json_rows.step_row(
            self.database.transact(
                lambda connection: of_steps.set_step_comment(connection, step_id, step_comment, user_id)
            )
        )

    def previous_times(
        self, inputs_hashes: Iterable[str], user_id: str | None = None
    ) -> dict[str, tuple[int, float]]:
        """For each hash the latest real execution: ``{hash: (run id, exec_time in seconds)}``."""
        with self.database.read() as connection:
            return of_steps.previous_times(connection, inputs_hashes, user_id)

    def mark_crashed(self) -> list[int]:
        """Mark runs whose worker is gone as crashed; returns their ids."""
        return self.database.mark_crashed()

    # -- environments and prompts ------------------------------------------------
    def environments(self, user_id: str | None = None) -> dict[int, Mapping[str, str]]:
        """Every stored environment of the user's runs by ``environment_id``."""
        with self.database.read() as connection:
            return contents.environments(connection, user_id)

    def workflow_of(self, run_id: int, user_id: str | None = None) -> Row:
        """``{"prompt", "workflow"}`` that the run was made with; ``None`` where not stored."""
        with self.database.read() as connection:
            row = of_runs.run_row(connection, run_id, user_id, columns=contents.WORKFLOW_COLUMNS)
            return contents.workflow(connection, row)

    def prompt_of(self, run_id: int, user_id: str | None = None) -> Any:
        """The prompt that the run was made with, in API format; ``None`` where not stored."""
        with self.database.read() as connection:
            row = of_runs.run_row(connection, run_id, user_id, columns=contents.WORKFLOW_COLUMNS)
            return contents.prompt(connection, row)

    # -- files ------------------------------------------------------------------
    def import_base_database(self, path: str, user_id: str = "default") -> Row:
        """Copy the runs, steps and groups of another profiler database into this one.

        Runs that are here already are skipped. Returns
        ``{"runs", "steps", "groups", "skipped_runs"}``. Raises ``NotAHistory``.
        """
        from .import_history import import_database

        return dict(import_database(self.database, Path(path), user_id))

    def bundle(
        self, run_ids: Sequence[int], change_workflow: ChangeWorkflow, *, user_id: str | None = None
    ) -> bytes:
        """Runs as a file of their own; ``change_workflow`` answers prompt and graph as they leave."""
        from .import_history import export_runs

        self.run_rows(run_ids, user_id)
        return export_runs(self.database, run_ids, change_workflow)

    def close(self) -> None:
        """Close the database's connections. The next call opens it again."""
        self.database.close()
