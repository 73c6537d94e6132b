"""Messages to every connected browser. Never waits, never raises towards the sender.

What is sent is small, plain JSON; whoever wants the whole run asks the routes.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

RUN_STARTED = "holaf.profiler.run_started"
STEP = "holaf.profiler.step"
RUN_FINISHED = "holaf.profiler.run_finished"
WARNING = "holaf.profiler.warning"
CHANGED = "holaf.profiler.changed"
"""Something was edited: ``{"what": "run" | "step" | "group" | "settings" | "reference" | "history",
"id", "action": "changed" | "created" | "deleted" | "restored", "user_id"}``."""

_log = logging.getLogger("holaf.profiler")


def send(event: str, data: Mapping[str, Any]) -> bool:
    """Send ``data`` as ``event`` to all clients, from any thread.

    Answers whether there was a server to hand it to.
    """
    from server import PromptServer

    instance = getattr(PromptServer, "instance", None)
    if instance is None:
        return False
    try:
        instance.send_sync(event, dict(data))
    except RuntimeError as error:
        # The event loop is closed: the host is going down.
        _log.debug("Event %s was not sent: %s", event, error)
        return False
    return True


def has_listeners() -> bool:
    """Whether any browser is connected."""
    from server import PromptServer

    return bool(getattr(getattr(PromptServer, "instance", None), "sockets", None))


def warn(message: str, **details: Any) -> bool:
    """Show ``message`` in every open tab; ``details`` go with it for programs."""
    return send(WARNING, {"message": message, **details})
