"""Plain frozen data that all of the engine shares. No behaviour beyond lookups.

Field names are the same in Python, SQL, JSON and JavaScript. A unit stands in
the name (``_s``, ``_bytes``, ``_percent``, ``_joules``), except in the names
that the database contract fixes: ``total_time`` and ``exec_time`` are seconds,
``vram_*`` are bytes, ``cpu_max`` and ``gpu_load_*`` are percent.

``None`` always means "not measured"; the reason is in the run's
:class:`Metric` of that name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

RunStatus = Literal["running", "success", "partial", "failed", "interrupted", "crashed"]
StepStatus = Literal["running", "ok", "cached", "error", "interrupted", "skipped"]
Role = Literal["node", "profiler", "report_output"]
"""``node``: measured and counted. ``profiler``: a node of this pack.
``report_output``: runs after a Report, to show or save it. Only ``node`` counts
in totals, groups and rankings."""
SegmentKind = Literal["run", "async", "lazy", "expand"]
"""What a stretch of a node's life was: ``run`` its own code on the executor's
thread; ``async`` its own tasks in flight; ``lazy`` waiting for an input it asked
for; ``expand`` waiting for the nodes it expanded into."""
Timing = Literal["precise", "light"]
CacheMode = Literal["keep", "re-run", "cold"]
SnapshotMatch = Literal["match", "mismatch", "no reference"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """How one quantity was measured in a run, or why it was not.

    ``name`` is the series or field name (``ram_bytes``, ``gpu_load_percent``).
    Exactly one of ``method`` and ``reason`` is set: ``method`` says in plain words
    how the values were got, ``reason`` why there are none.
    """

    name: str
    unit: str
    method: str | None = None
    reason: str | None = None
    device: str | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading of one quantity by the monitor thread.

    ``t_s`` is on the engine's clock. ``device`` is the :attr:`Device.key`, or
    ``None`` for the process and the machine. ``start_s`` is set where the value
    is an average over ``start_s..t_s`` and not an instant.
    """

    metric: str
    t_s: float
    value: float
    device: str | None = None
    start_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """All samples of one quantity in a run, in time order.

    ``t_s`` are seconds since the run started; ``t_s`` and ``value`` have equal
    lengths. ``start_s`` is empty for instants; for averages over an interval it
    holds the interval's begin for each value.
    """

    metric: str
    unit: str
    t_s: Sequence[float]
    value: Sequence[float]
    start_s: Sequence[float] = ()
    device: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One accelerator that the process can use.

    ``key`` identifies it within the run's samples and steps (``cuda:0``);
    ``uuid`` and ``pci_bus_id`` identify the hardware.
    """

    key: str
    name: str
    memory_total_bytes: int | None = None
    uuid: str | None = None
    pci_bus_id: str | None = None
    primary: bool = False


@dataclass(frozen=True, slots=True)
class DeviceMemory:
    """Process memory on one device at a node boundary, in bytes.

    ``peak_bytes`` is the highest ``used_bytes`` since the boundary before this
    one, or ``None`` where the allocator keeps no peak.
    """

    device: str
    used_bytes: int
    peak_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class ResidentModel:
    """A model that the host held loaded at a node boundary.

    ``loaded_bytes`` are on the device, ``total_bytes`` is the whole model.
    """

    name: str
    device: str
    loaded_bytes: int
    total_bytes: int


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
    which nodes first ran.

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
    segments: tuple[Segment, ...] = ()
    list_count: int | None = None
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
    offload_time_s: float | None = None
    sampler_steps: int | None = None
    sampler_step_median_s: float | None = None
    sampler_step_spread_s: float | None = None
    devices: tuple[StepDevice, ...] = ()
    models: tuple[ResidentModel, ...] = ()
    inputs_json: str | None = None
    inputs_hash: str | None = None
    previous_exec_time_s: float | None = None
    previous_run_id: int | None = None
    error_type: str | None = None
    error_message: str | None = None
    step_comment: str = ""
    id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A named set of nodes of one workflow.

    ``members`` are node ids. ``patterns`` are the lines that the user wrote
    (ids, titles, class names, globs); ``unmatched`` those that matched nothing.
    ``source_node_id`` is the Profiler Group node it came from, if any.
    """

    name: str
    color: str = "#888888"
    description: str = ""
    members: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    unmatched: tuple[str, ...] = ()
    workflow_id: str | None = None
    source_node_id: str | None = None
    id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference between a workflow and its reference snapshot.

    ``kind``: added, removed, rewired, renamed or retyped. ``detail`` says it in
    words.
    """

    kind: Literal["added", "removed", "rewired", "renamed", "retyped"]
    node_id: str
    title: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotNode:
    """One node of a snapshot: identity and wiring, no widget values.

    ``links`` maps an input's name to ``(source node id, output index)``.
    """

    node_id: str
    title: str
    node_type: str
    links: Mapping[str, tuple[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The canonical form of a workflow, nodes sorted by id."""

    workflow_id: str
    hash: str
    nodes: tuple[SnapshotNode, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overhead:
    """What the profiling itself cost in one run.

    ``boundary_s``: time spent reading at node boundaries, on the executor's
    thread. ``sync_s``: waits for the GPU that the profiler added. ``sampler_s``
    and ``writer_s``: CPU time of those threads. ``report_s``: drawing and saving
    reports, after the measured part.
    """

    boundary_s: float = 0.0
    boundary_count: int = 0
    sync_s: float = 0.0
    sampler_s: float | None = None
    sample_count: int = 0
    sample_interval_median_s: float | None = None
    sample_interval_p95_s: float | None = None
    writer_s: float | None = None
    report_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """What the Profiler Start asked for. ``interval_ms`` is 10 to 1000."""

    run_name: str = ""
    comment: str = ""
    interval_ms: int = 50
    timing: Timing = "precise"
    cache: CacheMode = "keep"
    on_mismatch: Literal["warn", "block", "ignore"] = "warn"
    enabled: bool = True
    memory_snapshot: Literal["never", "on out of memory", "always"] = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One profiled prompt. ``steps`` stand in execution order.

    ``total_time`` runs from the prompt's start to the end of the last node that
    is neither a profiler node nor behind a Report. ``timestamp`` is ISO 8601 UTC.
    ``environment`` is a flat mapping of dotted names to text (``torch.version``).
    ``cold`` is true when the host held no model as the run began.
    """

    timestamp: str
    id: int | None = None
    name: str = ""
    global_comment: str = ""
    status: RunStatus = "running"
    total_time: float | None = None
    prompt_id: str | None = None
    workflow_id: str | None = None
    workflow_hash: str | None = None
    user_id: str = "default"
    settings: RunSettings = field(default_factory=RunSettings)
    cold: bool | None = None
    pinned: bool = False
    forced: bool = False
    snapshot_match: SnapshotMatch | None = None
    changes: tuple[Change, ...] = ()
    steps: tuple[Step, ...] = ()
    series: tuple[Series, ...] = ()
    groups: tuple[Group, ...] = ()
    devices: tuple[Device, ...] = ()
    metrics: tuple[Metric, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    overhead: Overhead = field(default_factory=Overhead)
    warnings: tuple[str, ...] = ()
    running_node_id: str | None = None
    error_node_id: str | None = None
    error_type: str | None = None
    error_message: str | None = None
    energy_joules: float | None = None
    prompt: Mapping[str, Any] | None = None
    workflow: Mapping[str, Any] | None = None

    @property
    def measured_steps(self) -> tuple[Step, ...]:
        """The steps that count in totals: those of ordinary nodes."""
        return tuple(step for step in self.steps if step.role == "node")

    def metric(self, name: str, device: str | None = None) -> Metric | None:
        """How ``name`` was measured, or why not; ``None`` if nobody tried."""
        for metric in self.metrics:
            if metric.name == name and (device is None or metric.device == device):
                return metric
        return None

    @property
    def primary_device(self) -> Device | None:
        """The device that the host computes on, or ``None`` on a CPU-only host."""
        for device in self.devices:
            if device.primary:
                return device
        return self.devices[0] if self.devices else None
