"""Who else hears that a run has ended: functions of other packs, and another program over HTTP.

Works on one thread of its own, so that nothing a subscriber does delays a run. What a subscriber
raises is logged and goes no further; what waits longer than :data:`WAITING_MAX` allows is dropped.
"""

from __future__ import annotations

import json
import logging
import queue
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

from ..preferences import preference

Listener = Callable[[Mapping[str, Any]], None]

WEBHOOK_TIMEOUT_S = 5.0
WAITING_MAX = 100
"""Ends of runs that may wait for slow subscribers."""

log = logging.getLogger("holaf.profiler")
_listeners: list[Listener] = []
_waiting: queue.Queue[Mapping[str, Any]] = queue.Queue(WAITING_MAX)
_lock = threading.Lock()
_thread: threading.Thread | None = None


def subscribe(listener: Listener) -> Callable[[], None]:
    """Call ``listener`` with every run that ends; returns a function that stops it.

    It gets what browsers get as ``holaf.profiler.run_finished``: ``run_id``, ``name``, ``status``,
    ``total_time`` (s), ``headline``, ``user_id``, ``nodes`` ... on a thread of the profiler's.
    """
    with _lock:
        _listeners.append(listener)

    def stop() -> None:
        with _lock:
            if listener in _listeners:
                _listeners.remove(listener)

    return stop


def announce(run: Mapping[str, Any]) -> None:
    """A run has ended. Returns at once, never raises."""
    global _thread
    if not _listeners and not _webhook(run):
        return
    try:
        _waiting.put_nowait(run)
        with _lock:
            if _thread is None:
                _thread = threading.Thread(target=_work, name="holaf-profiler-subscribers", daemon=True)
                _thread.start()
    except (queue.Full, RuntimeError) as error:
        log.warning("Subscribers did not hear of a run: %s", type(error).__name__)


def _webhook(run: Mapping[str, Any]) -> str:
    address = preference(str(run.get("user_id")), "webhook_url")
    usable = isinstance(address, str) and address.startswith(("http://", "https://"))
    return address if usable else ""


def _work() -> None:
    while True:
        run = _waiting.get()
        for listener in tuple(_listeners):
            _call(listener, run)
        if address := _webhook(run):
            _post(address, run)


def _call(listener: Listener, run: Mapping[str, Any]) -> None:
    try:
        listener(run)
    except Exception:  # the do-no-harm boundary of this thread
        log.exception("A subscriber to profiled runs failed: %r", listener)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The address that somebody wrote down is the one that is called."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _post(address: str, run: Mapping[str, Any]) -> None:
    """Send the run as JSON. What goes wrong is logged without the address, which may hold a key."""
    try:
        request = urllib.request.Request(
            address, json.dumps(run).encode("utf-8"), {"Content-Type": "application/json"}, method="POST"
        )
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=WEBHOOK_TIMEOUT_S):
            pass
    except urllib.error.HTTPError as error:
        log.warning("The webhook for profiled runs answered %s.", error.code)
    except (OSError, ValueError) as error:
        log.warning("The webhook for profiled runs could not be reached (%s).", type(error).__name__)
