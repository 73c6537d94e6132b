"""Runs that could not reach the history, kept on this machine until they can. Bounded.

The spool is a history file of its own, so that a run lies in it as it would in the
history. It is beside the history, or in the temporary folder where that one cannot be
written either. A run is delivered once: its UUID says whether the history has it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from ..model import Run
from . import spool_file
from .database import Database
from .errors import StoreError
from .history import History
from .run_file import RunFile

log = logging.getLogger("holaf.profiler")

RUNS_MAX = 200
"""Of more runs than this the oldest go."""


class Spool:
    """The spool of one history. Any thread."""

    def __init__(self, history: Database) -> None:
        self._history = history
        self._places = spool_file.places(history.url, history.folder)

    def keep(self, run: Run) -> bool:
        """Put a copy of ``run``, which has a UUID, into the spool; whether that worked."""
        return any(_keep_at(path, run) for path in self._places)

    def drop(self, uuid: str) -> None:
        """The history has this run. Raises ``StoreError``."""
        for spool in self._found():
            found, _ = History(spool).list_runs(limit=RUNS_MAX)
            _remove(spool, [row["id"] for row in found if row["uuid"] == uuid])

    def deliver(self) -> int:
        """Write all runs into the history; returns how many. Raises ``StoreError`` for what may pass."""
        count = 0
        for spool in self._found():
            for run_id in _ids(spool):
                run = replace(History(spool).load_run(run_id), id=None)
                try:
                    RunFile.of(run).save(self._history, run.overhead.writer_s or 0.0)
                except StoreError as error:
                    if error.passes:
                        raise
                    log.warning("Run %s stays in %s: %s", run.uuid, spool.where, error)
                    continue
                _remove(spool, [run_id])
                count += 1
        return count

    def _found(self) -> Iterator[Database]:
        for path in self._places:
            if path.is_file() and spool_file.is_ours(path.parent) and spool_file.holds_runs(path):
                with _opened(path) as spool:
                    yield spool


def _keep_at(path: Path, run: Run) -> bool:
    try:
        spool_file.make_private(path.parent)
        with _opened(path) as spool:
            RunFile.of(run).save(spool, run.overhead.writer_s or 0.0)
            _remove(spool, _ids(spool)[:-RUNS_MAX])
    except (StoreError, OSError) as error:
        log.info("A run could not be kept at %s: %s", path, error)
        return False
    return True


def _opened(path: Path) -> closing[Database]:
    return closing(Database(path, busy_timeout_s=spool_file.BUSY_TIMEOUT_S))


def _ids(spool: Database) -> list[int]:
    found, _ = History(spool).list_runs(sort="id", limit=10 * RUNS_MAX)
    return [row["id"] for row in found]


def _remove(spool: Database, run_ids: list[int]) -> None:
    history = History(spool)
    for run_id in run_ids:
        history.delete_run(run_id)
    if run_ids:
        history.purge_deleted(-1.0)
