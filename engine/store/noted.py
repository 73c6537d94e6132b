"""Runs that were only noted: put into the history whole, each prompt once."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from ..model import Run
from . import rows, schema
from .database import Database
from .queries import contents
from .queries import runs as of_runs

runs = schema.runs


AT_ONCE = 50
"""So many are written in one transaction: a run that goes on is written in between."""


def add(database: Database, noted: Sequence[Run]) -> int:
    """Add those of the runs whose prompt is not in the history yet, a deleted one included; how many.

    Raises ``StoreError``.
    """

    return sum(_add(database, noted[start : start + AT_ONCE]) for start in range(0, len(noted), AT_ONCE))


def _add(database: Database, noted: Sequence[Run]) -> int:
    def work(connection: Connection) -> int:
        known = _known(connection, [run.prompt_id for run in noted if run.prompt_id])
        fresh = {run.prompt_id: run for run in noted if run.prompt_id not in known}
        for run in fresh.values():
            values = rows.run_values(run)
            values |= contents.write_workflow(connection, run.prompt, run.workflow)
            of_runs.insert_run(connection, values)
        return len(fresh)

    return database.transact(work)


def _known(connection: Connection, prompt_ids: Sequence[str]) -> set[str]:
    query = select(runs.c.prompt_id).where(runs.c.prompt_id.in_(prompt_ids))
    return set(connection.execute(query).scalars())
