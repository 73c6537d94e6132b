"""How a Profiler Report waits until it is the last one left. Never waits on a clock alone.

Reports are async output nodes, so the host starts them first and lets the rest
run on. After each node the run asks :meth:`ReportGate.check` whether only
reports and what stands behind them are left; then all waiting reports go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container
from typing import Any

from ... import clock

POLL_S = 0.1
"""How often a waiting report looks whether the user pressed Cancel."""


class ReportGate:
    """The gate in front of all reports of one run. Lives on the run's own event loop."""

    def __init__(self, last_ids: Container[str]) -> None:
        """``last_ids``: the prompt's reports and everything behind them."""
        self._last_ids = last_ids
        self._waiting: list[asyncio.Event] = []
        self.is_open = False
        self.opened_s: float | None = None

    def check(self, execution_list: Any, dynprompt: Any, finished_id: str | None) -> None:
        """Open the gate if nothing but reports and their followers is still to run.

        ``finished_id`` is the node that just ended, which the host still lists.
        """
        if not self._waiting or self.is_open:
            return
        last = self._last_ids
        for node_id in execution_list.pendingNodes:
            if node_id == finished_id or node_id in last:
                continue
            if dynprompt.get_real_node_id(node_id) not in last:
                return
        self.open()

    def open(self) -> None:
        """Let every report go on, now and later."""
        if not self.is_open:
            self.is_open = True
            self.opened_s = clock.now()
        for event in self._waiting:
            event.set()
        self._waiting.clear()

    async def wait(self, raise_if_interrupted: Callable[[], None]) -> None:
        """Wait for the gate. Raises what ``raise_if_interrupted`` raises on Cancel."""
        if self.is_open:
            return
        event = asyncio.Event()
        self._waiting.append(event)
        opened = asyncio.ensure_future(event.wait())
        try:
            while not event.is_set():
                await asyncio.wait((opened,), timeout=POLL_S)
                raise_if_interrupted()
        finally:
            opened.cancel()
            if event in self._waiting:
                self._waiting.remove(event)
