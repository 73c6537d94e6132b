"""How much of a run comes past the hooks, and what stands in for them where another pack bypasses them.

Knows what the host has still to run. Says on the run what could not be seen, and who stood in the way.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Container, Iterable
from typing import Any

from ...capture.measurement import Measurement
from ..executor import hooks, layers, patch, pending
from ..executor import nodes as host_nodes
from ..executor.binding import NodeCall
from ..executor.progress import StepProgress

log = logging.getLogger("holaf.profiler")

NAMED_MAX = 5
"""So many nodes are named in a notice; the others are counted."""


class Coverage:
    """One run's view of its executor. Executor's thread only, but for :meth:`ended_ids`."""

    def __init__(
        self,
        prompt_id: str,
        measurement: Measurement,
        last_ids: Container[str],
        enter: Callable[[str], None],
        warn: Callable[[str], None],
        is_here: Callable[[], bool],
    ) -> None:
        """``last_ids``: reports and what stands behind them.

        ``enter`` is called as a node begins that the hook does not see; ``warn`` puts a notice on the run;
        ``is_here`` answers whether the run's own prompt is what calls.
        """
        self.dynprompt: Any = None
        self._list: Any = None
        self._coroutine: Any = None
        self._measurement = measurement
        self._last_ids = last_ids
        self._warn = warn
        self.hooked_ids: set[str] = set()
        """The nodes that are inside the hook now."""
        self._is_bypassed = False
        self._why_bypassed: str | None = None
        self._idle_looks = 0
        self._is_explained = False
        self._progress = StepProgress(
            prompt_id,
            measurement.recorder,
            self.hooked_ids,
            enter=enter,
            leave=measurement.leave,
            on_bypass=self._on_bypass,
            is_async=self._is_async,
            is_here=is_here,
        )
        self.is_attached = False
        self.is_alone = True
        """Whether no other prompt was executed meanwhile, beside this one or inside one of its nodes."""

    def begin(self) -> None:
        """The prompt is about to start."""
        patch.put_back()
        for notice in patch.take_notices():
            self._warn(notice)

    def runs_in(self, coroutine: Any) -> None:
        """The prompt is executed by this coroutine."""
        self._coroutine = coroutine
        self.is_alone = hooks.prompts_at_work() < 2
        # Where the hook sees no node, this is the way to the messages about them: the prompt's own
        # come up after its coroutine has begun and before its first node.
        asyncio.get_running_loop().call_soon(self.attach)

    def attach(self) -> None:
        """Listen to the host's progress messages, if that has not been done."""
        if not self.is_attached:
            self.is_attached = self._progress.attach()

    def stop(self) -> None:
        """Nothing is recorded from now on: the hook does not see nodes, and nobody bypasses it."""
        self.is_attached = True
        self._progress.disable()

    def admits(self, call: NodeCall) -> bool:
        """Whether a node that comes past the hook is to be recorded.

        Not recorded is a node of a prompt inside the prompt, whose time is that of the node it runs in,
        and a node that a second hook further out has seen already.
        """
        if self.dynprompt is None:
            self.dynprompt = call.dynprompt
        if not self.is_attached:
            self.attach()
        if call.dynprompt is not self.dynprompt or call.node_id in self.hooked_ids:
            return False
        if self._list is None:
            self._list = call.execution_list
        return True

    def boundaries_unknown(self, why: str) -> None:
        """The hook gets calls that it cannot read."""
        self._why_bypassed = why
        self.attach()

    def left(self, waiting: int) -> pending.Left:
        """What the prompt has left, asked by a report while the event loop is free."""
        self.attach()
        if (other := patch.displaced_by()) is not None:
            self._say_bypassed(f"{other} has replaced execution.execute while the workflow ran")
        if self._list is None:
            self._list = pending.find_list(self._coroutine)
        left = pending.left(self._list, self._last_ids, waiting)
        if left != "unknown" or not self._sees_every_node:
            return left
        if any(node_id not in self._last_ids for node_id, _ in self._measurement.recorder.at_work):
            self._idle_looks = 0
            return "others"
        # Every node comes past the hook and none is at work: the host waits for the reports.
        self._idle_looks += 1
        return "reports" if self._idle_looks > 1 else "others"

    def say_why_opened(self, because: pending.Left | None) -> None:
        """Put on the run what its reports had to go by, where that is not the usual."""
        if self._is_explained:
            return
        self._is_explained = True
        if because == "unknown":
            self._warn(
                "A Profiler Report could not find out whether everything else was done, so it shows what "
                f"there was: {self._why_bypassed or 'ComfyUI does not show what it has still to run'}."
            )
        elif because == "stuck":
            stuck = [node_id for node_id in self._list.pendingNodes if node_id not in self._last_ids]
            self._warn(
                "These nodes can never run, because each waits for another one or for the Report: "
                f"{named(stuck)}."
            )

    def ended_ids(self) -> frozenset[str] | None:
        """The nodes that the host is done with, seen or not; ``None`` where nobody knows."""
        ended = pending.ended_ids(self._list)
        return frozenset() if ended is None and self._sees_every_node else ended

    @property
    def _sees_every_node(self) -> bool:
        return not self._is_bypassed and self._why_bypassed is None and self.dynprompt is not None

    def _on_bypass(self, node_id: str, graph: Any) -> None:
        if self.dynprompt is None:
            self.dynprompt = graph
        if self._list is None:
            self._list = pending.find_list_on_stack()
        self._say_bypassed(
            self._why_bypassed
            or f"{patch.displaced_by() or patch.displaced_by('execute_async') or layers.UNKNOWN} "
            "runs nodes without the profiler's hook"
        )

    def _say_bypassed(self, why: str) -> None:
        if self._is_bypassed:
            return
        self._is_bypassed = True
        self._why_bypassed = why
        notice = f"Node times come from ComfyUI's progress messages and are less exact: {why}."
        patch.log_once(notice)
        self._warn(notice)

    def _is_async(self, node_id: str) -> bool:
        return host_nodes.is_async(self.dynprompt.get_node(node_id)["class_type"])


def named(nodes: Iterable[str]) -> str:
    """Nodes by name in a notice, the first :data:`NAMED_MAX` of them."""
    every = list(nodes)
    more = f" and {len(every) - NAMED_MAX} more" if len(every) > NAMED_MAX else ""
    return ", ".join(every[:NAMED_MAX]) + more
