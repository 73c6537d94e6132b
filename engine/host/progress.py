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
from ..recorder import NodeRef, Outcome, Recorder

log = logging.getLogger("holaf.profiler")


class StepProgress(progress.ProgressHandler):  # type: ignore[misc] # the host's classes are untyped
    """Passes progress updates to the recorder."""

    def __init__(self, recorder: Recorder, boundary: BoundaryReader | None) -> None:
        super().__init__("holaf.profiler")
        self._recorder = recorder
        self._boundary = boundary
        self._dynprompt: Any = None

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

    def set_registry(self, registry: Any) -> None:
        """The host tells which prompt this is about."""
        self._dynprompt = registry.dynprompt

    def update_handler(
        self, node_id: str, value: float, max_value: float, state: Any, prompt_id: str, image: Any = None
    ) -> None:
        """A node reports progress: a sampler after each of its steps."""
        self._recorder.progress(node_id, clock.now(), value, max_value)

    def start_handler(self, node_id: str, state: Any, prompt_id: str) -> None:
        """A node starts."""
        if self._boundary is None:
            return
        node = self._dynprompt.get_node(node_id)
        ref = NodeRef(
            node_id=node_id,
            node_type=node["class_type"],
            node_title=(node.get("_meta") or {}).get("title") or node["class_type"],
            display_node_id=self._dynprompt.get_display_node_id(node_id),
            parent_node_id=self._dynprompt.get_parent_node_id(node_id),
            inputs=node.get("inputs"),
        )
        self._recorder.enter(ref, self._boundary.read(sync=False, entering=True))

    def finish_handler(self, node_id: str, state: Any, prompt_id: str) -> None:
        """A node ends; for a cached node this comes without a start."""
        if self._boundary is not None and node_id in self._recorder.visited:
            self._recorder.leave(node_id, self._boundary.read(sync=False), Outcome())
