"""Looks, now and then, at what the code inside a node is doing. Used by the monitor thread.

Takes the Python stack of the executor's thread, of a node's asynchronous tasks and of the threads that
came up while a node was at work, cuts it at the node's entry and adds it to that node's tree. Never keeps
a frame: frames hold the tensors of a workflow. Never asks the host anything.
"""

from __future__ import annotations

import gc
import random
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any, NamedTuple

from ..clock import Clock, now
from ..model import Stacks, StackTree
from .call_tree import CallTree
from .functions import ENTRY, HOOK, IDLE, OWN, SYNC, Functions
from .spans import Running
from .worker_threads import WorkerThreads

PACE_S = 0.05
"""The usual time between two samples; each wait is drawn from 0.75 to 1.25 of it, so that work with a
rhythm of its own is not met always at the same beat."""
FRAMES_MAX = 700_000
"""All trees of a run together: 20 bytes each."""
OPEN_TREES = 4
"""Only so many trees keep what growing needs, some 100 bytes a frame."""
OPEN_FRAMES_MAX = 50_000
"""One tree: so many frames can be drawn and looked at."""

Frames = Callable[[], Mapping[int, FrameType]]


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Around every look at the frames of other threads.

    Before Python 3.12 a collection may begin wherever memory is asked for: inside ``sys._current_frames``,
    which holds what threads need to begin and to end, and inside ``frame.f_back``, half way through a stack.
    A finalizer that lets go of the GIL there, as closing a file does, stops the whole process for good or
    lets it crash (CPython's issue 106883 is one case).
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class Busy(NamedTuple):
    """The innermost function of ComfyUI or of a pack that a node is in, and for how long, in seconds."""

    node_id: str
    function: int
    seconds: float


class StackSampler:
    """Samples one run's stacks. Made on the thread that executes nodes; :meth:`sample` is called on another.

    ``running`` answers what is at work, ``is_node`` which ids are ordinary nodes.
    """

    def __init__(
        self,
        functions: Functions,
        running: Callable[[], Running],
        is_node: Callable[[str], bool] = lambda _: True,
        *,
        pace_s: float = PACE_S,
        clock: Clock = now,
        frames: Frames = sys._current_frames,
    ) -> None:
        self.functions = functions
        self._running = running
        self._is_node = is_node
        self._pace_s = pace_s
        self._clock = clock
        self._frames = frames
        self._executor = threading.get_ident()
        with no_garbage_collection():
            self._workers = WorkerThreads(frames(), is_node)
        self._trees: dict[tuple[str, str], CallTree] = {}
        self._open: list[CallTree] = []
        self._frame_count = 0
        self._tasks: dict[str, tuple[Any, ...]] = {}
        self._last_s = clock()
        self._busy: tuple[str, int, float] | None = None
        self.due_s = self._last_s
        self.truncated = False
        self.count = 0
        self.cost_s = 0.0
        """CPU seconds that sampling has taken."""

    def watch_tasks(self, node_id: str, tasks: Iterable[Any]) -> None:
        """These asynchronous tasks belong to a node, until :meth:`tasks_done`. Executor's thread."""
        self._tasks[node_id] = tuple(tasks)

    def tasks_done(self, node_id: str) -> None:
        """The node's tasks have ended."""
        self._tasks.pop(node_id, None)

    def sample(self) -> None:
        """Look once at everything that is at work."""
        began_cpu_s = time.thread_time()
        running = self._running()
        at_s = self._clock()
        gap_s = at_s - self._last_s
        self._last_s = at_s
        self.due_s = at_s + self._pace_s * random.uniform(0.75, 1.25)
        node_id = running.node_id
        if node_id is not None or running.in_flight:
            with no_garbage_collection():
                self._look(running, gap_s, at_s)
            self.count += 1
        self.cost_s += time.thread_time() - began_cpu_s

    def busy(self) -> Busy | None:
        """The function that a node has been in since the samples first found it there. Any thread."""
        busy = self._busy
        if busy is None:
            return None
        running = self._running()
        node_id, function, since_s = busy
        if running.node_id != node_id and node_id not in running.in_flight:
            return None
        return Busy(node_id, function, self._clock() - since_s)

    def stacks(self, owner_file: Callable[[str], str | None] = lambda _: None) -> Stacks | None:
        """Everything seen so far; ``None`` if nothing was.

        ``owner_file``: the source file of a node's class.
        """
        if not self._trees:
            return None
        functions = self.functions
        trees = []
        for (node_id, thread), tree in self._trees.items():
            file = owner_file(node_id)
            trees.append(
                StackTree(
                    node_id=node_id,
                    thread=thread,
                    owner=functions.owner_of_file(file) if file else None,
                    sample_count=tree.sample_count,
                    functions=tuple(tree.functions),
                    parents=tuple(tree.parents),
                    self_s=tuple(round(seconds, 6) for seconds in tree.self_s),
                )
            )
        return Stacks(
            owners=functions.owners,
            functions=tuple(functions.known),
            trees=tuple(trees),
            pace_s=self._pace_s,
            truncated=self.truncated,
        )

    # ---- inside --------------------------------------------------------------------------

    def _look(self, running: Running, gap_s: float, at_s: float) -> None:
        node_id = running.node_id
        frames = self._frames()
        frame = frames.get(self._executor)
        if frame is not None and self._running().node_id == node_id:
            path = self._path(frame)
            if node_id is not None:
                # After a pause in sampling no more is known than what the node had since it began.
                seconds = min(gap_s, max(2 * self._pace_s, at_s - running.since_s))
                self._add_running(node_id, path, seconds, at_s)
            if running.in_flight:
                self._add_tasks(None if node_id is not None else path, gap_s, at_s)
        self._add_threads(frames, running, gap_s)

    def _path(self, frame: FrameType | None) -> list[int]:
        """The numbers of the functions on a stack, outermost first."""
        by_id, learn = self.functions.by_id, self.functions.learn
        path = []
        while frame is not None:
            code = frame.f_code
            number = by_id.get(id(code))
            path.append(learn(code) if number is None else number)
            frame = frame.f_back
        path.reverse()
        return path

    def _add_running(self, node_id: str, path: list[int], seconds: float, at_s: float) -> None:
        if not self._is_node(node_id):
            return
        inner = self._inside_node(path)
        if inner:
            self._grow(node_id, "", inner, seconds)
            self._note_busy(node_id, inner, at_s)

    def _inside_node(self, path: list[int]) -> list[int]:
        """The part of the executor's stack that is the node's own; empty while our bracket is at work."""
        meanings = self.functions.meanings
        kinds = [meanings[number] for number in path]
        if HOOK in kinds:
            start = kinds.index(HOOK) + 1
            if start < len(kinds) and kinds[start] in (OWN, SYNC):
                return [self.functions.wait] if SYNC in kinds[start:] else []
        elif ENTRY in kinds:
            start = kinds.index(ENTRY)
        else:
            return []
        while start < len(kinds) - 1 and kinds[start] == ENTRY:
            start += 1
        return path[start:]

    def _add_tasks(self, path: list[int] | None, seconds: float, at_s: float) -> None:
        """Every asynchronous node: where its tasks wait, or what the one that runs now is doing."""
        for node_id, tasks in tuple(self._tasks.items()):
            if not self._is_node(node_id):
                continue
            for task in tasks:
                if task.done():
                    continue
                waiting = self._awaited(task)
                if path is not None and waiting and getattr(task.get_coro(), "cr_running", False):
                    waiting = path[path.index(waiting[0]) :] if waiting[0] in path else waiting
                inner = self._without_entry(waiting)
                if inner:
                    self._grow(node_id, "", inner, seconds)
                    self._note_busy(node_id, inner, at_s)
                break  # the others wait at the same time, which must not count twice

    def _awaited(self, task: Any) -> list[int]:
        """The functions of a task from its own coroutine down to where it waits."""
        by_id, learn = self.functions.by_id, self.functions.learn
        path: list[int] = []
        awaited = task.get_coro()
        while awaited is not None and len(path) < 1000:
            code = next(
                (
                    code
                    for name in ("cr_code", "gi_code", "ag_code")
                    if (code := getattr(awaited, name, None))
                ),
                None,
            )
            if code is None:
                break
            number = by_id.get(id(code))
            path.append(learn(code) if number is None else number)
            awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "gi_yieldfrom", None)
        return path

    def _without_entry(self, path: list[int]) -> list[int]:
        meanings = self.functions.meanings
        start = 0
        while start < len(path) - 1 and meanings[path[start]] == ENTRY:
            start += 1
        return path[start:]

    def _add_threads(self, frames: Mapping[int, FrameType], running: Running, seconds: float) -> None:
        for node_id, name, frame in self._workers.at_work(frames, running):
            path = self._path(frame)
            if self.functions.meanings[path[-1]] != IDLE:
                self._grow(node_id, name, path, seconds)

    def _grow(self, node_id: str, thread: str, path: list[int], seconds: float) -> None:
        key = (node_id, thread)
        tree = self._trees.get(key)
        if tree is None:
            tree = self._trees[key] = CallTree()
        if tree not in self._open:
            self._open.append(tree)
            if len(self._open) > OPEN_TREES:
                self._open.pop(0).close()
        before = len(tree)
        room = min(FRAMES_MAX - self._frame_count, OPEN_FRAMES_MAX - before)
        if not tree.add(path, seconds, room):
            self.truncated = True
        self._frame_count += len(tree) - before

    def _note_busy(self, node_id: str, path: list[int], at_s: float) -> None:
        function = self._meaningful(path)
        busy = self._busy
        if busy is None or busy[0] != node_id or busy[1] != function:
            self._busy = (node_id, function, at_s)

    def _meaningful(self, path: list[int]) -> int:
        is_work = self.functions.is_work
        return next((number for number in reversed(path) if is_work[number]), path[-1])
