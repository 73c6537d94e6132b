"""Shows the run to browsers while it goes on: at most ten messages a second.

Also keeps what ``GET status`` answers. Never waits for the network or the event loop.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from ... import clock
from ...analysis.summary import summarize
from ...capture.measurement import Measurement
from ...capture.recorder import RunProgress
from ...language import stored
from ...model import Run, Step
from . import events, subscribers, tidying
from .archive import Archive

log = logging.getLogger("holaf.profiler")

MESSAGE_INTERVAL_S = 0.1
LOOK_INTERVAL_S = 1.0
"""How often a thread without listeners looks whether there are any now."""
ON_DISK_S = 10.0
"""How long the end of a run is held back until the history has it."""
LAST_STEPS_S = 2.0
"""How long the end of a run is held back for its last steps."""
STUCK_S = 2.0
"""A node that has been in one function for this long is shown with it."""
STUCK_INTERVAL_S = 1.0
STEPS_SENT_MAX = 20
"""Of many short nodes only the newest are sent one by one."""

_going: list[LiveFeed] = []
"""The runs that go on or are being put together, in the order in which they began."""


def status(user_id: str) -> dict[str, Any]:
    """The user's runs that go on now or are being put together, newest first, as ``runs``.

    The newest one's readings stand beside it. Of others' runs only that there are any: ``busy``.
    """
    going = tuple(_going)
    runs = [feed.snapshot() for feed in reversed(going) if feed.user_id == user_id]
    if runs:
        return {"active": True, **runs[0], "runs": runs}
    return {"active": False, "busy": True} if going else {"active": False}


class LiveFeed:
    """One run as browsers see it, from a thread of its own."""

    def __init__(
        self,
        draft: Run,
        measurement: Measurement,
        progress: RunProgress,
        archive: Archive,
        count: Callable[[], int],
        function_now: Callable[[], Mapping[str, Any] | None] = lambda: None,
    ) -> None:
        """``count`` answers how many nodes the run may have to execute.

        ``function_now``: what the node at work is doing, see :meth:`Inside.function_now`.
        """
        self._draft = draft
        self._measurement = measurement
        self._progress = progress
        self._archive = archive
        self._count = count
        self._function_now = function_now
        self._stuck_sent_s = 0.0
        self._total: int | None = None
        self._sent = 0
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def started(self) -> None:
        """The run begins."""
        _going.append(self)
        self._thread = threading.Thread(target=self._work, name="holaf-profiler-live", daemon=True)
        self._thread.start()

    @property
    def user_id(self) -> str:
        """Whose run it is."""
        return self._draft.user_id

    @property
    def total(self) -> int:
        """How many nodes the run may have to execute."""
        if self._total is None:
            self._total = self._count()
        return self._total

    def ended(self) -> None:
        """No node runs any more; the run is still to be put together."""
        self._over.set()

    def wait_for_end(self, timeout_s: float) -> bool:
        """Wait until no node runs any more; False where one still does after ``timeout_s``."""
        return self._over.wait(timeout_s)

    def over(self) -> None:
        """The run is in the history, or will never be."""
        with contextlib.suppress(ValueError):
            _going.remove(self)

    def finished(self, run: Run) -> None:
        """The run is put together. Sent after everything else, once it can be read from the history.

        Its texts are in the language of the caller's context.
        """
        if self._thread is not None:
            self._thread.join(LAST_STEPS_S)
        summary = summarize(run)
        run_id = self._archive.run_id(ON_DISK_S)
        self.over()
        ended = {
            "run_id": run_id,
            "prompt_id": run.prompt_id,
            "name": run.name,
            "workflow_id": run.workflow_id,
            "status": run.status,
            "total_time": run.total_time,
            "headline": summary.headline,
            "user_id": run.user_id,
            "outputs": [asdict(output) for output in run.outputs],
            "nodes": [_brief(step) for step in run.measured_steps],
        }
        events.send(events.RUN_FINISHED, ended)
        subscribers.announce(ended)
        tidying.after_run(run.user_id)
        for warning in run.warnings:
            events.warn(stored(warning), prompt_id=run.prompt_id, user_id=run.user_id)

    def snapshot(self) -> dict[str, Any]:
        """Where the run stands: node, elapsed time, progress, newest readings."""
        busy = self._progress.busy_with()
        node = self._measurement.recorder.who(busy[0]) if busy is not None else None
        return {
            "run_id": self._archive.known_run_id,
            "prompt_id": self._draft.prompt_id,
            "name": self._draft.name,
            "user_id": self._draft.user_id,
            "workflow_id": self._draft.workflow_id,
            "node_id": busy[0] if busy is not None else None,
            "display_node_id": node.display_node_id if node else None,
            "title": node.node_title if node else None,
            "node_elapsed_s": busy[1] if busy is not None else None,
            "elapsed_s": clock.now() - self._measurement.origin_s,
            "done": len(set(self._progress.ids(0, self._progress.finished_count))),
            "total": self.total,
            "function": self._function_now(),
            **self._readings(),
        }

    def _readings(self) -> Mapping[str, float | None]:
        primary = self._draft.primary_device
        key = primary.key if primary else None

        newest = self._measurement.samples.newest
        return {
            "ram_bytes": newest("ram_bytes"),
            "cpu_percent": newest("cpu_percent"),
            "vram_bytes": newest("vram_bytes", key),
            "device_vram_bytes": newest("device_vram_bytes", key),
            "gpu_load_percent": newest("gpu_load_percent", key),
        }

    def _work(self) -> None:
        try:
            if events.has_listeners():
                self._send_start()
            while not self._over.wait(MESSAGE_INTERVAL_S if events.has_listeners() else LOOK_INTERVAL_S):
                self._send_steps()
            self._send_steps()
        except Exception:  # the do-no-harm boundary of this thread
            log.exception("Workflow Profiler shows this run to browsers no longer; it is still measured.")

    def _send_start(self) -> None:
        events.send(
            events.RUN_STARTED,
            {
                "run_id": self._archive.known_run_id,
                "prompt_id": self._draft.prompt_id,
                "name": self._draft.name,
                "workflow_id": self._draft.workflow_id,
                "total_nodes": self.total,
                "user_id": self._draft.user_id,
                # with which earlier runs it may be compared
                "workflow_hash": self._draft.workflow_hash,
                "cold": self._draft.cold,
                "timing": self._draft.settings.timing,
                "inside": self._draft.settings.inside,
            },
        )

    def _send_steps(self) -> None:
        if not events.has_listeners():
            return
        recorder = self._measurement.recorder
        sent, self._sent = self._sent, self._progress.finished_count
        fresh = self._progress.ids(sent, self._sent)
        steps = [_brief(step) for step in map(recorder.step, fresh[-STEPS_SENT_MAX:]) if step.role == "node"]
        if steps:
            events.send(events.STEP, {**self.snapshot(), **steps[-1], "steps": steps})
        elif clock.now() - self._stuck_sent_s >= STUCK_INTERVAL_S:
            function = self._function_now()
            if function is not None and function["seconds"] >= STUCK_S:
                self._stuck_sent_s = clock.now()
                events.send(events.STEP, {**self.snapshot(), "steps": []})


def _brief(step: Step) -> dict[str, Any]:
    return {
        "node_id": step.node_id,
        "display_node_id": step.display_node_id,
        "title": step.node_title,
        "status": step.status,
        "exec_time": step.exec_time,
        "vram_max": step.vram_max,
        "ram_max_bytes": step.ram_max_bytes,
    }
