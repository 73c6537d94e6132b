"""The open histories, one a database. Opened at first use, kept open until ComfyUI ends.

Owns which user's history lies where. Never opens anything at start-up, and never
asks a history a question itself.
"""

from __future__ import annotations

import threading

from ..store.history import History
from . import paths

_lock = threading.Lock()
_open: dict[str, History] = {}


def for_user(user_id: str = paths.DEFAULT_USER) -> History:
    """The history that holds ``user_id``'s runs, opened if it was not yet.

    Blocks while a database is opened and upgraded: call it off the event loop. Raises
    :class:`paths.UnknownUserError`, and what the store raises where it cannot be opened;
    the next call then tries again.
    """
    url = paths.database_url(user_id)
    with _lock:
        history = _open.get(url)
        if history is None:
            if not paths.is_shared_database():
                paths.ensure_data_folder(user_id)
            history = _open[url] = History(url)
        return history


def close_all() -> None:
    """Write out and close whatever is open."""
    with _lock:
        histories = list(_open.values())
        _open.clear()
    for history in histories:
        history.close()
