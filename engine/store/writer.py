"""Writes runs to disk while they go on, on a thread of its own.

Nothing here blocks or raises towards the caller: what goes wrong ends up as a plain
sentence in ``RunHandle.errors``. The thread starts with the first run and ends by
itself; without a profiled run nothing is running. What a history cannot take now is
tried again for a while; a run that has ended is in the spool meanwhile, and is delivered
from there with a later run if need be.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from ..model import Run
from .database import Database
from .errors import StoreDamaged, StoreError
from .run_file import RunFile, RunSource
from .run_mark import RunMark
from .spool import Spool

log = logging.getLogger("holaf.profiler")

POLL_S = 0.25
"""How often the thread looks whether something is due while a run goes on."""
IDLE_S = 3.0
"""The thread ends after this long without a run."""
RETRY_S = (0.5, 1.0, 2.0, 5.0)
"""Waits between tries while the history cannot be written; the last one repeats."""
DELIVERY_S = 30.0
"""How often runs of earlier times are tried again, as long as the thread runs."""
PATIENCE_S = 600.0
"""How long a finished run is kept in memory for a history that cannot be written."""
HANG_S = 0.5
"""A history that has been written to for so long as the process ends is not waited for."""


class RunHandle:
    """One run on its way to disk. Made by :meth:`RunWriter.begin`."""

    def __init__(self, run: Run, source: RunSource, database: Database, wake: threading.Event) -> None:
        self._file = RunFile(run, source)
        self._inbox = self._file.inbox
        self._database = database
        self._spool = Spool(database)
        self._wake = wake
        self._errors: list[str] = []
        self._first_notice = len(database.notices)
        self._is_given_up = False
        self._kept: Run | None = None
        self._keeping = threading.Lock()
        self._writer_s = 0.0
        self._tries = 0
        self._next_try_s = 0.0
        self._failing_since_s: float | None = None
        self._mark: RunMark | None = None
        self.name_node: Callable[[str | None], None] = lambda _node_id: None
        """This node is at work now, ``None`` for none: what is known if the process is killed."""
        try:
            self._mark = RunMark(database.crashes.mark_path(self._file.uuid))
            self.name_node = self._mark.name
        except (OSError, StoreError) as error:
            log.debug("This run has no mark: %s", error)

    @property
    def run_id(self) -> int | None:
        """The run's id in the database, ``None`` until its row is on disk."""
        return self._file.run_id

    @property
    def errors(self) -> tuple[str, ...]:
        """What went wrong so far, in plain sentences that say what to do."""
        return tuple(self._errors)

    @property
    def notices(self) -> tuple[str, ...]:
        """What happened to the database since the run began (set aside, deleted ...)."""
        return tuple(self._database.notices[self._first_notice :])

    def settle(self, run: Run) -> None:
        """The run as its report shows it: everything that counts is done, :meth:`finish` is still to come."""
        self._inbox.settled = run
        self._wake.set()

    def finish(self, run: Run) -> None:
        """The run as it ended, complete: all steps with their final values and all series.

        Samples that came with :meth:`settle` are not written again: of each series
        only what follows the samples written so far. ``overhead.writer_s`` is filled in
        by the writer.
        """
        self._inbox.final = run
        self._wake.set()

    def wait(self, timeout_s: float) -> int | None:
        """The run's id once everything handed over so far is on disk; ``None`` if it is not by then."""
        if self._is_given_up:
            return None
        if self._file.finished:
            return self._file.run_id
        done = threading.Event()
        self._inbox.waiting.append(done)
        self._wake.set()
        # Asked again: the thread may have written the end before it could see who waits.
        if not self.over and not done.wait(timeout_s):
            return None
        return None if self._is_given_up else self._file.run_id

    @property
    def over(self) -> bool:
        """Nothing more will be written."""
        return self._is_given_up or self._file.finished

    def keep(self) -> bool:
        """Put the run, if it has ended, into the spool as well. Any thread; blocks for a moment."""
        final = self._inbox.final
        with self._keeping:
            if final is not None and self._kept is not final and not self._file.finished:
                if not self._spool.keep(replace(final, uuid=self._file.uuid)):
                    return False
                self._kept = final
            return self._kept is not None

    # -- on the writer's thread --------------------------------------------------
    def serve(self, now_s: float) -> None:
        """Write what is due; keep errors as sentences."""
        before_s = time.thread_time()
        try:
            self._serve(now_s)
        except Exception:  # the boundary of one run: the thread has others to write
            log.exception(
                "The profiler's history could not be written, nor the run be given up in good order."
            )
            self._is_given_up = True
        self._writer_s += time.thread_time() - before_s

    def _serve(self, now_s: float) -> None:
        waiting = list(self._inbox.waiting)
        self._file.notice()
        if now_s < self._next_try_s or not self._file.due(now_s, at_once=bool(waiting)):
            return
        try:
            try:
                self._file.save(self._database, self._writer_s)
            except StoreDamaged:
                # Closed by the error: opening again sets the file aside and starts a fresh one.
                self._file.save(self._database, self._writer_s)
        except StoreError as error:
            if error.passes:
                self._try_later(error, now_s)
                return
            self._give_up(str(error))
        except Exception as error:
            log.error("The profiler's history could not be written.", exc_info=True)
            self._give_up(
                f"The run could not be written to the history ({type(error).__name__}: {error}). "
                "Please report this with the log."
            )
        else:
            self._tries = 0
            self._failing_since_s = None
            if self._file.finished:
                self._ended_well()
        for done in list(self._inbox.waiting) if self.over else waiting:
            self._inbox.waiting.remove(done)
            done.set()

    def next_due_s(self, now_s: float) -> float:
        """Seconds until this run wants to be looked at again."""
        return max(POLL_S, self._next_try_s - now_s)

    def _ended_well(self) -> None:
        if self._mark is not None:
            self._mark.remove()
        try:
            if self._kept is not None:
                self._spool.drop(self._file.uuid)
            self._database.checkpoint()
        except StoreError as error:
            log.info("After writing a run: %s", error)

    def _try_later(self, error: StoreError, now_s: float) -> None:
        if self._failing_since_s is None:
            self._failing_since_s = now_s
            self._errors.append(f"{error} The run is kept and tried again.")
            log.warning(self._errors[-1])
        if self._inbox.final is not None:
            self.keep()
            if now_s - self._failing_since_s > PATIENCE_S:
                self._give_up(str(error))
                return
        self._next_try_s = now_s + RETRY_S[min(self._tries, len(RETRY_S) - 1)]
        self._tries += 1

    def _give_up(self, message: str) -> None:
        if self.keep():
            message = f"{message} The run is kept on this machine and goes to the history with a later run."
        self._errors.append(message)
        log.warning(self._errors[-1])
        self._is_given_up = True
        if self._mark is not None:
            self._mark.abandon()


class RunWriter:
    """The writer of one database. One thread for all its runs; :meth:`close` it before the process ends."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._handles: list[RunHandle] = []
        self._thread: threading.Thread | None = None
        self._closing = False
        self._busy_since_s: float | None = None
        self._cpu_s = 0.0
        self._next_delivery_s = 0.0

    def begin(self, run: Run, source: RunSource) -> RunHandle:
        """Start writing ``run``, its steps and series so far left out; ``source`` tells how it goes on."""
        handle = RunHandle(run, source, self.database, self._wake)
        with self._lock:
            self._handles.append(handle)
            self._closing = False
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="holaf-profiler-writer", daemon=True)
                self._thread.start()
        self._wake.set()
        return handle

    @property
    def cpu_s(self) -> float:
        """CPU seconds that the writer's threads have used so far."""
        return self._cpu_s

    def close(self, timeout_s: float = 5.0) -> None:
        """Write what is left, to the spool where the history does not take it, and end the thread.

        Runs that go on are written as far as they got. What the history has not taken after half of
        ``timeout_s`` goes to the spool, and may still reach the history as well; a history that hangs
        gets no time.
        """
        with self._lock:
            thread = self._thread
            handles = list(self._handles)
        now_s, busy_since_s = time.monotonic(), self._busy_since_s
        if busy_since_s is not None and now_s - busy_since_s > HANG_S:
            timeout_s = 0.0
        deadline_s = now_s + timeout_s
        for handle in handles:
            handle.wait(max(0.0, deadline_s - timeout_s / 2.0 - time.monotonic()))
        for handle in handles:
            if not handle.over:
                handle.keep()
        with self._lock:
            self._closing = True
        self._wake.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(max(0.0, deadline_s - time.monotonic()))

    def _work(self) -> None:
        earlier_s = self._cpu_s - time.thread_time()
        idle_since_s = time.monotonic()
        while True:
            with self._lock:
                handles = list(self._handles)
            now_s = time.monotonic()
            for handle in handles:
                self._busy_since_s = time.monotonic()
                handle.serve(now_s)
                self._busy_since_s = None
            self._cpu_s = earlier_s + time.thread_time()
            with self._lock:
                self._handles = [handle for handle in self._handles if not handle.over]
                has_runs = bool(self._handles)
                if has_runs:
                    idle_since_s = now_s
                if self._closing or (not has_runs and now_s - idle_since_s >= IDLE_S):
                    self._thread = None
                    return
                wait_s = min((handle.next_due_s(now_s) for handle in self._handles), default=IDLE_S)
            if not has_runs:
                self._deliver(now_s)
            self._wake.wait(wait_s)
            self._wake.clear()

    def _deliver(self, now_s: float) -> None:
        """Runs of earlier times, once those of now are written."""
        if now_s < self._next_delivery_s:
            return
        self._next_delivery_s = now_s + DELIVERY_S
        try:
            count = Spool(self.database).deliver()
        except (StoreError, OSError) as error:
            log.info("Runs that wait for the history stay where they are: %s", error)
        except Exception:  # the boundary of earlier runs: the thread has those of now to write
            log.exception("Runs that wait for the history stay where they are.")
        else:
            if count:
                log.info("%d run(s) that the history could not take before are in it now.", count)
