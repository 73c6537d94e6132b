"""Turns node boundaries into steps. No I/O, no ComfyUI, no hardware, no clock.

The host says ``enter`` and ``leave`` with a :class:`~engine.model.Boundary`
each; the recorder keeps every node's life as a list of segments and answers a
finished :class:`~engine.model.Step`. Only the executor's thread calls it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from .model import Boundary, ResidentModel, Role, Segment, SegmentKind, Step, StepDevice, StepStatus

ProgressUpdate = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class NodeRef:
    """Who a node is. ``inputs`` is the prompt's own mapping, never changed."""

    node_id: str
    node_type: str
    node_title: str
    role: Role = "node"
    display_node_id: str | None = None
    parent_node_id: str | None = None
    inputs: Mapping[str, Any] | None = None


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


class _Life:
    """What is known so far of one node. Mutable; lives on the executor's thread."""

    __slots__ = (
        "cpu_s", "devices", "end", "entered", "error_message", "error_type", "list_count", "loads_s",
        "models", "node_id", "position", "progress", "ram_max", "read_bytes", "read_call_bytes", "ref",
        "segments", "start", "status", "sync_s", "tasks_done_s", "unloads_s", "waiting", "waiting_since",
    )  # fmt: skip

    def __init__(self, node_id: str, position: int) -> None:
        self.node_id = node_id
        self.ref: NodeRef | None = None
        self.position = position
        self.status: StepStatus = "running"
        self.start: Boundary | None = None
        self.end: Boundary | None = None
        self.entered: Boundary | None = None
        self.segments: list[Segment] = []
        self.waiting: SegmentKind | None = None
        self.waiting_since: Boundary | None = None
        self.tasks_done_s: float | None = None
        self.cpu_s: float | None = None
        self.ram_max: int | None = None
        self.devices: dict[str, int] = {}
        self.read_bytes: int | None = None
        self.read_call_bytes: int | None = None
        self.sync_s = 0.0
        self.loads_s = 0.0
        self.unloads_s = 0.0
        self.list_count: int | None = None
        self.progress: list[ProgressUpdate] = []
        self.models: tuple[ResidentModel, ...] = ()
        self.error_type: str | None = None
        self.error_message: str | None = None

    def add(self, since: Boundary, until: Boundary) -> None:
        """Bill what the process used between two boundaries to this node."""
        self.cpu_s = _plus(self.cpu_s, since.cpu_s, until.cpu_s)
        self.read_bytes = _plus(self.read_bytes, since.read_bytes, until.read_bytes)
        self.read_call_bytes = _plus(self.read_call_bytes, since.read_call_bytes, until.read_call_bytes)

    def see(self, boundary: Boundary) -> None:
        """Fold a boundary's peaks, which happened while this node was at work."""
        for seen in (boundary.ram_peak_bytes, boundary.ram_bytes):
            if seen is not None and (self.ram_max is None or seen > self.ram_max):
                self.ram_max = seen
        for memory in boundary.vram:
            peak = (
                memory.used_bytes if memory.peak_bytes is None else max(memory.peak_bytes, memory.used_bytes)
            )
            if peak > self.devices.get(memory.device, -1):
                self.devices[memory.device] = peak


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
        self._lives: dict[str, _Life] = {}
        self._in_flight: dict[str, _Life] = {}
        self._current: _Life | None = None

    def enter(self, node_id: str, boundary: Boundary) -> None:
        """A node's ``execute`` begins, or begins again after waiting."""
        life = self._lives.get(node_id)
        if life is None:
            life = self._lives[node_id] = _Life(node_id, len(self._lives))
            life.start = boundary
        if self._in_flight:
            for other in self._in_flight.values():
                other.see(boundary)
        if life.waiting is not None:
            self._end_waiting(life, boundary)
        if life.start is boundary or life.waiting_since is None:
            self._see_start(life, boundary)
        life.status = "running"
        life.entered = boundary
        self._current = life

    def leave(self, node_id: str, boundary: Boundary, outcome: Outcome) -> bool:
        """A node's ``execute`` returned. Answers whether the node is finished."""
        life = self._lives[node_id]
        entered = life.entered
        if entered is None:
            return False
        life.entered = None
        self._current = None
        if outcome.status != "cached":
            life.segments.append(Segment("run", entered.t_s - self._origin_s, boundary.t_s - self._origin_s))
            life.add(entered, boundary)
            life.see(boundary)
            life.sync_s += boundary.sync_s
        for other in self._in_flight.values():
            other.see(boundary)
        life.end = boundary
        if outcome.list_count is not None:
            life.list_count = outcome.list_count
        if outcome.waiting is not None:
            life.waiting = outcome.waiting
            life.waiting_since = boundary
            if outcome.waiting == "async":
                self._in_flight[node_id] = life
            return False
        came_back = len(life.segments) > 1
        life.status = "ok" if outcome.status == "skipped" and came_back else outcome.status
        life.error_type = outcome.error_type
        life.error_message = outcome.error_message
        return True

    def step(self, node_id: str) -> Step:
        """What is known of one node now. Any thread, once the node is finished."""
        life = self._lives[node_id]
        return self._step(life)

    def who(self, node_id: str) -> NodeRef | None:
        """Who a node is that has begun; ``None`` for any other."""
        life = self._lives.get(node_id)
        return None if life is None else self._ref(life)

    def tasks_done(self, node_id: str, t_s: float) -> None:
        """All asynchronous tasks of a node ended at clock time ``t_s``."""
        life = self._lives.get(node_id)
        if life is not None and life.waiting == "async":
            life.tasks_done_s = t_s

    def progress(self, node_id: str, t_s: float, value: float, maximum: float) -> None:
        """A node reported ``value`` of ``maximum`` at clock time ``t_s``."""
        life = self._lives.get(node_id)
        if life is not None:
            life.progress.append((t_s, value, maximum))

    def loading(self, seconds: float, *, unload: bool = False) -> None:
        """The host spent ``seconds`` moving models for the node that is running now."""
        if self._current is not None:
            if unload:
                self._current.unloads_s += seconds
            else:
                self._current.loads_s += seconds

    def resident(self, node_id: str, models: tuple[ResidentModel, ...]) -> None:
        """These models were loaded as the node ended."""
        life = self._lives.get(node_id)
        if life is not None:
            life.models = models

    @property
    def running_node_id(self) -> str | None:
        """The node whose code runs now, else the one that has waited for its tasks longest."""
        if self._current is not None:
            return self._current.node_id
        return next(iter(self._in_flight), None)

    @property
    def visited(self) -> frozenset[str]:
        """The ids of all nodes that ran or were found cached when their turn came."""
        return frozenset(self._lives)

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

    def _ref(self, life: _Life) -> NodeRef:
        if life.ref is None:
            life.ref = self._describe(life.node_id)
        return life.ref

    def _end_waiting(self, life: _Life, boundary: Boundary) -> None:
        kind, since = life.waiting, life.waiting_since
        life.waiting = None
        if kind is None or since is None:
            return
        end_s = boundary.t_s
        if kind == "async":
            self._in_flight.pop(life.node_id, None)
            life.add(since, boundary)
            if life.tasks_done_s is not None:
                end_s = min(end_s, max(life.tasks_done_s, since.t_s))
                life.tasks_done_s = None
        life.segments.append(Segment(kind, since.t_s - self._origin_s, end_s - self._origin_s))

    @staticmethod
    def _see_start(life: _Life, boundary: Boundary) -> None:
        if boundary.ram_bytes is not None and (life.ram_max is None or boundary.ram_bytes > life.ram_max):
            life.ram_max = boundary.ram_bytes
        for memory in boundary.vram:
            if memory.used_bytes > life.devices.get(memory.device, -1):
                life.devices[memory.device] = memory.used_bytes

    def _unfinished(self, life: _Life, until_s: float, status: StepStatus) -> Step:
        """The step of a node that was cut off while it ran or waited."""
        since, kind = (
            (life.entered, "run") if life.entered is not None else (life.waiting_since, life.waiting)
        )
        if since is None or kind is None:
            return self._step(life, status)
        last = Segment(kind, since.t_s - self._origin_s, max(until_s, since.t_s) - self._origin_s)
        return self._step(life, status, last)

    def _step(self, life: _Life, status: StepStatus | None = None, last: Segment | None = None) -> Step:
        ref = self._ref(life)
        ran = life.status != "cached"
        start, end = life.start, life.end
        own_s = self_s = 0.0
        segments = (*life.segments, last) if last is not None else tuple(life.segments)
        for segment in segments:
            seconds = segment.end_s - segment.start_s
            if segment.kind == "run":
                self_s += seconds
                own_s += seconds
            elif segment.kind == "async":
                own_s += seconds
        start_s = None if start is None else start.t_s - self._origin_s
        end_s = None if end is None else end.t_s - self._origin_s
        if last is not None:
            end_s = last.end_s
        devices = _devices(life, start, end) if ran else ()
        primary = next((device for device in devices if device.device == self._primary), None)
        return Step(
            node_id=ref.node_id,
            node_type=ref.node_type,
            node_title=ref.node_title,
            position=life.position,
            role=ref.role,
            status=status or life.status,
            display_node_id=ref.display_node_id,
            parent_node_id=ref.parent_node_id,
            start_s=start_s if ran else None,
            end_s=end_s if ran else None,
            exec_time=own_s if ran else None,
            self_time_s=self_s if ran else None,
            wall_time_s=end_s - start_s if ran and start_s is not None and end_s is not None else None,
            segments=segments,
            list_count=life.list_count,
            vram_start=primary.vram_start if primary else None,
            vram_max=primary.vram_max if primary else None,
            vram_end=primary.vram_end if primary else None,
            ram_start_bytes=start.ram_bytes if ran and start else None,
            ram_max_bytes=life.ram_max if ran else None,
            ram_end_bytes=end.ram_bytes if ran and end else None,
            cpu_seconds=life.cpu_s if ran else None,
            sync_time_s=life.sync_s if ran else None,
            read_bytes=life.read_bytes if ran else None,
            read_call_bytes=life.read_call_bytes if ran else None,
            load_time_s=life.loads_s if ran else None,
            offload_time_s=life.unloads_s if ran else None,
            devices=devices,
            models=life.models,
            error_type=life.error_type,
            error_message=life.error_message,
        )


def _devices(life: _Life, start: Boundary | None, end: Boundary | None) -> tuple[StepDevice, ...]:
    if not life.devices:
        return ()
    first = _used(start)
    last = _used(end)
    return tuple(
        StepDevice(device=key, vram_start=first.get(key), vram_max=peak, vram_end=last.get(key))
        for key, peak in life.devices.items()
    )


def _used(boundary: Boundary | None) -> dict[str, int]:
    return {} if boundary is None else {memory.device: memory.used_bytes for memory in boundary.vram}


def _plus(total: Any, before: Any, after: Any) -> Any:
    if before is None or after is None:
        return total
    return (total or 0) + max(after - before, 0)


def first_running(steps: Sequence[Step]) -> Step | None:
    """The step that was running when the run stopped, if any."""
    return next((step for step in steps if step.status == "running"), None)
