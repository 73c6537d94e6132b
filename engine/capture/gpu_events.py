"""GPU time per node in light timing: events in the stream instead of waiting for it.

Marks are put at each node boundary and read once, when the run is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..model import Step, StepDevice
from ..probes.torch_memory import GpuMark, TorchMemory


class GpuMarks:
    """The timing marks of one run. With ``memory`` ``None`` it does nothing."""

    def __init__(self, memory: TorchMemory | None) -> None:
        self._memory = memory
        self._open: dict[str, GpuMark] = {}
        self._spans: dict[str, list[tuple[GpuMark, GpuMark]]] = {}

    def enter(self, node_id: str) -> None:
        """Mark the begin of a node's work."""
        if self._memory is not None and (mark := self._memory.mark()) is not None:
            self._open[node_id] = mark

    def leave(self, node_id: str) -> None:
        """Mark its end."""
        if self._memory is None:
            return
        begin = self._open.pop(node_id, None)
        if begin is not None and (end := self._memory.mark()) is not None:
            self._spans.setdefault(node_id, []).append((begin, end))

    def drop(self, node_id: str) -> None:
        """The node did nothing after all."""
        self._open.pop(node_id, None)

    def resolve(self, steps: Sequence[Step]) -> tuple[Step, ...]:
        """``steps`` with ``gpu_time_s``. Waits for the last mark."""
        if not self._spans:
            return tuple(steps)
        return tuple(self._resolve_one(step) for step in steps)

    def _resolve_one(self, step: Step) -> Step:
        spans = self._spans.get(step.node_id)
        if not spans or self._memory is None:
            return step
        totals: dict[str, float] = {}
        for begin, end in spans:
            for device, seconds in self._memory.gpu_times_s(begin, end).items():
                totals[device] = totals.get(device, 0.0) + seconds
        known = {entry.device: entry for entry in step.devices}
        devices = tuple(
            replace(known.get(key, StepDevice(device=key)), gpu_time_s=totals.get(key))
            for key in dict.fromkeys([*known, *totals])
        )
        return replace(step, devices=devices, gpu_time_s=max(totals.values(), default=None))
