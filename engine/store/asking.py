"""Questions to a history that must not take long: an answer in time, or an error in time.

A question that is late goes on by itself, and as long as it does, the next ones are
refused at once: a server that does not answer costs its time limit once, not with every prompt.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as LateError
from typing import TypeVar

from .errors import StoreAway

T = TypeVar("T")


def begun(thread: str, work: Callable[[], T]) -> Future[T]:
    """What ``work`` answers or raises, on a ``thread`` of its own, which ComfyUI's end does not wait for."""
    answer: Future[T] = Future()

    def run() -> None:
        answer.set_running_or_notify_cancel()  # from here on whoever gives up waiting changes nothing
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - raised to whoever waits
            answer.set_exception(error)
        else:
            answer.set_result(result)

    threading.Thread(target=run, name=thread, daemon=True).start()
    return answer


class Asker:
    """Asks for one history. Any thread."""

    def __init__(self, where: Callable[[], str]) -> None:
        """``where`` names the history for people."""
        self._where = where
        self._lock = threading.Lock()
        self._late = 0

    def within(self, timeout_s: float, question: Callable[[], T]) -> T:
        """What ``question`` answers or raises; ``StoreAway`` where it takes longer."""
        if self._late:
            raise self._no_answer()
        answer = begun("holaf-profiler-question", question)
        try:
            return answer.result(timeout_s)
        except LateError:
            if answer.done():
                return answer.result()
            with self._lock:
                self._late += 1
            answer.add_done_callback(self._answered)
            raise self._no_answer() from None

    def _answered(self, _answer: Future[T]) -> None:
        with self._lock:
            self._late -= 1

    def _no_answer(self) -> StoreAway:
        return StoreAway(f"The history at {self._where()} does not answer now.")
