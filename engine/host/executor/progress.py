"""Listens to the host's progress messages: sampler steps, and the nodes that our hook does not get to see.

Registered for one prompt at a time; the host drops it with the prompt. Never raises
into the host.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Container
from typing import Any

from comfy_execution import progress

from ... import clock
from ...capture.recorder import Outcome, Recorder

log = logging.getLogger("holaf.profiler")


class StepProgress(progress.ProgressHandler):  # type: ignore[misc] # the host's classes are untyped
    """Passes progress updates to the recorder, and node boundaries where the hook is bypassed.

    The messages know a node's first begin and its end. A node that has begun when the next one
    does is taken to be waiting.
    """

    def __init__(
        self,
        prompt_id: str,
        recorder: Recorder,
        hooked_ids: Container[str],
        *,
        enter: Callable[[str], None],
        leave: Callable[[str, Outcome], None],
        on_bypass: Callable[[str, Any], None],
        is_async: Callable[[str], bool],
        is_here: Callable[[], bool],
    ) -> None:
        """``hooked_ids``: the nodes that are inside the hook now.

        ``enter`` and ``leave`` record a node that is not, after ``on_bypass(node_id, graph)``, ``graph``
        being the prompt's. ``is_async`` answers whether a node's own code is asynchronous, ``is_here``
        whether the prompt is what calls: the host has one progress state for all that it executes at once.
        """
        super().__init__("holaf.profiler")
        self._prompt_id = prompt_id
        self._recorder = recorder
        self._hooked_ids = hooked_ids
        self._enter = enter
        self._leave = leave
        self._on_bypass = on_bypass
        self._is_async = is_async
        self._is_here = is_here
        self._graph: Any = None
        self._bypassed: dict[str, bool] = {}
        """The nodes that were seen to begin here and have not ended; whether each waits."""

    def attach(self) -> bool:
        """Listen to the prompt that runs now. False where that is not the run's own prompt, or not yet."""
        registry = progress.get_progress_state()
        if getattr(registry, "prompt_id", self._prompt_id) != self._prompt_id:
            return False
        self.set_registry(registry)
        # Not added in place: an executor in another thread may be going through the handlers.
        registry.handlers = {**registry.handlers, self.name: self}
        return True

    def set_registry(self, registry: Any) -> None:
        """The host tells which prompt this is about."""
        self._graph = registry.dynprompt

    def update_handler(
        self, node_id: str, value: float, max_value: float, state: Any, prompt_id: str, image: Any = None
    ) -> None:
        """A node reports progress: a sampler after each of its steps."""
        if self._is_ours(node_id, prompt_id):
            self._guarded(lambda: self._recorder.progress(node_id, clock.now(), value, max_value))

    def start_handler(self, node_id: str, state: Any, prompt_id: str) -> None:
        """A node starts."""
        if node_id not in self._hooked_ids and self._is_ours(node_id, prompt_id):
            self._guarded(lambda: self._begin(node_id))

    def finish_handler(self, node_id: str, state: Any, prompt_id: str) -> None:
        """A node ends; for a cached node this comes without a start."""
        if node_id not in self._hooked_ids and self._is_ours(node_id, prompt_id):
            self._guarded(lambda: self._end(node_id))

    def _is_ours(self, node_id: str, prompt_id: str) -> bool:
        known = self._graph is None or self._graph.has_node(node_id)
        return known and prompt_id == self._prompt_id and self._is_here()

    def _begin(self, node_id: str) -> None:
        self._on_bypass(node_id, self._graph)
        for other, is_waiting in self._bypassed.items():
            if not is_waiting:
                # The host executes one node at a time: the other one has returned without having ended.
                self._bypassed[other] = True
                self._leave(other, Outcome(waiting="async" if self._is_async(other) else "lazy"))
        self._bypassed[node_id] = False
        self._enter(node_id)

    def _end(self, node_id: str) -> None:
        is_waiting = self._bypassed.pop(node_id, None)
        if is_waiting or self._recorder.is_waiting(node_id):
            self._enter(node_id)
        elif is_waiting is None:
            return
        self._leave(node_id, Outcome())

    def _guarded(self, record: Callable[[], object]) -> None:
        """The do-no-harm boundary of this listener: the host calls it in the middle of a node."""
        try:
            record()
        except Exception:
            self.disable()
            log.exception("Workflow Profiler no longer listens to progress messages in this run.")


def show_as_waiting(node_id: str, prompt_id: str, is_waiting: bool) -> None:
    """Have the page name the node at work, not a report that waits for it: it takes the first that runs.

    What the page shows of a report is no reason to fail it: never raises.
    """
    try:
        registry = progress.get_progress_state()
        if getattr(registry, "prompt_id", None) != prompt_id:
            return
        entry = registry.nodes.get(node_id)
        before, after = progress.NodeState.Running, progress.NodeState.Pending
        if not is_waiting:
            before, after = after, before
        if entry is None or entry["state"] is not before:
            return
        entry["state"] = after
        if is_waiting:
            return  # the next node's message tells it
        for handler in list(registry.handlers.values()):
            if handler.enabled and not isinstance(handler, StepProgress):
                handler.start_handler(node_id, entry, prompt_id)
    except Exception:
        log.exception("Workflow Profiler cannot change what ComfyUI shows as being at work.")
