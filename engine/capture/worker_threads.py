"""Which node a thread works for: the one that was at work when the thread was first seen.

Tells threads that came up since a run began from those that were there before. Used by the monitor thread.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import FrameType
from typing import NamedTuple

from .spans import Running

OWN_THREADS = "holaf-profiler"

_NUMBERS = re.compile(r"[-_ ]*\d+")


class _Worker(NamedTuple):
    thread: threading.Thread | None
    node_id: str
    name: str


class WorkerThreads:
    """Made on the thread that executes nodes, with the numbers of all threads there are."""

    def __init__(self, present: Iterable[int], is_node: Callable[[str], bool]) -> None:
        self._is_node = is_node
        self._strangers = {ident: _thread(ident) for ident in present}
        self._workers: dict[int, _Worker] = {}

    def at_work(
        self, frames: Mapping[int, FrameType], running: Running
    ) -> Iterator[tuple[str, str, FrameType]]:
        """Node, the thread's name without numbers, and frame of each thread of a node that is at work."""
        for known in (self._strangers, self._workers):
            for ident in known.keys() - frames.keys():
                del known[ident]
        for ident, frame in frames.items():
            thread = _thread(ident)
            if self._is_stranger(ident, thread):
                continue
            worker = self._workers.get(ident)
            if worker is None or worker.thread is not thread:
                worker = self._claim(ident, thread, running)
            if worker is not None and (
                worker.node_id == running.node_id or worker.node_id in running.in_flight
            ):
                yield worker.node_id, worker.name, frame

    def _is_stranger(self, ident: int, thread: threading.Thread | None) -> bool:
        """A thread's number is given again as soon as it has ended, so that the number alone says nothing."""
        if ident not in self._strangers:
            return False
        if self._strangers[ident] in (None, thread):
            return True
        del self._strangers[ident]
        return False

    def _claim(self, ident: int, thread: threading.Thread | None, running: Running) -> _Worker | None:
        name = getattr(thread, "name", "") or "thread"
        if name.startswith(OWN_THREADS):
            self._strangers[ident] = thread
            return None
        node_id = running.node_id
        if node_id is None and len(running.in_flight) == 1:
            (node_id,) = running.in_flight
        if node_id is None or not self._is_node(node_id):
            return None
        found = self._workers[ident] = _Worker(thread, node_id, _NUMBERS.sub("", name) or "thread")
        return found


def _thread(ident: int) -> threading.Thread | None:
    """The thread with a number, without the lock that ``threading.enumerate`` takes."""
    found: threading.Thread | None = threading._active.get(ident)  # type: ignore[attr-defined] # private
    return found
