"""One run's way to disk: what has been handed over, what is on disk, what comes next.

Called by the writer's thread only, except for :class:`Inbox`, where other threads leave
what they hand over. Each ``save`` is one transaction, status and steps together. After one
that failed, nobody knows whether the database has it: the next one looks there first, by
the run's UUID.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol
from uuid import uuid4

from sqlalchemy import Connection

from ..clock import utc_timestamp
from ..model import Run, Series, Step, StepDevice
from . import rows
from .database import Database
from .queries import contents, membership
from .queries import inside as of_inside
from .queries import runs as of_runs
from .queries import series as of_series
from .queries import steps as of_steps
from .queries.series import Written
from .queries.steps import StepKey, key_of
from .worker import worker


class RunSource(Protocol):
    """A run as far as it got. Asked on the writer's thread, so that the run's own need not tell anything."""

    @property
    def finished_count(self) -> int:
        """How many nodes have ended."""

    def steps_since(self, count: int) -> Sequence[Step]:
        """The steps of the nodes that ended after the first ``count``, in that order."""

    def busy_with(self) -> tuple[str, float] | None:
        """The node that the run is busy with, and for how many seconds it has been."""


class Ended:
    """The source of a run that is whole already."""

    finished_count = 0

    def steps_since(self, count: int) -> Sequence[Step]:
        return ()

    def busy_with(self) -> None:
        return None


log = logging.getLogger("holaf.profiler")

FLUSH_S = 1.0
"""Steps wait this long for company before they are written."""
RUNNING_S = 0.5
"""A node that runs longer than this is named on disk, with all that came before it."""
HEARTBEAT_S = 30.0
"""How often a quiet run says that its worker is alive."""


class Inbox:
    """What other threads hand over."""

    def __init__(self) -> None:
        self.waiting: deque[threading.Event] = deque()
        self.settled: Run | None = None
        self.final: Run | None = None


class RunFile:
    """The written state of one run. ``run_id`` is ``None`` until its row is on disk."""

    def __init__(self, run: Run, source: RunSource) -> None:
        self.uuid = run.uuid or uuid4().hex
        self.inbox = Inbox()
        self.run_id: int | None = None
        self.finished = False
        self._source = source
        self._taken = 0
        self._is_mute = False
        self._begun = replace(run, uuid=self.uuid, steps=(), series=())
        self._seen: dict[StepKey, Step] = {}
        self._unwritten: set[StepKey] = set()
        # What the database is known to hold. A step of None is there with values that nobody remembers.
        self._on_disk: dict[StepKey, Step | None] = {}
        self._devices: dict[StepKey, tuple[StepDevice, ...]] | None = {}
        self._series: Written = {}
        self._has_content = False
        self._is_certain = run.uuid is None
        self._running_on_disk: str | None = None
        self._oldest_s: float | None = None
        self._heartbeat_s = 0.0
        self._fresh_starts: int | None = None

    @classmethod
    def of(cls, run: Run) -> RunFile:
        """A run that is whole already, whether or not some of it is on disk."""
        file = cls(run, Ended())
        file.inbox.final = run
        return file

    def notice(self) -> None:
        """Look whether something new has come in; from then on it is waiting to be written."""
        if self._oldest_s is None and (self._unwritten or self._source.finished_count > self._taken):
            self._oldest_s = time.monotonic()

    def _take(self) -> None:
        """Take the steps that are new; making them is dear, and a whole run brings all of them once more."""
        final = self.inbox.final
        if self._is_mute or (final is not None and final.steps):
            return
        try:
            steps = self._source.steps_since(self._taken)
        except Exception:  # who a node is comes from the host and from other packs
            log.exception("Workflow Profiler writes this run's steps at its end only.")
            self._is_mute = True
            return
        self._taken += len(steps)
        for step in steps:
            self._seen[key_of(step)] = step
            self._unwritten.add(key_of(step))

    def due(self, now_s: float, *, at_once: bool) -> bool:
        """Whether there is something that should go to disk now."""
        if self.finished:
            return False
        inbox = self.inbox
        if at_once or self.run_id is None or inbox.final is not None or inbox.settled is not None:
            return True
        busy = self._source.busy_with()
        if busy is not None and busy[0] != self._running_on_disk and busy[1] >= RUNNING_S:
            return True
        if self._oldest_s is not None and now_s - self._oldest_s >= FLUSH_S:
            return True
        return now_s - self._heartbeat_s >= HEARTBEAT_S

    def save(self, database: Database, writer_s: float) -> None:
        """Write what is due, in one transaction. Raises ``StoreError``; then nothing has changed here."""
        final, settled = self.inbox.final, self.inbox.settled
        whole = final or settled
        now_s = time.monotonic()
        self._take()
        database.open()
        if database.fresh_starts != self._fresh_starts:
            self._is_certain = self._is_certain and self._fresh_starts is None
            self._fresh_starts = database.fresh_starts
        # A running node is named together with the prompt, which says who it is.
        busy = self._source.busy_with() if self.run_id is not None and whole is None else None
        node_id = busy[0] if busy is not None else None
        certain, self._is_certain = self._is_certain, False

        def write(connection: Connection) -> tuple[int, Written]:
            if not certain and self._find(connection) and final is not None:
                assert self.run_id is not None
                return self.run_id, self._series
            run_id = self.run_id if self.run_id is not None else self._insert(connection)
            if whole is not None:
                return run_id, self._write_whole(connection, run_id, whole, final is not None, writer_s)
            self._write_steps(connection, run_id, [self._seen[key] for key in self._unwritten])
            values = {"status": "running", "running_node_id": node_id, "heartbeat": utc_timestamp()}
            of_runs.update_run(connection, run_id, values | self._content(connection))
            return run_id, self._series

        run_id, self._series = database.transact(write, is_edit=False)
        self._is_certain = True
        # A prompt of a thousand nodes takes 4 ms to store: not while the workflow is at its first nodes.
        self._has_content = self.run_id is not None or whole is not None
        self.run_id = run_id
        self.finished = final is not None
        self._on_disk |= {key: self._seen[key] for key in self._unwritten}
        self._unwritten.clear()
        if whole is not None:
            self._on_disk |= {key_of(step): step for step in whole.steps}
            self._devices = _devices(whole)
            if self.inbox.settled is settled:
                self.inbox.settled = None
        self._oldest_s = None
        self._running_on_disk = node_id
        self._heartbeat_s = now_s
        if self.finished:
            self._seen.clear()
            self._on_disk.clear()

    def _find(self, connection: Connection) -> bool:
        """Look what the database holds of this run; returns whether that is all of it, with its end."""
        row = of_runs.run_with(connection, self.uuid)
        self.run_id = None if row is None else int(row["id"])
        self._on_disk, self._series = {}, {}
        if self.run_id is not None:
            self._on_disk = dict.fromkeys(of_steps.keys_of(connection, self.run_id))
            self._series = of_series.written(connection, self.run_id)
        self._devices = None
        self._has_content = row is not None and row["workflow_content_id"] is not None
        self._unwritten |= self._seen.keys() - self._on_disk.keys()
        return row is not None and row["status"] not in ("running", "crashed")

    def _insert(self, connection: Connection) -> int:
        begun = self._begun
        values = {
            **rows.run_values(begun),
            **worker(),
            "status": "running",
            "heartbeat": utc_timestamp(),
            "environment_id": contents.write_environment(connection, begun.environment),
        }
        return of_runs.insert_run(connection, values)

    def _content(self, connection: Connection) -> dict[str, Any]:
        """The prompt and graph, with the second write of a run that goes on."""
        if self.run_id is None or self._has_content:
            return {}
        return contents.write_workflow(connection, self._begun.prompt, self._begun.workflow)

    def _write_steps(self, connection: Connection, run_id: int, steps: Sequence[Step]) -> None:
        new = [step for step in steps if key_of(step) not in self._on_disk]
        there = [step for step in steps if key_of(step) in self._on_disk]
        of_steps.insert_steps(connection, run_id, new)
        # Comparing costs a third of writing.
        changed = [step for step in there if self._on_disk[key_of(step)] != step]
        of_steps.update_steps(connection, run_id, changed)

    def _write_whole(
        self, connection: Connection, run_id: int, run: Run, is_final: bool, writer_s: float
    ) -> Written:
        begun_ns = time.thread_time_ns()
        keys = {key_of(step) for step in run.steps}
        self._write_steps(connection, run_id, run.steps)
        # Ended after the run was put together for its report, or in a run that could not be put together.
        self._write_steps(connection, run_id, [self._seen[key] for key in self._unwritten - keys])
        gone = self._on_disk.keys() - keys
        devices_changed = _devices(run) != self._devices
        if devices_changed and self._devices != {}:
            of_steps.delete_step_devices(connection, run_id)
        if run.steps:  # one that could not be put together has none: those on disk are all there is
            of_steps.delete_steps(connection, run_id, gone)
        if devices_changed:
            of_steps.write_step_devices(connection, run_id, run.steps)
        series = of_series.write(connection, run_id, _rest(run.series, self._series), self._series)
        if run.stacks is not None or run.kernels:
            of_inside.write(connection, run_id, run)
        if run.steps:
            membership.write_run_groups(connection, run_id, run)
        else:
            membership.regroup_run(connection, run_id)
        own: dict[str, Any] = {
            "uuid": self.uuid,
            "status": run.status if is_final else "running",
            "heartbeat": utc_timestamp(),
            "environment_id": contents.write_environment(connection, run.environment),
        }
        queued = run if run.prompt is not None or run.workflow is not None else self._begun
        same = queued.prompt is self._begun.prompt and queued.workflow is self._begun.workflow
        if not (same and self._has_content):
            own |= contents.write_workflow(connection, queued.prompt, queued.workflow)
        spent_s = writer_s + (time.thread_time_ns() - begun_ns) / 1e9
        run = replace(run, overhead=replace(run.overhead, writer_s=spent_s), running_node_id=None)
        values = {**rows.run_values(run), **rows.run_totals(run.steps), **own}
        of_runs.update_run(connection, run_id, values)
        return series


def _devices(run: Run) -> dict[StepKey, tuple[StepDevice, ...]]:
    return {key_of(step): step.devices for step in run.steps if step.devices}


def _rest(series: Sequence[Series], written: Written) -> list[Series]:
    """Of whole series, the parts that follow the samples on disk."""
    rest = []
    for whole in series:
        samples, _ = written.get((whole.metric, whole.device or ""), (0, 0))
        if len(whole.t_s) > samples:
            rest.append(
                replace(
                    whole,
                    t_s=whole.t_s[samples:],
                    value=whole.value[samples:],
                    start_s=whole.start_s[samples:],
                )
            )
    return rest
