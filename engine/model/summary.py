"""What one run comes to, in numbers and two sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .run import RunStatus
from .step import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """The highest reading of one quantity in a run, and where it was.

    ``value_bytes`` and ``capacity_bytes`` (of the device, where known) are bytes.
    ``node_id`` is the node at work then; ``None`` where no node was.
    """

    metric: str
    value_bytes: float
    device: str | None = None
    device_name: str | None = None
    capacity_bytes: int | None = None
    node_id: str | None = None
    t_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """How much of the run the GPU had nothing to do.

    ``share`` of the run, 0 to 1. ``loading_share`` is the part of that idle time
    (0 to 1) that passed while nodes loaded models; ``node_id`` the node with the
    largest part and ``node_share`` that part.
    """

    share: float
    loading_share: float = 0.0
    node_id: str | None = None
    node_share: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Contention:
    """What a run asked for and did not get. Shares of 1, each set only where it was enough to matter.

    ``cpu_missing_share`` of the CPU time that the process asked for; ``others_cpu_share`` of all cores
    that other programs had; ``gpu_others_share`` of the GPU's time that other programs used;
    ``gpu_slowed_share`` of the time in which the driver slowed the GPU down for heat or its power supply.
    """

    cpu_missing_share: float | None = None
    others_cpu_share: float | None = None
    gpu_others_share: float | None = None
    gpu_slowed_share: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One run in numbers and two sentences. Seconds, bytes, shares of 1.

    ``overhead_s`` is what profiling cost while the run went on. ``sync_s`` is apart from
    it: how long nodes were waited for until their own GPU work was done.
    """

    headline: str
    detail: str
    status: RunStatus
    total_time: float | None
    busy_s: float
    node_count: int
    executed_count: int
    cached_count: int
    error_count: int
    interrupted_count: int
    skipped_count: int
    vram_peak: Peak | None
    vram_peaks: tuple[Peak, ...]
    device_vram_peak: Peak | None
    ram_peak: Peak | None
    idle: Idle | None
    energy_joules: float | None
    overhead_s: float
    overhead_share: float | None
    sync_s: float
    contention: Contention
    ranking: tuple[Step, ...]
    names: Mapping[str, str]
