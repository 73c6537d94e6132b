"""Writes runs to disk while they go on, on a thread of its own.

Nothing here blocks or raises towards the caller: what goes wrong ends up as a plain
sentence in ``RunHandle.errors``. The thread starts with the first run and ends by
itself; without a profiled run nothing is running. A database that is locked or full
is tried again for a while, so that a run is not lost to a passing trouble.
"""

from __future__ import annotations

import logging
import threading
import time

from ..model import Run
from .database import Database
from .errors import StoreBusy, StoreDamaged, StoreError, StoreFull
from .run_file import RunFile, RunSource

log = logging.getLogger("holaf.profiler")

POLL_S = 0.25
"""How often the thread looks whether something is due while a run goes on."""
IDLE_S = 3.0
"""The thread ends after this long without a run."""
RETRY_S = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Waits between tries while the database is locked or the disk is full; the last one repeats."""
PATIENCE_S = 600.0
"""How long a finished run is kept in memory for a database that stays locked or full."""


class RunHandle:
    """One run on its way to disk. Made by :meth:`RunWriter.begin`."""

    def __init__(self, run: Run, source: RunSource, database: Database, wake: threading.Event) -> None:
        self._file = RunFile(run, source)
        self._inbox = self._file.inbox
        self._database = database
        self._wake = wake
        self._errors: list[str] = []
        self._broken = False
        self._writer_s = 0.0
        self._tries = 0
        self._next_try_s = 0.0
        self._troubled_since_s: float | None = None

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
        """What the user should know about the database (set aside, read-only ...)."""
        return tuple(self._database.notices)

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
        if self._broken:
            return None
        if self._file.finished:
            return self._file.run_id
        done = threading.Event()
        self._inbox.waiting.append(done)
        self._wake.set()
        # Asked again: the thread may have written the end before it could see who waits.
        if not self.over and not done.wait(timeout_s):
            return None
        return None if self._broken else self._file.run_id

    # -- on the writer's thread --------------------------------------------------
    def serve(self, now_s: float) -> None:
        """Write what is due; keep errors as sentences."""
        before_s = time.thread_time()
        self._serve(now_s)
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
        except (StoreBusy, StoreFull) as error:
            self._try_later(error, now_s)
            return
        except StoreError as error:
            self._give_up(str(error))
        except Exception as error:
            log.error("The profiler's history could not be written.", exc_info=True)
            self._give_up(
                f"The run could not be written to the history ({type(error).__name__}: {error}). "
                "Please report this with the log."
            )
        else:
            self._tries = 0
            self._troubled_since_s = None
        for done in list(self._inbox.waiting) if self.over else waiting:
            self._inbox.waiting.remove(done)
            done.set()

    @property
    def over(self) -> bool:
        """Nothing more will be written."""
        return self._broken or self._file.finished

    def next_due_s(self, now_s: float) -> float:
        """Seconds until this run wants to be looked at again."""
        return max(POLL_S, self._next_try_s - now_s)

    def _try_later(self, error: StoreError, now_s: float) -> None:
        if self._troubled_since_s is None:
            self._troubled_since_s = now_s
            self._errors.append(f"{error} The run is kept in memory and tried again.")
            log.warning(self._errors[-1])
        if now_s - self._troubled_since_s > PATIENCE_S and self._inbox.final is not None:
            self._give_up(f"{error} The run was given up after {PATIENCE_S / 60:.0f} minutes.")
            return
        self._next_try_s = now_s + RETRY_S[min(self._tries, len(RETRY_S) - 1)]
        self._tries += 1

    def _give_up(self, message: str) -> None:
        self._errors.append(message)
        log.warning(message)
        self._broken = True


class RunWriter:
    """The writer of one database. One thread for all its runs; :meth:`close` it before the process ends."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._handles: list[RunHandle] = []
        self._thread: threading.Thread | None = None
        self._closing = False
        self._cpu_s = 0.0

    def begin(self, run: Run, source: RunSource) -> RunHandle:
        """Start writing ``run``, its steps and series so far left out; ``source`` tells how it goes on."""
        handle = RunHandle(run, source, self.database, self._wake)
        with self._lock:
            self._handles.append(handle)
            self._closing = False
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="holaf-profiler-writer", daemon=True)
                self._thread.start()
        self._wake.set()
        return handle

    @property
    def cpu_s(self) -> float:
        """CPU seconds that the writer's threads have used so far."""
        return self._cpu_s

    def close(self, timeout_s: float = 5.0) -> None:
        """Write what is left and end the thread. Runs that go on are written as far as they got."""
        with self._lock:
            thread = self._thread
            handles = list(self._handles)
        deadline_s = time.monotonic() + timeout_s
        for handle in handles:
            handle.wait(max(0.0, deadline_s - time.monotonic()))
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
                handle.serve(now_s)
            self._cpu_s = earlier_s + time.thread_time()
            with self._lock:
                self._handles = [handle for handle in self._handles if not handle.over]
                if self._handles:
                    idle_since_s = now_s
                if self._closing or (not self._handles and now_s - idle_since_s >= IDLE_S):
                    self._thread = None
                    return
                wait_s = min((handle.next_due_s(now_s) for handle in self._handles), default=IDLE_S)
            self._wake.wait(wait_s)
            self._wake.clear()
