"""Writes runs to disk while they go on, on a thread of its own.

Nothing here blocks or raises towards the caller: what goes wrong ends up as a plain
sentence in ``RunHandle.errors``. The thread starts with the first run and ends by
itself; without a profiled run nothing is running.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..model import Run, Series, Step
from .database import Database


class RunHandle:
    """One run on its way to disk. Made by :meth:`RunWriter.begin`."""

    @property
    def run_id(self) -> int | None:
        """The run's id in the database, ``None`` until its row is on disk."""
        raise NotImplementedError

    @property
    def errors(self) -> tuple[str, ...]:
        """What went wrong so far, in plain sentences that say what to do."""
        raise NotImplementedError

    @property
    def notices(self) -> tuple[str, ...]:
        """What the user should know about the database (set aside, read-only ...)."""
        raise NotImplementedError

    def running(self, node_id: str | None) -> None:
        """Which node is running now; on disk as soon as it has run for about half a second."""
        raise NotImplementedError

    def step(self, step: Step) -> None:
        """A step that began or ended; the later one with the same node id and position wins."""
        raise NotImplementedError

    def series(self, chunk: Sequence[Series]) -> None:
        """Samples that are new since the last chunk."""
        raise NotImplementedError

    def finish(self, run: Run) -> None:
        """The run as it ended, complete: all steps with their final values and all series.

        Samples that came through :meth:`series` are not written again: of each series
        only what follows the samples written so far.
        """
        raise NotImplementedError

    def wait(self, timeout_s: float) -> int | None:
        """The run's id once everything handed over so far is on disk; ``None`` if it is not by then."""
        raise NotImplementedError


class RunWriter:
    """The writer of one database. One thread for all its runs."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def begin(self, run: Run) -> RunHandle:
        """Start writing ``run`` (its steps and series so far are ignored)."""
        raise NotImplementedError

    @property
    def cpu_s(self) -> float:
        """CPU seconds that the writer's threads have used so far."""
        raise NotImplementedError

    def close(self, timeout_s: float = 5.0) -> None:
        """Write what is left and end the thread."""
        raise NotImplementedError
