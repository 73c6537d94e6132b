"""Work that follows a prompt, on threads of its own."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any


async def in_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    """``function(*arguments)`` on a thread of the profiler's own, which ComfyUI's end does not wait for.

    It sees the caller's context, such as the reader's language.
    """
    answer: Future[Any] = Future()
    context = contextvars.copy_context()

    def work() -> None:
        answer.set_running_or_notify_cancel()  # from here on whoever gives up waiting changes nothing
        try:
            result = context.run(function, *arguments)
        except BaseException as error:  # noqa: BLE001 - raised to whoever waits
            answer.set_exception(error)
        else:
            answer.set_result(result)

    waiting = asyncio.wrap_future(answer)
    threading.Thread(target=work, name="holaf-profiler-work", daemon=True).start()
    return await waiting


log = logging.getLogger("holaf.profiler")

YIELD_S = 0.02
"""The work starts this much later: the executor's thread hands out the prompt's own result first."""

_threads: set[threading.Thread] = set()
_lock = threading.Lock()
_hurry = threading.Event()
_pauses = 0


@contextlib.contextmanager
def collection_paused() -> Iterator[None]:
    """No garbage collection while a large document is read that is let go of at the end.

    Its ten thousands of new objects would each time set off a full collection, which looks through
    everything that the host holds. Reference counting goes on. Left alone where somebody else has
    switched collection off.
    """
    global _pauses
    with _lock:
        if _pauses or gc.isenabled():
            _pauses += 1
            gc.disable()
            is_mine = True
        else:
            is_mine = False
    try:
        yield
    finally:
        if is_mine:
            with _lock:
                _pauses -= 1
                if not _pauses:
                    gc.enable()


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
    try:
        with _lock:
            thread.start()
            _threads.add(thread)
    except RuntimeError:
        _guarded(work)


def finish_all(timeout_s: float) -> None:
    """Wait until everything is done; at most ``timeout_s`` in all."""
    _hurry.set()
    until_s = time.monotonic() + timeout_s
    with _lock:
        threads = tuple(_threads)
    for thread in threads:
        thread.join(max(0.0, until_s - time.monotonic()))


def _guarded(work: Callable[[], None]) -> None:
    try:
        work()
    except Exception:  # the do-no-harm boundary of this thread
        log.exception("Workflow Profiler could not finish the run.")
