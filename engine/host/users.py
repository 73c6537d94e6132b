"""The histories in use, one a database. Each opens at first use and stays open.

Owns which user's history lies where. Never opens anything at start-up, and never
asks a history a question itself.
"""

from __future__ import annotations

import threading

from ..store.database import Database
from ..store.history import History
from . import paths

_lock = threading.Lock()
_histories: dict[str, History] = {}


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
