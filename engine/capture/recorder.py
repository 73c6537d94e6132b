"""Turns node boundaries into steps. No I/O, no ComfyUI, no hardware, no clock.

``enter`` and ``leave`` come with a :class:`~engine.model.Boundary`
each; the recorder keeps every node's life as a list of segments and answers a
finished :class:`~engine.model.Step`. Only the executor's thread writes to it.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from ..clock import now
from ..model import Boundary, ResidentModel, Segment, Step, StepStatus
from .spans import NodeLife, NodeRef, ProgressUpdate, Running, Stretch, to_step

new_tuple = tuple.__new__
"""Makes a named tuple without its class's own ``__new__``, which is a Python function."""


class Outcome(NamedTuple):
    """How one ``execute`` call of a node ended.

    ``waiting`` is set while the node is not finished: for its own tasks
    (``async``), for inputs it asked for (``lazy``), for the nodes it expanded
    into (``expand``).
    """

    status: Literal["ok", "cached", "skipped", "error", "interrupted"] = "ok"
    waiting: Literal["async", "lazy", "expand"] | None = None
    list_count: int | None = None
    error_type: str | None = None
    error_message: str | None = None
    error_traceback: str | None = None


class Recorder:
    """One run's nodes.

    ``origin_s`` is the clock time that becomes 0 in the steps; ``describe`` answers who
    a node is, asked only when a step is made; ``primary_device`` is the device whose
    memory stands in ``Step.vram_*``.
    """

    def __init__(
        self, origin_s: float, describe: Callable[[str], NodeRef], primary_device: str | None = None
    ) -> None:
        self._origin_s = origin_s
        self._describe = describe
        self._primary = primary_device
        self._lives: dict[str, NodeLife] = {}
        self.in_flight: dict[str, NodeLife] = {}
        """The nodes whose asynchronous tasks are at work, oldest first."""
        self._current: NodeLife | None = None
        self.finished: list[str] = []
        """The ids of all nodes that have ended, in that order. Only ever grows."""

    def enter(self, node_id: str, boundary: Boundary) -> None:
        """A node's ``execute`` begins, or begins again after waiting."""
        life = self._lives.get(node_id)
        if life is None:
            life = self._lives[node_id] = NodeLife(node_id, len(self._lives), boundary)
        if self.in_flight:
            self._seen(boundary)
        if life.waiting is not None:
            self._end_waiting(life, boundary)
        elif life.entered is not None:
            # Begun again without having ended, as progress messages have it of a node that waited.
            life.stretches.append(Stretch("lazy", life.entered, boundary))
        life.status = "running"
        life.entered = boundary
        self._current = life

    def leave(self, node_id: str, boundary: Boundary, outcome: Outcome) -> None:
        """A node's ``execute`` returned. Unless it waits for something, the node is finished."""
        life = self._lives[node_id]
        entered = life.entered
        if entered is None:
            return
        life.entered = None
        self._current = None
        if outcome.status != "cached":
            life.stretches.append(new_tuple(Stretch, ("run", entered, boundary)))
        if self.in_flight:
            self._seen(boundary)
        life.end = boundary
        if outcome.list_count is not None:
            life.list_count = outcome.list_count
        if outcome.waiting is not None:
            life.waiting = outcome.waiting
            life.waiting_since = boundary
            if outcome.waiting == "async":
                self.in_flight[node_id] = life
            return
        if outcome.status not in ("cached", "skipped"):
            life.execution_count += 1
            life.status = outcome.status
        else:
            life.status = "ok" if _ran_before(life, outcome) else outcome.status
        life.error_type = outcome.error_type
        life.error_message = outcome.error_message
        life.error_traceback = outcome.error_traceback
        self.finished.append(node_id)

    def step(self, node_id: str) -> Step:
        """What is known of one node now. Any thread, once the node is finished."""
        life = self._lives[node_id]
        return self._step(life)

    def who(self, node_id: str) -> NodeRef | None:
        """Who a node is that has begun; ``None`` for any other."""
        life = self._lives.get(node_id)
        return None if life is None else self._ref(life)

    def is_waiting(self, node_id: str) -> bool:
        """Whether a node has returned without having ended."""
        life = self._lives.get(node_id)
        return life is not None and life.waiting is not None

    def tasks_done(self, node_id: str, boundary: Boundary) -> None:
        """All asynchronous tasks of a node have ended; what follows is no longer its doing."""
        life = self._lives.get(node_id)
        if life is not None and life.waiting == "async" and life.waiting_since is not None:
            self._seen(boundary)
            if self._current is not None:
                self._current.seen_in_flight.append(boundary)
            self.in_flight.pop(node_id, None)
            life.tasks_done = boundary

    def progress(self, node_id: str, t_s: float, value: float, maximum: float) -> None:
        """A node reported ``value`` of ``maximum`` at clock time ``t_s``."""
        life = self._lives.get(node_id)
        if life is not None:
            life.progress.append((t_s, value, maximum))

    def loading(
        self,
        seconds: float,
        *,
        unload: bool = False,
        node_id: str | None = None,
        span: tuple[float, float] | None = None,
    ) -> None:
        """The host spent ``seconds`` moving models for a node; ``None`` is the one that is at work now.

        ``span``: the clock times of the move's begin and end.

        Without a running node, that is the only one whose asynchronous tasks are in flight.
        """
        life = self._current if node_id is None else self._lives.get(node_id)
        if life is None and node_id is None and len(self.in_flight) == 1:
            life = next(iter(self.in_flight.values()))
        if life is None:
            return
        if unload:
            life.unloads_s += seconds
        else:
            life.loads_s += seconds
            if span is not None:
                if life.load_spans is None:
                    life.load_spans = []
                life.load_spans.append(span)

    def loading_unknown(self, node_id: str) -> None:
        """How long the host moved models for a node cannot be known."""
        life = self._lives.get(node_id)
        if life is not None:
            life.is_loading_known = False

    def resident(self, node_id: str, models: tuple[ResidentModel, ...]) -> None:
        """These models were loaded as the node ended."""
        life = self._lives.get(node_id)
        if life is not None:
            life.models = models

    @property
    def at_work(self) -> list[tuple[str, float]]:
        """``(id, clock time of its begin)`` of the node that runs, then of those in flight, oldest first."""
        lives = (self._current, *tuple(self.in_flight.values()))
        return [(life.node_id, (life.entered or life.start).t_s) for life in lives if life is not None]

    @property
    def running(self) -> Running:
        """What is at work now. Any thread."""
        current, in_flight = self._current, tuple(self.in_flight)
        if current is None:
            return Running(None, 0.0, in_flight)
        return Running(current.node_id, (current.entered or current.start).t_s, in_flight)

    @property
    def progress_updates(self) -> dict[str, tuple[ProgressUpdate, ...]]:
        """``(clock time, value, maximum)`` of every update, for the nodes that sent any."""
        return {key: tuple(life.progress) for key, life in self._lives.items() if life.progress}

    @property
    def inputs(self) -> dict[str, Mapping[str, Any]]:
        """The inputs of every visited node, by node id."""
        refs = [self._ref(life) for life in self._lives.values()]
        return {ref.node_id: ref.inputs for ref in refs if ref.inputs is not None}

    def steps(self, until_s: float, *, unfinished: StepStatus = "running") -> tuple[Step, ...]:
        """All steps so far in execution order.

        Those not finished get the status ``unfinished`` and end at clock time ``until_s``.
        """
        return tuple(
            self._step(life) if life.status != "running" else self._unfinished(life, until_s, unfinished)
            for life in self._lives.values()
        )

    def _ref(self, life: NodeLife) -> NodeRef:
        if life.ref is None:
            life.ref = self._describe(life.node_id)
        return life.ref

    def _seen(self, boundary: Boundary) -> None:
        for life in self.in_flight.values():
            life.seen_in_flight.append(boundary)

    def _end_waiting(self, life: NodeLife, boundary: Boundary) -> None:
        kind, since, until = life.waiting, life.waiting_since, life.tasks_done or boundary
        life.waiting = life.waiting_since = life.tasks_done = None
        self.in_flight.pop(life.node_id, None)
        if kind is not None and since is not None:
            life.stretches.append(Stretch(kind, since, until))

    def _unfinished(self, life: NodeLife, until_s: float, status: StepStatus) -> Step:
        """The step of a node that was cut off while it ran or waited."""
        since, kind = (
            (life.entered, "run") if life.entered is not None else (life.waiting_since, life.waiting)
        )
        if since is None or kind is None:
            return self._step(life, status)
        if life.tasks_done is not None and life.entered is None:
            until_s = min(until_s, life.tasks_done.t_s)
        last = Segment(kind, since.t_s - self._origin_s, max(until_s, since.t_s) - self._origin_s)
        return self._step(life, status, last)

    def _step(self, life: NodeLife, status: StepStatus | None = None, last: Segment | None = None) -> Step:
        return to_step(life, self._ref(life), self._origin_s, self._primary, status, last)


def _ran_before(life: NodeLife, outcome: Outcome) -> bool:
    """Whether a call that came to nothing ends a node that had run already."""
    if outcome.status == "skipped":
        return len(life.stretches) > 1
    return outcome.status == "cached" and bool(life.stretches)


class RunProgress:
    """Looks at the recorder from any thread. Changes nothing, so the executor's thread need not wait.

    ``left_out`` are the nodes that the user does not wait for: the pack's own.
    """

    def __init__(self, recorder: Recorder, left_out: Container[str]) -> None:
        self._recorder = recorder
        self._left_out = left_out

    @property
    def finished_count(self) -> int:
        """How many nodes have ended."""
        return len(self._recorder.finished)

    def steps_since(self, count: int) -> list[Step]:
        """The steps of the nodes that ended after the first ``count``, in that order."""
        return [self._recorder.step(node_id) for node_id in self._recorder.finished[count:]]

    def ids(self, first: int, end: int) -> Sequence[str]:
        """The ids of the user's nodes among those that ended as number ``first`` up to ``end``."""
        return [node_id for node_id in self._recorder.finished[first:end] if node_id not in self._left_out]

    def in_flight_id(self) -> str | None:
        """The oldest of the user's nodes whose asynchronous tasks are at work. Executor's thread only."""
        for node_id in self._recorder.in_flight:
            if node_id not in self._left_out:
                return node_id
        return None

    def busy_with(self) -> tuple[str, float] | None:
        """The node that the run is busy with, and for how many seconds it has been.

        That is the one that runs, else the oldest one whose asynchronous tasks are at work.
        """
        for node_id, since_s in self._recorder.at_work:
            if node_id not in self._left_out:
                return node_id, now() - since_s
        return None
