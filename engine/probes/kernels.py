"""Operators of PyTorch while one node runs, through torch.profiler. Only on demand: it slows the node down.

Must be begun and ended on the thread that executes nodes. Never raises for a torch that cannot:
the reason is kept instead. torch keeps every event until it is summed, so a recording ends by itself
once it holds enough; only that thread may end it, so it is looked at whenever a module is called.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import clock
from ..model import Operator

log = logging.getLogger("holaf.profiler")

OPERATORS_MAX = 200
CALLS_MAX = 10_000
SECONDS_MAX = 30.0
"""One recording ends after so many calls of modules, or after so long. With the ten or fifteen events of a
call that is some 150,000 events, which torch takes 10 s and 400 MB to sum."""
RUN_SHARE = 4
"""All recordings of a run together hold at most so many times that."""
_US = 1e-6


@dataclass(slots=True)
class _Recording:
    node_id: str
    profile: Any
    began_s: float
    calls: int = 0
    seconds: float = 0.0
    is_cut: bool = False


class KernelRecorder:
    """Records nodes one after another. ``reason`` says why nothing could be recorded, if so."""

    def __init__(self, *, shapes: bool = False, now: clock.Clock = clock.now) -> None:
        self.reason: str | None = None
        self._shapes = shapes
        self._now = now
        self._thread: int | None = None
        self._watch: Any = None
        self._running: _Recording | None = None
        self._done: dict[str, list[_Recording]] = {}
        self.missed: set[str] = set()
        """The nodes that ran, again or at all, when the run held enough."""

    def begin(self, node_id: str) -> None:
        """Record from now on, for this node, unless the run holds enough."""
        if self._running is not None or self.reason is not None:
            return
        every = [each for recordings in self._done.values() for each in recordings]
        if (
            sum(each.calls for each in every) >= RUN_SHARE * CALLS_MAX
            or sum(each.seconds for each in every) >= RUN_SHARE * SECONDS_MAX
        ):
            self.missed.add(node_id)
            return
        try:
            from torch import profiler

            made = profiler.profile(
                activities=list(profiler.supported_activities()),
                record_shapes=self._shapes,
                profile_memory=True,
            )
            made.start()
            self._watch = _on_module_calls(self._called)
        except Exception as error:  # noqa: BLE001 - whatever torch raises, the run must go on
            self._give_up(error)
            return
        self._thread = threading.get_ident()
        self._running = _Recording(node_id, made, self._now())

    def end(self) -> None:
        """The node that was begun is over."""
        made, self._running = self._running, None
        if made is None:
            return
        made.seconds = self._now() - made.began_s
        try:
            self._watch.remove()
            made.profile.stop()
        except Exception as error:  # noqa: BLE001 - see above
            self._give_up(error)
            return
        if made.seconds > 2 * SECONDS_MAX:
            self.reason = (
                f"Operators inside #{made.node_id} are left out: in {made.seconds:.0f} s it called no module "
                "of PyTorch at which the recording could have ended, so that it grew too large."
            )
            return
        self._done.setdefault(made.node_id, []).append(made)

    def cancel(self) -> None:
        """End a recording that nobody will end, and forget it."""
        if self._running is not None:
            self._running.node_id = ""
        self.end()
        self._done.pop("", None)

    def recorded_s(self, node_id: str) -> float | None:
        """How much of the node was recorded, in seconds, where that is not all of it."""
        recordings = self._done.get(node_id, ())
        if node_id in self.missed or any(each.is_cut for each in recordings):
            return sum(each.seconds for each in recordings)
        return None

    def operators(self, node_id: str) -> tuple[Operator, ...]:
        """The operators of a node, the costliest first; at most :data:`OPERATORS_MAX`. Takes seconds."""
        found: dict[tuple[str, str], Operator] = {}
        for made in self._done.get(node_id, ()):
            for entry in made.profile.key_averages(group_by_input_shape=self._shapes):
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
            self._done[node_id][-1].profile.export_chrome_trace(str(path))
        except Exception as error:
            log.warning("Profiler: the trace of node %s could not be written.", node_id, exc_info=error)
            return False
        return True

    def drop(self) -> None:
        """Give the recordings' memory back."""
        self._done.clear()

    def _called(self) -> None:
        running = self._running
        if running is None or threading.get_ident() != self._thread:
            return
        running.calls += 1
        if running.calls >= CALLS_MAX or self._now() - running.began_s >= SECONDS_MAX:
            running.is_cut = True
            self.end()

    def _give_up(self, error: Exception) -> None:
        self.reason = f"torch.profiler cannot record here ({type(error).__name__}: {error})"
        log.warning("Profiler: %s", self.reason)


def _on_module_calls(called: Callable[[], None]) -> Any:
    """Call ``called`` before each module of torch, on the module's thread; what is answered ends it.

    Not where torch.compile reads the module's code: it would make ``called`` a part of what it compiles.
    """
    import torch

    is_compiling = torch.compiler.is_compiling

    def hook(*_call: Any) -> None:
        if not is_compiling():
            called()

    return torch.nn.modules.module.register_module_forward_pre_hook(hook)


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
        shapes=_shapes(entry.input_shapes) if shapes else "",
    )


def _shapes(shapes: Iterable[Iterable[int]]) -> str:
    return ", ".join("x".join(map(str, shape)) for shape in shapes if shape)


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
