"""Work that follows a prompt, on threads of its own."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from ...store.asking import begun


async def in_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    """``function(*arguments)`` on a thread of the profiler's own, which ComfyUI's end does not wait for.

    It sees the caller's context, such as the reader's language.
    """
    call = functools.partial(contextvars.copy_context().run, function, *arguments)
    return await asyncio.wrap_future(begun("holaf-profiler-work", call))


log = logging.getLogger("holaf.profiler")

YIELD_S = 0.02
"""The work starts this much later: the executor's thread hands out the prompt's own result first."""

_threads: set[threading.Thread] = set()
_lock = threading.Lock()
_hurry = threading.Event()


def later(work: Callable[[], None]) -> None:
    """Do ``work`` on a thread of its own, or right here where no thread can be had. Never raises."""

    def run() -> None:
        _hurry.wait(YIELD_S)
        try:
            _guarded(work)
        finally:
            with _lock:
                _threads.discard(thread)

    thread = threading.Thread(target=run, name="holaf-profiler-finish", daemon=True)
    with _lock:
        _threads.add(thread)
    try:
        # Outside the lock: a thread that begins may run finalizers of anybody's before it says that it has.
        thread.start()
    except RuntimeError:
        with _lock:
            _threads.discard(thread)
        _guarded(work)


def finish_all(timeout_s: float) -> None:
    """Wait until everything is done; at most ``timeout_s`` in all."""
    _hurry.set()
    until_s = time.monotonic() + timeout_s
    with _lock:
        threads = tuple(_threads)
    for thread in threads:
        if thread.ident is not None:  # one that is being started cannot be joined
            thread.join(max(0.0, until_s - time.monotonic()))


def _guarded(work: Callable[[], None]) -> None:
    try:
        work()
    except Exception:  # the do-no-harm boundary of this thread
        log.exception("Workflow Profiler could not finish the run.")
