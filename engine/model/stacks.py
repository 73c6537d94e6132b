"""What a run's nodes were doing inside: functions seen on their stacks, and operators with their kernels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

OwnerKind = Literal["core", "pack", "torch", "library", "interpreter", "profiler", "gpu_wait"]
"""Whose code a function is: ComfyUI itself, a custom node pack, torch, another library, Python with its
standard library, this profiler, or no code at all: the profiler's own wait for the GPU at a node's end."""


class Owner(NamedTuple):
    """Whose code something is. ``name`` is what people call it: ``ComfyUI``, a pack's project name."""

    kind: OwnerKind
    name: str


class Function(NamedTuple):
    """One function. ``file`` is relative to its owner's folder; ``owner`` counts in ``Stacks.owners``.

    ``is_wrapper``: it only calls others (a decorator, a context manager), so views may leave it out.
    """

    name: str
    file: str
    line: int
    owner: int
    is_wrapper: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StackTree:
    """The call paths of one node, as a tree in three columns of equal length.

    Frame ``i`` is a call of ``Stacks.functions[functions[i]]`` made by frame ``parents[i]`` (-1: by the
    node's entry), which always stands before it. ``self_s[i]`` is the time, in seconds, for which it was
    the innermost; the real time between two samples counts for the later one. ``thread`` is empty for
    the executor's thread and the node's asynchronous tasks, else the name of the node's worker threads.
    ``owner`` is whose node it is.
    """

    node_id: str
    thread: str = ""
    owner: int | None = None
    sample_count: int = 0
    functions: Sequence[int] = ()
    parents: Sequence[int] = ()
    self_s: Sequence[float] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stacks:
    """The call trees of a run. ``pace_s`` is the wanted time between samples.

    ``truncated`` is true where so many call paths were seen that the deepest frames were left out.
    """

    owners: tuple[Owner, ...] = ()
    functions: tuple[Function, ...] = ()
    trees: tuple[StackTree, ...] = ()
    pace_s: float = 0.05
    truncated: bool = False


class OwnerTime(NamedTuple):
    """How long a node was in one owner's code, in seconds: what torch, libraries and Python do counts for
    the ComfyUI or pack function that called them. ``is_foreign``: a pack's code in a node that is not
    the pack's own."""

    node_id: str
    kind: OwnerKind
    owner: str
    time_s: float
    is_foreign: bool = False


class Operator(NamedTuple):
    """What one operator of torch came to inside a node, its own part without what it called.

    ``shapes`` are its inputs' shapes, where they were asked for: ``4096x192, 192x768``. Times are
    seconds; ``self_device_s`` and the memory are ``None`` where there is no such device.
    """

    name: str
    calls: int
    self_cpu_s: float
    self_device_s: float | None = None
    cpu_bytes: int | None = None
    device_bytes: int | None = None
    shapes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeKernels:
    """The operators of one node, the costliest first. ``exec_time`` is its active time while recorded.

    ``usual_s`` is what the node took in ``usual_run_id``, without recording; ``recorded_s`` how much of the
    node was recorded where that is not all of it; ``trace_file`` is the name of the full trace beside the
    history.
    """

    node_id: str
    operators: tuple[Operator, ...] = ()
    exec_time: float | None = None
    usual_s: float | None = None
    usual_run_id: int | None = None
    recorded_s: float | None = None
    trace_file: str | None = None
