"""One node's life from its first boundary to its last, and the step it amounts to. Pure data handling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..model import Boundary, ResidentModel, Role, Segment, SegmentKind, Step, StepDevice, StepStatus

ProgressUpdate = tuple[float, float, float]
MOMENTS_MAX = 2000
"""More loads or steps of one node than this lie too close together to be seen: none of them is kept."""


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


class Running(NamedTuple):
    """What is at work: the node whose ``execute`` runs with the clock time of its entry, and the nodes
    whose asynchronous tasks are under way."""

    node_id: str | None
    since_s: float
    in_flight: tuple[str, ...] = ()


class Stretch(NamedTuple):
    """A part of a node's life between two boundaries."""

    kind: SegmentKind
    since: Boundary
    until: Boundary

    @property
    def is_own(self) -> bool:
        """Whether what the process did meanwhile is billed to the node: not while it waits for others."""
        return self.kind in ("run", "async")


class NodeLife:
    """What was seen so far of one node. Mutable; only the executor's thread writes to it.

    Only a log: what it amounts to is worked out by :func:`to_step`, after the node. The
    empty values stand on the class, because one of these is made for each node while the
    workflow runs.
    """

    ref: NodeRef | None = None
    status: StepStatus = "running"
    end: Boundary | None = None
    entered: Boundary | None = None
    """Set while the node runs."""
    waiting: SegmentKind | None = None
    waiting_since: Boundary | None = None
    tasks_done: Boundary | None = None
    """Set from the end of a node's asynchronous tasks until the host comes back to it."""
    loads_s = 0.0
    load_spans: list[tuple[float, float]] | None = None
    unloads_s = 0.0
    is_loading_known = True
    list_count: int | None = None
    execution_count = 0
    models: tuple[ResidentModel, ...] = ()
    error_type: str | None = None
    error_message: str | None = None
    error_traceback: str | None = None

    def __init__(self, node_id: str, position: int, start: Boundary) -> None:
        self.node_id = node_id
        self.position = position
        self.start = start
        self.stretches: list[Stretch] = []
        self.progress: list[ProgressUpdate] = []
        self.seen_in_flight: list[Boundary] = []
        """Boundaries of other nodes while this one or its asynchronous tasks were at work."""

    @property
    def owned(self) -> tuple[Stretch, ...]:
        """The stretches whose use of the process is the node's."""
        owned = tuple(stretch for stretch in self.stretches if stretch.is_own)
        if self.tasks_done is None or self.waiting_since is None:
            return owned
        return (*owned, Stretch("async", self.waiting_since, self.tasks_done))


def to_step(
    life: NodeLife,
    ref: NodeRef,
    origin_s: float,
    primary_device: str | None,
    status: StepStatus | None = None,
    last: Segment | None = None,
) -> Step:
    """The step that a life amounts to.

    ``origin_s`` is the clock time of the run's start. ``status`` and ``last`` stand for a
    node that was cut off: how it is called, and the stretch that nobody ended.
    """
    ran = life.status != "cached"
    start, end, owned = life.start, life.end, life.owned
    own_s = self_s = 0.0
    segments = tuple(
        Segment(part.kind, part.since.t_s - origin_s, part.until.t_s - origin_s) for part in life.stretches
    )
    if last is not None:
        segments = (*segments, last)
    for segment in segments:
        seconds = segment.end_s - segment.start_s
        if segment.kind == "run":
            self_s += seconds
            own_s += seconds
        elif segment.kind == "async":
            own_s += seconds
    start_s = start.t_s - origin_s
    end_s = None if end is None else end.t_s - origin_s
    if last is not None:
        end_s = last.end_s
    devices = _devices(life) if ran else ()
    primary = next((device for device in devices if device.device == primary_device), None)
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
        wall_time_s=end_s - start_s if ran and end_s is not None else None,
        segments=segments,
        list_count=life.list_count,
        execution_count=(life.execution_count or None) if ran else None,
        vram_start=primary.vram_start if primary else None,
        vram_max=primary.vram_max if primary else None,
        vram_end=primary.vram_end if primary else None,
        ram_start_bytes=start.ram_bytes if ran else None,
        ram_max_bytes=_ram_max(life) if ran else None,
        ram_end_bytes=end.ram_bytes if ran and end else None,
        cpu_seconds=_used(owned, "cpu_s") if ran else None,
        sync_time_s=sum(part.until.sync_s for part in life.stretches if part.kind == "run") if ran else None,
        read_bytes=_used(owned, "read_bytes") if ran else None,
        read_call_bytes=_used(owned, "read_call_bytes") if ran else None,
        load_time_s=life.loads_s if ran and life.is_loading_known else None,
        load_spans=_load_spans(life, origin_s) if ran else (),
        offload_time_s=life.unloads_s if ran and life.is_loading_known else None,
        devices=devices,
        models=life.models,
        error_type=life.error_type,
        error_message=life.error_message,
        error_traceback=life.error_traceback,
    )


def _load_spans(life: NodeLife, origin_s: float) -> tuple[tuple[float, float], ...]:
    """In time order; a load that was made inside another one is a part of that."""
    spans: list[tuple[float, float]] = []
    for began_s, ended_s in sorted(life.load_spans or ()):
        if not spans or ended_s - origin_s > spans[-1][1]:
            spans.append((round(began_s - origin_s, 6), round(ended_s - origin_s, 6)))
    return tuple(spans) if len(spans) <= MOMENTS_MAX else ()


def _used(stretches: Sequence[Stretch], quantity: str) -> Any:
    """The sum of what a counter rose by; ``None`` where no stretch has it at both ends."""
    total = None
    for part in stretches:
        before, after = getattr(part.since, quantity), getattr(part.until, quantity)
        if before is not None and after is not None:
            total = (total or 0) + max(after - before, 0)
    return total


def _ends(life: NodeLife) -> Iterator[Boundary]:
    """The boundaries whose peaks happened while this node was at work."""
    for part in life.stretches:
        if part.kind == "run":
            yield part.until
    yield from life.seen_in_flight


def _ram_max(life: NodeLife) -> int | None:
    # Of the first boundary only what was in use: the peak up to there was not this node's.
    seen = [life.start.ram_bytes]
    for end in _ends(life):
        seen += (end.ram_peak_bytes, end.ram_bytes)
    return max((value for value in seen if value is not None), default=None)


def _devices(life: NodeLife) -> tuple[StepDevice, ...]:
    first, last = _in_use(life.start), _in_use(life.end)
    highest = dict(first)
    for end in _ends(life):
        for memory in end.vram:
            peak = max(memory.peak_bytes or 0, memory.used_bytes)
            highest[memory.device] = max(highest.get(memory.device, 0), peak)
    return tuple(
        StepDevice(device=key, vram_start=first.get(key), vram_max=peak, vram_end=last.get(key))
        for key, peak in highest.items()
    )


def _in_use(boundary: Boundary | None) -> dict[str, int]:
    return {} if boundary is None else {memory.device: memory.used_bytes for memory in boundary.vram}
