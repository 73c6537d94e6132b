"""Operators of PyTorch while one node runs, through torch.profiler. Only on demand: it slows the node down.

Must be begun and ended on the thread that executes nodes. Never raises for a torch that cannot:
the reason is kept instead.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..model import Operator

log = logging.getLogger("holaf.profiler")

OPERATORS_MAX = 200
_US = 1e-6


class KernelRecorder:
    """Records nodes one after another. ``reason`` says why nothing could be recorded, if so."""

    def __init__(self, *, shapes: bool = False) -> None:
        self.reason: str | None = None
        self._shapes = shapes
        self._running: Any = None
        self._done: dict[str, list[Any]] = {}

    def begin(self) -> None:
        """Record from now on."""
        if self._running is not None or self.reason is not None:
            return
        try:
            from torch import profiler

            made = profiler.profile(
                activities=list(profiler.supported_activities()),
                record_shapes=self._shapes,
                profile_memory=True,
            )
            made.start()
        except Exception as error:  # noqa: BLE001 - whatever torch raises, the run must go on
            self._give_up(error)
            return
        self._running = made

    def end(self, node_id: str) -> None:
        """What was recorded belongs to a node."""
        made, self._running = self._running, None
        if made is None:
            return
        try:
            made.stop()
        except Exception as error:  # noqa: BLE001 - see above
            self._give_up(error)
            return
        self._done.setdefault(node_id, []).append(made)

    def cancel(self) -> None:
        """End a recording that nobody will end, and forget it."""
        self.end("")
        self._done.pop("", None)

    def operators(self, node_id: str) -> tuple[Operator, ...]:
        """The operators of a node, the costliest first; at most :data:`OPERATORS_MAX`. Takes seconds."""
        found: dict[tuple[str, str], Operator] = {}
        for made in self._done.get(node_id, ()):
            for entry in made.key_averages(group_by_input_shape=self._shapes):
                operator = _operator(entry, self._shapes)
                key = (operator.name, operator.shapes)
                found[key] = _sum(found[key], operator) if key in found else operator
        return tuple(sorted(found.values(), key=_cost, reverse=True)[:OPERATORS_MAX])

    @property
    def node_ids(self) -> Iterable[str]:
        """The nodes that were recorded."""
        return tuple(self._done)

    def save_trace(self, node_id: str, path: Path) -> bool:
        """Write the trace of a node's (last) recording as Chrome trace JSON; whether that worked."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._done[node_id][-1].export_chrome_trace(str(path))
        except Exception as error:
            log.warning("Profiler: the trace of node %s could not be written.", node_id, exc_info=error)
            return False
        return True

    def drop(self) -> None:
        """Give the recordings' memory back."""
        self._done.clear()

    def _give_up(self, error: Exception) -> None:
        self.reason = f"torch.profiler cannot record here ({type(error).__name__}: {error})"
        log.warning("Profiler: %s", self.reason)


def _operator(entry: Any, shapes: bool) -> Operator:
    device_us = _first(entry, "self_device_time_total", "self_cuda_time_total")
    device_bytes = _first(entry, "self_device_memory_usage", "self_cuda_memory_usage")
    return Operator(
        name=str(entry.key),
        calls=int(entry.count),
        self_cpu_s=entry.self_cpu_time_total * _US,
        self_device_s=device_us * _US if device_us else None,
        cpu_bytes=_first(entry, "self_cpu_memory_usage"),
        device_bytes=device_bytes or None,
        shapes=str(entry.input_shapes) if shapes else "",
    )


def _first(entry: Any, *names: str) -> Any:
    return next((value for name in names if (value := getattr(entry, name, None)) is not None), None)


def _sum(one: Operator, other: Operator) -> Operator:
    def both(left: Any, right: Any) -> Any:
        return right if left is None else left if right is None else left + right

    return one._replace(
        calls=one.calls + other.calls,
        self_cpu_s=one.self_cpu_s + other.self_cpu_s,
        self_device_s=both(one.self_device_s, other.self_device_s),
        cpu_bytes=both(one.cpu_bytes, other.cpu_bytes),
        device_bytes=both(one.device_bytes, other.device_bytes),
    )


def _cost(operator: Operator) -> float:
    return max(operator.self_cpu_s, operator.self_device_s or 0.0)
