"""One node's life from its first boundary to its last, and the step it amounts to. Pure data handling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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


class NodeLife:
    """What is known so far of one node. Mutable; only the executor's thread writes to it."""

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

    def see_start(self, boundary: Boundary) -> None:
        """Fold what was in use as the node began; the peaks up to there were not its own."""
        if boundary.ram_bytes is not None and (self.ram_max is None or boundary.ram_bytes > self.ram_max):
            self.ram_max = boundary.ram_bytes
        for memory in boundary.vram:
            if memory.used_bytes > self.devices.get(memory.device, -1):
                self.devices[memory.device] = memory.used_bytes


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
    start_s = None if start is None else start.t_s - origin_s
    end_s = None if end is None else end.t_s - origin_s
    if last is not None:
        end_s = last.end_s
    devices = _devices(life, start, end) if ran else ()
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


def _devices(life: NodeLife, start: Boundary | None, end: Boundary | None) -> tuple[StepDevice, ...]:
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
