"""One node's part in a run, and what was read at its boundaries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from .device import DeviceMemory, ResidentModel

Interval = tuple[float, float]
"""Begin and end in seconds."""
StepStatus = Literal["running", "ok", "cached", "error", "interrupted", "skipped"]
Role = Literal["node", "profiler", "report_output"]
"""``node``: measured and counted. ``profiler``: a node of this pack.
``report_output``: runs after a Report, to show or save it. Only ``node`` counts
in totals, groups and rankings."""
SegmentKind = Literal["run", "async", "lazy", "expand"]
"""What a stretch of a node's life was: ``run`` its own code on the executor's
thread; ``async`` its own tasks in flight; ``lazy`` waiting for an input it asked
for; ``expand`` waiting for the nodes it expanded into."""


class Boundary(NamedTuple):
    """Everything read at one node boundary, stamped once.

    ``t_s`` is on the engine's clock. ``cpu_s`` is the process's CPU time so far.
    ``ram_peak_bytes`` is the highest resident size since the boundary before.
    ``sync_s`` is how long the wait for the GPU took. A tuple, because two are made for each node.
    """

    t_s: float
    cpu_s: float | None = None
    ram_bytes: int | None = None
    ram_peak_bytes: int | None = None
    read_bytes: int | None = None
    read_call_bytes: int | None = None
    vram: tuple[DeviceMemory, ...] = ()
    sync_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch of a node's life, in seconds since the run started."""

    kind: SegmentKind
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDevice:
    """What one step did to one device. Bytes, percent, joules."""

    device: str
    vram_start: int | None = None
    vram_max: int | None = None
    vram_end: int | None = None
    device_vram_max_bytes: int | None = None
    gpu_load_max: float | None = None
    gpu_load_avg: float | None = None
    gpu_time_s: float | None = None
    energy_joules: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One node's part in a run.

    ``exec_time`` is how long the node itself was at work: its own code plus its
    own asynchronous tasks. ``self_time_s`` is its own code on the executor's
    thread only. ``wall_time_s`` runs from its first moment to its last, waiting
    for lazy inputs and for expanded children included. ``start_s`` and ``end_s``
    are seconds since the run started. ``position`` counts from 0 in the order in
    which nodes first ran. ``execution_count`` is how often the node ran to its end, which
    nodes in loops do several times; the times are those of all rounds together.

    ``time_share`` (0 to 1) is the part of the run's total time that is this node's: each
    moment is divided evenly among the nodes at work in it, so that the shares of a run
    never add up to more than 1, however many asynchronous nodes overlap.

    ``load_spans`` are the stretches ``(begin, end)`` in which the host loaded models for the node, and
    ``sampler_step_spans`` those of the steps of its progress bar; both in seconds since the run started.
    Of a bar's first step nobody knows when it began, so it is not among them.

    ``error_traceback`` are the innermost calls that led to the error, without its message.

    ``foreign_time_s`` was spent in the code of packs that the node does not belong to, as
    found by sampling; ``foreign_pack`` is the one with most of it.

    ``vram_*`` are this process's bytes on the primary device;
    ``device_vram_max_bytes`` is that device's total with other processes;
    ``devices`` has every device. ``shared`` is true where another node was at
    work at the same time, so that process-wide figures belong to both.
    """

    node_id: str
    node_type: str
    node_title: str = ""
    position: int = 0
    role: Role = "node"
    status: StepStatus = "ok"
    display_node_id: str | None = None
    parent_node_id: str | None = None
    start_s: float | None = None
    end_s: float | None = None
    exec_time: float | None = None
    self_time_s: float | None = None
    wall_time_s: float | None = None
    time_share: float | None = None
    segments: tuple[Segment, ...] = ()
    list_count: int | None = None
    execution_count: int | None = None
    shared: bool = False
    vram_start: int | None = None
    vram_max: int | None = None
    vram_end: int | None = None
    device_vram_max_bytes: int | None = None
    ram_start_bytes: int | None = None
    ram_max_bytes: int | None = None
    ram_end_bytes: int | None = None
    cpu_seconds: float | None = None
    cpu_max: float | None = None
    gpu_load_max: float | None = None
    gpu_load_avg: float | None = None
    gpu_time_s: float | None = None
    sync_time_s: float | None = None
    energy_joules: float | None = None
    read_bytes: int | None = None
    read_call_bytes: int | None = None
    load_time_s: float | None = None
    load_spans: tuple[tuple[float, float], ...] = ()
    offload_time_s: float | None = None
    foreign_time_s: float | None = None
    foreign_pack: str | None = None
    sampler_steps: int | None = None
    sampler_step_median_s: float | None = None
    sampler_step_spread_s: float | None = None
    sampler_step_spans: tuple[tuple[float, float], ...] = ()
    devices: tuple[StepDevice, ...] = ()
    models: tuple[ResidentModel, ...] = ()
    inputs_json: str | None = None
    inputs_hash: str | None = None
    previous_exec_time_s: float | None = None
    previous_run_id: int | None = None
    error_type: str | None = None
    error_message: str | None = None
    error_traceback: str | None = None
    step_comment: str = ""
    id: int | None = None

    @property
    def work(self) -> tuple[Interval, ...]:
        """When the node itself was at work, in seconds since the run started; empty where it never ran.

        Its ``run`` and ``async`` segments; without segments, from start to end.
        """
        own = tuple((part.start_s, part.end_s) for part in self.segments if part.kind in ("run", "async"))
        if own or self.segments or self.start_s is None or self.end_s is None:
            return own
        return ((self.start_s, self.end_s),)


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """``intervals`` in time order, those that touch or overlap as one."""
    found: list[Interval] = []
    for start, end in sorted(intervals):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        elif end > start:
            found.append((start, end))
    return found
