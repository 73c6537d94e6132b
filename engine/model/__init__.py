"""Plain frozen data that all of the engine shares. No behaviour beyond lookups.

Field names are the same in Python, SQL, JSON and JavaScript. A unit stands in
the name (``_s``, ``_bytes``, ``_percent``, ``_joules``), except in the names
that the database contract fixes: ``total_time`` and ``exec_time`` are seconds,
``vram_*`` are bytes, ``cpu_max`` and ``gpu_load_*`` are percent.

``None`` always means "not measured"; the reason is in the run's
:class:`Metric` of that name.
"""

from __future__ import annotations

from .device import Device, DeviceMemory, ResidentModel
from .run import (
    CacheMode,
    Overhead,
    Run,
    RunSettings,
    RunStatus,
    SnapshotMatch,
    Timing,
    measuring_stopped,
)
from .sample import Metric, Sample, Series
from .stacks import Function, NodeKernels, Operator, Owner, OwnerKind, OwnerTime, Stacks, StackTree
from .step import Boundary, Role, Segment, SegmentKind, Step, StepDevice, StepStatus
from .story import Event, EventSource, Output, OutputKind
from .summary import Contention, Idle, Peak, Summary
from .workflow import Change, Group, Snapshot, SnapshotNode

__all__ = [
    "Boundary",
    "CacheMode",
    "Change",
    "Contention",
    "Device",
    "DeviceMemory",
    "Event",
    "EventSource",
    "Function",
    "Group",
    "Idle",
    "Metric",
    "NodeKernels",
    "Operator",
    "Output",
    "OutputKind",
    "Overhead",
    "Owner",
    "OwnerKind",
    "OwnerTime",
    "Peak",
    "ResidentModel",
    "Role",
    "Run",
    "RunSettings",
    "RunStatus",
    "Sample",
    "Segment",
    "SegmentKind",
    "Series",
    "Snapshot",
    "SnapshotMatch",
    "SnapshotNode",
    "StackTree",
    "Stacks",
    "Step",
    "StepDevice",
    "StepStatus",
    "Summary",
    "Timing",
    "measuring_stopped",
]
