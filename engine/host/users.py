"""Who is who: which history holds a user's runs, and which user a browser tab belongs to.

Histories are one a database; each opens at first use and stays open. Never opens anything at
start-up, and never asks a history a question itself.
"""

from __future__ import annotations

import threading

from ..store.database import Database
from ..store.history import History
from . import paths

CLIENT_HEADER = "Holaf-Profiler-Client"
"""With this header the panel says which WebSocket is its own; ComfyUI's sockets carry no user."""
_CLIENTS_MAX = 10_000

_lock = threading.Lock()
_histories: dict[str, History] = {}
_clients: dict[str, str] = {}


def for_user(user_id: str = paths.DEFAULT_USER) -> History:
    """The history that holds ``user_id``'s runs; the same object for the same database.

    Its ``database`` is what the run writer needs too. Nothing is opened yet: the first
    question does that, so ask off the event loop. Raises
    :class:`paths.UnknownUserError`, and ``OSError`` where the data folder cannot be made.
    """
    url = paths.database_url(user_id)
    with _lock:
        history = _histories.get(url)
        if history is None:
            shared = paths.is_shared_database()
            folder = paths.ensure_data_folder(paths.DEFAULT_USER if shared else user_id)
            history = _histories[url] = History(Database(url, folder=folder))
        return history


def note_client(client_id: object, user_id: str) -> None:
    """The WebSocket of that id is ``user_id``'s: a request of this user's named it."""
    if isinstance(client_id, str) and 0 < len(client_id) <= 200:
        with _lock:
            if len(_clients) >= _CLIENTS_MAX:
                _clients.clear()  # tabs that are still open name themselves again
            _clients[client_id] = user_id


def user_of_client(client_id: str) -> str | None:
    """Whose WebSocket that is, or ``None`` where no request has named it yet."""
    return _clients.get(client_id)
