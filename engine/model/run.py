"""One profiled prompt: what was asked for, what was measured, what it cost to measure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .device import Device
from .sample import Metric, Series
from .stacks import NodeKernels, OwnerTime, Stacks
from .step import Step
from .story import Event, Output
from .workflow import Change, Group

RunStatus = Literal["running", "success", "partial", "failed", "interrupted", "crashed"]
Timing = Literal["precise", "light"]
CacheMode = Literal["keep", "re-run", "cold"]
Inside = Literal["off", "functions", "kernels"]
SnapshotMatch = Literal["match", "mismatch", "no reference"]


def measuring_stopped(warnings: Iterable[str]) -> bool:
    """Whether one of a run's ``warnings`` says that the profiler failed while the run went on."""
    return any(str(text).startswith("Measuring stopped early because of ") for text in warnings)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """What the Profiler Start asked for. ``interval_ms`` is 10 to 1000; ``repeat`` runs follow."""

    run_name: str = ""
    comment: str = ""
    interval_ms: int = 50
    timing: Timing = "precise"
    cache: CacheMode = "keep"
    on_mismatch: Literal["warn", "block", "ignore"] = "warn"
    enabled: bool = True
    memory_snapshot: Literal["never", "on out of memory", "always"] = "never"
    inside: Inside = "functions"
    inside_group: str = ""
    inside_shapes: bool = False
    repeat: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Overhead:
    """What the profiling itself cost in one run.

    ``boundary_s``: time spent reading at node boundaries, on the executor's
    thread. ``sync_s`` is apart from it: waits at nodes' ends until their own GPU work
    was done. ``sampler_s`` and ``writer_s``: CPU time of those threads. ``report_s``:
    drawing and saving reports, after the measured part. ``stacks_s`` is the part of
    ``sampler_s`` that ``stack_count`` samples of the nodes' stacks took; ``kernels_s`` is
    the time that starting and ending the recording of kernels took between nodes.
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
    stacks_s: float | None = None
    stack_count: int = 0
    kernels_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One profiled prompt. ``steps`` stand in execution order.

    ``total_time`` runs from the prompt's start to the end of the last node that
    is neither a profiler node nor behind a Report. ``timestamp`` is ISO 8601 UTC.
    ``environment`` is a flat mapping of dotted names to text (``torch.version``).
    ``workflow_name`` is what the page that queued it calls its workflow; "" where it does not say.
    ``contention`` names what the run got less of than it asked for: of ``cpu``, ``gpu shared`` and
    ``gpu slowed`` those that apply, with commas.
    ``cold`` is true when the host held no model as the run began. ``uuid`` names the run in every
    database that it may be copied to; ``id`` is its number in one of them. ``profiled`` is false of a
    run that was only noted, without steps.

    ``sizes`` are what the prompt asks for: ``width``, ``height``, ``frames``, ``batch_size``, ``steps``.
    ``frame_count`` are the frames of its video or animation, ``scene_count`` the most items of a list that
    one node worked through. ``queue_position`` prompts stood before it as it was queued, and it waited
    ``queue_wait_s``. ``attempt`` counts from 1; one that soon follows a failure is ``retry_of`` that run.
    ``ram_*`` and ``vram_*`` are this process's memory as the run began and as it ended.
    """

    timestamp: str
    id: int | None = None
    uuid: str | None = None
    name: str = ""
    global_comment: str = ""
    tags: tuple[str, ...] = ()
    status: RunStatus = "running"
    total_time: float | None = None
    prompt_id: str | None = None
    workflow_id: str | None = None
    workflow_hash: str | None = None
    workflow_name: str = ""
    user_id: str = "default"
    settings: RunSettings = field(default_factory=RunSettings)
    cold: bool | None = None
    pinned: bool = False
    forced: bool = False
    snapshot_match: SnapshotMatch | None = None
    changes: tuple[Change, ...] = ()
    steps: tuple[Step, ...] = ()
    series: tuple[Series, ...] = ()
    stacks: Stacks | None = None
    owner_times: tuple[OwnerTime, ...] = ()
    kernels: tuple[NodeKernels, ...] = ()
    groups: tuple[Group, ...] = ()
    devices: tuple[Device, ...] = ()
    metrics: tuple[Metric, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    overhead: Overhead = field(default_factory=Overhead)
    warnings: tuple[str, ...] = ()
    contention: str | None = None
    running_node_id: str | None = None
    error_node_id: str | None = None
    error_type: str | None = None
    error_message: str | None = None
    energy_joules: float | None = None
    prompt: Mapping[str, Any] | None = None
    workflow: Mapping[str, Any] | None = None
    profiled: bool = True
    sizes: Mapping[str, int] = field(default_factory=dict)
    outputs: tuple[Output, ...] = ()
    output_count: int | None = None
    frame_count: int | None = None
    scene_count: int | None = None
    events: tuple[Event, ...] = ()
    queue_position: int | None = None
    queue_wait_s: float | None = None
    attempt: int | None = None
    retry_of: int | None = None
    ram_before_bytes: int | None = None
    ram_after_bytes: int | None = None
    vram_before_bytes: int | None = None
    vram_after_bytes: int | None = None

    @property
    def frame_time_s(self) -> float | None:
        """Seconds for each frame of its video; ``None`` where it made none."""
        if self.total_time is None or not self.frame_count:
            return None
        return self.total_time / self.frame_count

    @property
    def stopped_early(self) -> bool:
        """Whether the profiler failed in the middle of it, so that what came after is not known."""
        return measuring_stopped(self.warnings)

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
