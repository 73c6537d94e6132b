"""What others say happened in the run that goes on: another program, a node of the graph, another pack.

Never raises towards who says it; without a profiled run nothing happens.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from ...model import Event, EventSource
from ...workflow import prompt as prompts
from ..executor import hooks
from .session import Session

log = logging.getLogger("holaf.profiler")


def record(text: str, source: EventSource, user_id: str | None = None) -> Event | None:
    """Something happened just now, in the run of this context or else the newest that goes on.

    ``user_id``: only in a run of this user. ``None`` where none goes on, or it holds as many as it may.
    """
    here = hooks.run_of(None)
    for run in (here, *reversed(hooks.open_runs())):
        if isinstance(run, Session) and user_id in (None, run.draft.user_id):
            return run.record_event(text, source)
    return None


def record_from_node(texts: Sequence[Any], node_id: str, prompt: Any) -> None:
    """The same for a Profiler Event with these texts; one without any has its title recorded."""
    try:
        run = hooks.run_of(prompt)
        if isinstance(run, Session):
            wanted = dict.fromkeys(text.strip() for text in texts if isinstance(text, str) and text.strip())
            for text in wanted or (prompts.title(prompt, node_id, "Profiler Event"),):
                run.record_event(text, "node", node_id)
    except Exception:
        log.exception("A Profiler Event could not be recorded.")
