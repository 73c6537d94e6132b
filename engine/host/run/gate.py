"""How a Profiler Report waits until it is the last one left. Never waits on a clock alone.

Reports are async output nodes, so the host starts them first and lets the rest
run on. After each node the run asks :meth:`ReportGate.check` whether only
reports and what stands behind them are left; then all waiting reports go on.
While it waits, a report also looks for itself, because not every node needs to come past the hook.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Container
from typing import Any

from ... import clock
from ..executor import pending

log = logging.getLogger("holaf.profiler")

POLL_S = 0.1
"""How often a waiting report looks what is left, and whether the user pressed Cancel."""


class ReportGate:
    """The gate in front of all reports of one run. Lives on the run's own event loop."""

    def __init__(self, last_ids: Container[str], look: Callable[[int], pending.Left]) -> None:
        """``last_ids``: the prompt's reports and everything behind them.

        ``look`` answers what the prompt has left, given the number of reports that wait.
        """
        self._last_ids = last_ids
        self._look = look
        self._waiting: dict[asyncio.Event, str] = {}
        self._unknown_count = 0
        self.is_open = False
        self.is_awaited = False
        """Whether a report waits and the gate is shut."""
        self.opened_s: float | None = None
        self.opened_because: pending.Left | None = None
        """What was left as the gate opened; ``None`` while it is shut, and where the run ended first."""

    def check(self, execution_list: Any, finished_id: str | None) -> None:
        """Open the gate if nothing but reports and their followers is still to run.

        ``finished_id`` is the node that just ended, which the host still lists.
        """
        try:
            if pending.only_these(execution_list, self._last_ids, finished_id):
                self._open_because("reports")
        except AttributeError:
            pass  # not the list that we know: the reports look for themselves

    def open(self) -> None:
        """Let every report go on, now and later."""
        if not self.is_open:
            self.is_open = True
            self.opened_s = clock.now()
        self.is_awaited = False
        for event in self._waiting:
            event.set()
        self._waiting.clear()

    async def wait(self, node_id: str, raise_if_interrupted: Callable[[], None]) -> None:
        """Wait for the gate in the report ``node_id``.

        Raises what ``raise_if_interrupted`` raises on Cancel.
        """
        if self.is_open:
            return
        event = asyncio.Event()
        self._waiting[event] = node_id
        self.is_awaited = True
        opened = asyncio.ensure_future(event.wait())
        try:
            while not event.is_set():
                await asyncio.wait((opened,), timeout=POLL_S)
                raise_if_interrupted()
                if not self.is_open and self._is_last():
                    return  # whatever became of opening it for the others, who look for themselves
        finally:
            opened.cancel()
            self._waiting.pop(event, None)
            self.is_awaited = bool(self._waiting)

    def _is_last(self) -> bool:
        """Whether a report need not wait any more; opens the gate then. A bug in here must not hold it."""
        try:
            left = self._look(len(set(self._waiting.values())))
            # Each report looks once in a round, and one round may fall between two nodes.
            self._unknown_count = self._unknown_count + 1 if left == "unknown" else 0
            if left not in ("reports", "stuck") and self._unknown_count <= len(self._waiting):
                return False
            self._open_because(left)
        except Exception:
            log.exception(
                "A Profiler Report cannot wait for the rest of the workflow; it shows what there is."
            )
        return True

    def _open_because(self, left: pending.Left) -> None:
        self.opened_because = left
        self.open()
