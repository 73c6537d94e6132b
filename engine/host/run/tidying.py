"""Keeps a user's history within its limits after a run, on a thread of its own. Off without limits."""

from __future__ import annotations

import logging
import threading
import time

from ...store import upkeep
from ...store.errors import StoreError
from .. import users
from ..executor import hooks
from ..preferences import preference
from . import events

log = logging.getLogger("holaf.profiler")

EVERY_S = 600.0
"""How often at most a history is looked through."""
WASTE_SHARE = 0.25
"""Space is given back once so much of the file is unused, and no run goes on."""

_last_s: dict[str, float] = {}


def after_run(user_id: str) -> threading.Thread | None:
    """A run of this user is in the history. Returns at once; the thread where one was started."""
    now_s = time.monotonic()
    if now_s - _last_s.get(user_id, -EVERY_S) < EVERY_S:
        return None
    found = {name: preference(user_id, name) for name in ("keep_days", "keep_runs", "keep_bytes")}
    given = {name: value for name, value in found.items() if type(value) in (int, float)}
    if not given:
        return None
    _last_s[user_id] = now_s
    thread = threading.Thread(
        target=_tidy, args=(user_id, upkeep.Limits(**given)), name="holaf-profiler-tidying", daemon=True
    )
    thread.start()
    return thread


def _tidy(user_id: str, limits: upkeep.Limits) -> None:
    try:
        database = users.for_user(user_id).database
        going = upkeep.beyond(database, limits, user_id)
        upkeep.remove(database, going)
        if not hooks.open_runs() and upkeep.waste_share(database) >= WASTE_SHARE:
            upkeep.vacuum(database)
        if going:
            log.info("Workflow Profiler: %d run(s) beyond what is to be kept were removed.", len(going))
            events.changed("history", user_id)
    except StoreError as error:
        log.info("The history could not be tidied now: %s", error)
    except Exception:  # the do-no-harm boundary of this thread
        log.exception("The history could not be tidied.")
