"""Messages to the browsers. Never waits, never raises towards the sender.

With several users on one ComfyUI, what concerns one of them goes to that user's own tabs; a tab
that has not said yet whose it is learns that something happened, without a name or a title.
What is sent is small, plain JSON; whoever wants the whole run asks the routes.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from .. import users

RUN_STARTED = "holaf.profiler.run_started"
STEP = "holaf.profiler.step"
RUN_FINISHED = "holaf.profiler.run_finished"
WARNING = "holaf.profiler.warning"
CHANGED = "holaf.profiler.changed"
"""Something was edited: ``{"what": "run" | "step" | "group" | "settings" | "reference" | "history",
"id", "action": "changed" | "created" | "deleted" | "restored", "user_id"}``."""

_NAMELESS = frozenset(("prompt_id", "run_id", "status", "total_time", "what", "id", "action", "user_id"))
"""What of an event a tab of an unknown user may see."""

_log = logging.getLogger("holaf.profiler")


def send(event: str, data: Mapping[str, Any]) -> bool:
    """Send ``data`` as ``event``, from any thread: to all clients, or to those of ``data["user_id"]``.

    Answers whether there was a server to hand it to.
    """
    from server import PromptServer

    instance = getattr(PromptServer, "instance", None)
    if instance is None:
        return False
    try:
        user_id = data.get("user_id")
        if user_id is None or not _has_several_users():
            instance.send_sync(event, dict(data))
        else:
            _send_to_user(instance, event, data, str(user_id))
    except RuntimeError as error:
        # The event loop is closed: the host is going down.
        _log.debug("Event %s was not sent: %s", event, error)
        return False
    return True


def _has_several_users() -> bool:
    from comfy.cli_args import args

    return bool(getattr(args, "multi_user", False))


def _send_to_user(instance: Any, event: str, data: Mapping[str, Any], user_id: str) -> None:
    nameless = {name: value for name, value in data.items() if name in _NAMELESS}
    for client_id in tuple(instance.sockets):
        owner = users.user_of_client(client_id)
        if owner == user_id:
            instance.send_sync(event, dict(data), client_id)
        elif owner is None and event in (RUN_STARTED, RUN_FINISHED, CHANGED):
            instance.send_sync(event, nameless, client_id)


def has_listeners() -> bool:
    """Whether any browser is connected."""
    from server import PromptServer

    return bool(getattr(getattr(PromptServer, "instance", None), "sockets", None))


def changed(what: str, user_id: str, item_id: int | None = None) -> bool:
    """Have the user's tabs ask again for what was edited, see :data:`CHANGED`."""
    return send(CHANGED, {"what": what, "id": item_id, "action": "changed", "user_id": user_id})


def warn(message: str, **details: Any) -> bool:
    """Show ``message`` in every open tab; ``details`` go with it for programs."""
    return send(WARNING, {"message": message, **details})
