"""A user's settings for those who cannot wait until the checks are loaded, and those that act by themselves.

Noting unprofiled prompts and the log's detail are read once at start-up, on a thread, and whenever
somebody changes them: nothing on a prompt's way reads a file for them.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from . import paths

want_notes: set[str] = set()
"""The users whose prompts are noted where they are not profiled."""
_debugging: set[str] = set()


def preference(user_id: str, name: str) -> Any:
    """One value of the user's settings file, unchecked; ``None`` where it says nothing."""
    try:
        stored = json.loads(paths.settings_file(user_id).read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return stored.get(name) if isinstance(stored, dict) else None


def apply(user_id: str, settings: Mapping[str, Any]) -> None:
    """These are the user's settings from now on. One user who wants a detailed log is enough."""
    for name, those in (("note_unprofiled", want_notes), ("debug_log", _debugging)):
        those.add(user_id) if settings.get(name) is True else those.discard(user_id)
    logging.getLogger("holaf.profiler").setLevel(logging.DEBUG if _debugging else logging.NOTSET)


def apply_all() -> None:
    """The settings that every user has stored."""
    for user_id in paths.users_with_settings():
        apply(user_id, {name: preference(user_id, name) for name in ("note_unprofiled", "debug_log")})
