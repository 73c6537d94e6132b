"""Listens to the host's progress messages: sampler steps, and node boundaries where hooks fail.

Registered for one prompt at a time; the host drops it with the prompt. Never raises
into the host.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from comfy_execution import progress

from ... import clock
from ...capture.recorder import Outcome, Recorder
from ...probes.boundary import BoundaryReader

log = logging.getLogger("holaf.profiler")


class StepProgress(progress.ProgressHandler):  # type: ignore[misc] # the host's classes are untyped
    """Passes progress updates to the recorder."""

    def __init__(
        self, recorder: Recorder, boundary: BoundaryReader | None, tell_graph: Callable[[Any], None] | None
    ) -> None:
        super().__init__("holaf.profiler")
        self._recorder = recorder
        self._boundary = boundary
        self._tell_graph = tell_graph

    @classmethod
    def attach(
        cls,
        recorder: Recorder,
        *,
        boundary: BoundaryReader | None = None,
        tell_graph: Callable[[Any], None] | None = None,
    ) -> StepProgress:
        """Listen to the prompt that runs now.

        With ``boundary``, record node boundaries as well; ``tell_graph`` is then given the
        prompt's graph, which the messages themselves do not carry.
        """
        handler = cls(recorder, boundary, tell_graph)
        progress.add_progress_handler(handler)
        return handler

    @property
    def gives_boundaries(self) -> bool:
        """Whether node boundaries come from here."""
        return self._boundary is not None

    def set_registry(self, registry: Any) -> None:
        """The host tells which prompt this is about."""
        if self._tell_graph is not None:
            self._tell_graph(registry.dynprompt)

    def update_handler(
        self, node_id: str, value: float, max_value: float, state: Any, prompt_id: str, image: Any = None
    ) -> None:
        """A node reports progress: a sampler after each of its steps."""
        self._guarded(lambda: self._recorder.progress(node_id, clock.now(), value, max_value))

    def start_handler(self, node_id: str, state: Any, prompt_id: str) -> None:
        """A node starts."""
        boundary = self._boundary
        if boundary is not None:
            self._guarded(lambda: self._recorder.enter(node_id, boundary.read(sync=False, entering=True)))

    def finish_handler(self, node_id: str, state: Any, prompt_id: str) -> None:
        """A node ends; for a cached node this comes without a start."""
        boundary = self._boundary
        if boundary is not None and node_id in self._recorder.visited:
            self._guarded(lambda: self._recorder.leave(node_id, boundary.read(sync=False), Outcome()))

    def _guarded(self, record: Callable[[], object]) -> None:
        """The do-no-harm boundary of this listener: the host calls it in the middle of a node."""
        try:
            record()
        except Exception:
            self.disable()
            log.exception("Workflow Profiler no longer listens to progress messages in this run.")
