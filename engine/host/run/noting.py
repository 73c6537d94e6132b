"""Notes prompts that are not profiled, for users who want that, and takes in ComfyUI's own history.

Nothing is measured: what ComfyUI keeps of a prompt that is over is copied. With the setting
``note_unprofiled`` off, which it is by default, a prompt costs one look at an empty set.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Container, Mapping
from typing import Any

from .. import paths, preferences

log = logging.getLogger("holaf.profiler")

LOOK_S = 1.0
"""How often a thread looks whether a prompt is over."""
GIVE_UP_S = 10.0
"""A prompt that neither waits, runs nor is in ComfyUI's history for so long will not come there."""

_waiting: dict[str, str] = {}
_lock = threading.Lock()
_thread: threading.Thread | None = None


def note(prompt_id: str, extra_data: Mapping[str, Any]) -> None:
    """This prompt begins and is not profiled. Returns at once."""
    if not preferences.want_notes:
        return
    from .. import users

    client_id = extra_data.get("client_id")
    user_id = users.user_of_client(client_id) if isinstance(client_id, str) else None
    if (user_id or paths.DEFAULT_USER) in preferences.want_notes:
        _wait_for(prompt_id, user_id or paths.DEFAULT_USER)


def take_in(user_id: str, prompt_ids: Container[str] | None = None) -> tuple[int, int]:
    """Put ComfyUI's history, or these prompts of it, into the user's: how many runs are new, how many not.

    Profiled prompts and those that were taken in before are not new. Raises ``StoreError``.
    """
    from ...store import noted
    from ...workflow.host_history import run_of_entry
    from .. import users
    from .archive import with_kept_workflow

    entries = [
        entry for prompt_id, entry in _host_history().items() if prompt_ids is None or prompt_id in prompt_ids
    ]
    found = [run for entry in entries if (run := run_of_entry(entry, user_id)) is not None]
    count = noted.add(users.for_user(user_id).database, [with_kept_workflow(run) for run in found])
    return count, len(entries) - count


def _host_history() -> dict[str, Any]:
    """The entries themselves: ComfyUI's own copies of all of them take seconds, and it never changes one."""
    from server import PromptServer

    queue = PromptServer.instance.prompt_queue
    with queue.mutex:
        return dict(queue.history)


def _wait_for(prompt_id: str, user_id: str) -> None:
    global _thread
    with _lock:
        _waiting[prompt_id] = user_id
        if _thread is None:
            _thread = threading.Thread(target=_work, name="holaf-profiler-noting", daemon=True)
            _thread.start()


def _work() -> None:
    """Until every prompt that is waited for is over. The thread ends with the last one."""
    global _thread
    from .queue import HostQueue

    missing_s: dict[str, float] = {}
    pause = threading.Event()
    while True:
        pause.wait(LOOK_S)
        with _lock:
            waiting = dict(_waiting)
        for prompt_id, user_id in waiting.items():
            if not _guarded(lambda: HostQueue().holds(prompt_id)):  # noqa: B023 - called right here
                count, known = _guarded(lambda: take_in(user_id, {prompt_id})) or (0, 0)  # noqa: B023 - the same
                missing_s[prompt_id] = missing_s.get(prompt_id, 0.0) + LOOK_S
                if count or known or missing_s[prompt_id] >= GIVE_UP_S:
                    _is_over(prompt_id, user_id if count else None)
        with _lock:
            if not _waiting:
                _thread = None
                return


def _is_over(prompt_id: str, user_id: str | None) -> None:
    from . import events

    with _lock:
        _waiting.pop(prompt_id, None)
    if user_id is not None:
        _guarded(lambda: events.changed("history", user_id))


def _guarded(work: Callable[[], Any]) -> Any:
    """The do-no-harm boundary of this thread."""
    try:
        return work()
    except Exception:
        log.warning("A prompt that was not profiled could not be noted.", exc_info=True)
        return None
