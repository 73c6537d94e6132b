"""Listens to the host's progress messages: sampler steps, and node boundaries where hooks fail.

Registered for one prompt at a time; the host drops it with the prompt. Never raises
into the host.
"""

from __future__ import annotations

import logging
from typing import Any

from comfy_execution import progress

from .. import clock
from ..probes.boundary import BoundaryReader
from ..recorder import Outcome, Recorder

log = logging.getLogger("holaf.profiler")


class StepProgress(progress.ProgressHandler):  # type: ignore[misc] # the host's classes are untyped
    """Passes progress updates to the recorder."""

    def __init__(self, recorder: Recorder, boundary: BoundaryReader | None) -> None:
        super().__init__("holaf.profiler")
        self._recorder = recorder
        self._boundary = boundary

    @classmethod
    def attach(cls, recorder: Recorder, *, boundary: BoundaryReader | None = None) -> StepProgress:
        """Listen to the prompt that runs now. With ``boundary``, record node boundaries as well."""
        handler = cls(recorder, boundary)
        progress.add_progress_handler(handler)
        return handler

    @property
    def gives_boundaries(self) -> bool:
        """Whether node boundaries come from here."""
        return self._boundary is not None

    def update_handler(
        self, node_id: str, value: float, max_value: float, state: Any, prompt_id: str, image: Any = None
    ) -> None:
        """A node reports progress: a sampler after each of its steps."""
        self._recorder.progress(node_id, clock.now(), value, max_value)

    def start_handler(self, node_id: str, state: Any, prompt_id: str) -> None:
        """A node starts."""
        if self._boundary is not None:
            self._recorder.enter(node_id, self._boundary.read(sync=False, entering=True))

    def finish_handler(self, node_id: str, state: Any, prompt_id: str) -> None:
        """A node ends; for a cached node this comes without a start."""
        if self._boundary is not None and node_id in self._recorder.visited:
            self._recorder.leave(node_id, self._boundary.read(sync=False), Outcome())
