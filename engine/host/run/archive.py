"""A run's way into the history, with every failure of the store kept away from the run.

Owns the writer of each history. Never blocks the executor's thread, and nothing on the
prompt's way for longer than :data:`PROMPT_WAIT_S`.
"""

from __future__ import annotations

import atexit
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from ...model import Run
from ...store.errors import StoreError
from ...store.history import History
from ...store.run_file import RunSource
from ...store.writer import RunHandle, RunWriter
from ...workflow.redaction import without_secrets
from .. import users
from ..preferences import preference
from . import background

log = logging.getLogger("holaf.profiler")

T = TypeVar("T")
PROMPT_WAIT_S = 0.2
"""The longest that anything on a prompt's way waits for a history."""
EXIT_S = 1.0
"""How long ComfyUI's exit waits for runs that are still being put together or written."""

_writers: dict[int, RunWriter] = {}


class Archive:
    """Where one run is kept. ``history`` is ``None`` when it cannot be kept at all."""

    def __init__(self, user_id: str) -> None:
        self.history: History | None = None
        self._handle: RunHandle | None = None
        self._writer: RunWriter | None = None
        self._writer_cpu_s = 0.0
        self.name_node: Callable[[str | None], None] = lambda _node_id: None
        """Called at every boundary with the node at work, ``None`` for none, on the executor's thread."""
        self._notice: str | None = None
        try:
            self.history = users.for_user(user_id)
        except (StoreError, OSError, ValueError) as error:
            self._notice = f"This run is not kept in the history: {error}"
            log.warning("%s", self._notice)

    def begin(self, draft: Run, source: RunSource) -> None:
        """Start writing the run; ``source`` tells how it goes on."""
        if self.history is None:
            return
        self._writer = _writers.get(id(self.history))
        if self._writer is None:
            self._writer = _writers[id(self.history)] = RunWriter(self.history.database)
        self._writer_cpu_s = self._writer.cpu_s
        self._handle = self._writer.begin(with_kept_workflow(draft), source)
        self.name_node = self._handle.name_node

    def settle(self, run: Run) -> None:
        """Write the run as its report shows it, before the prompt is over."""
        if self._handle is not None:
            self._handle.settle(with_kept_workflow(run))

    def finish(self, run: Run) -> None:
        """Write the run as it ended."""
        if self._handle is not None:
            self._handle.finish(with_kept_workflow(run))

    def run_id(self, timeout_s: float = PROMPT_WAIT_S) -> int | None:
        """The run's number in the history; ``None`` when it is not kept, or not by then. Blocks."""
        return self._handle.wait(timeout_s) if self._handle is not None else None

    @property
    def known_run_id(self) -> int | None:
        """The run's number if it is known already."""
        return self._handle.run_id if self._handle is not None else None

    def ask(self, question: Callable[[History], T], otherwise: T, timeout_s: float = PROMPT_WAIT_S) -> T:
        """What ``question`` finds in the history; ``otherwise`` where the run is not kept.

        Raises ``StoreError`` where the history fails, or does not answer by then.
        """
        history = self.history
        return otherwise if history is None else history.within(timeout_s, lambda: question(history))

    def notices(self) -> tuple[str, ...]:
        """What the user should know about the history, in sentences."""
        own = (self._notice,) if self._notice else ()
        return own if self._handle is None else (*own, *self._handle.notices, *self._handle.errors)

    def cost_s(self) -> float | None:
        """CPU seconds that writing has taken since the run began."""
        return None if self._writer is None else max(self._writer.cpu_s - self._writer_cpu_s, 0.0)


def with_kept_workflow(run: Run) -> Run:
    """The run with its workflow as its user wants it kept: whole, without secrets, or not at all."""
    wanted = preference(run.user_id, "keep_workflows")
    if wanted == "no":
        return replace(run, prompt=None, workflow=None)
    if wanted == "without secrets":
        prompt, workflow = without_secrets(run.prompt, run.workflow)
        return replace(run, prompt=prompt, workflow=workflow)
    return run


@atexit.register
def _finish_all() -> None:
    """The runs first, then the writers that put them on disk."""
    until_s = time.monotonic() + EXIT_S
    background.finish_all(EXIT_S / 2.0)
    for writer in _writers.values():
        writer.close(max(0.0, until_s - time.monotonic()))
