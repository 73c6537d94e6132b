"""Opens every probe that works on this machine and says what is missing, once.

The only place that knows all probes. Reads nothing itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from ..clock import Clock, now
from ..model import Device, Metric
from .base import SampledProbe
from .boundary import BoundaryReader
from .process import ProcessSampler, open_process
from .system import MachineSampler
from .torch_backend import find_backend
from .torch_memory import HostUsage, TorchMemory, TorchSampler

log = logging.getLogger("holaf.profiler")

NO_GPU = "this ComfyUI computes without a GPU"

_said: set[str] = set()


@dataclass(frozen=True, slots=True)
class Probes:
    """What there is to read in one run.

    ``sampled`` goes to the :class:`~engine.sampler.Sampler`, which closes it. ``memory`` is
    ``None`` without an accelerator. ``fixed`` are metrics that nobody measures.
    """

    boundary: BoundaryReader
    sampled: tuple[SampledProbe, ...]
    devices: tuple[Device, ...]
    memory: TorchMemory | None
    fixed: tuple[Metric, ...]

    def metrics(self, sampler_metrics: tuple[Metric, ...] = ()) -> tuple[Metric, ...]:
        """How every quantity was measured, one entry a name and device.

        Ask at the end of a run, with the sampler's own ``metrics``: a GPU can be lost on the
        way. Where two sources offer one quantity, the one that worked stands.
        """
        found: dict[tuple[str, str | None], Metric] = {}
        sampled = sampler_metrics or tuple(m for probe in self.sampled for m in probe.metrics)
        for metric in (*self.boundary.metrics, *sampled, *self.fixed):
            key = (metric.name, metric.device)
            if key not in found or (found[key].method is None and metric.method is not None):
                found[key] = metric
        return tuple(found.values())


def open_memory(host_usage: HostUsage | None = None) -> TorchMemory | None:
    """GPU memory through the host's torch, or ``None`` where torch uses no accelerator."""
    backend = find_backend()
    if backend is None:
        return None
    try:
        return TorchMemory(backend, host_usage)
    except RuntimeError as error:
        _say_once(f"torch does not describe its devices ({error}); GPU memory is n/a")
        return None


def open_probes(
    *,
    host_usage: HostUsage | None = None,
    open_memory: Callable[[HostUsage | None], TorchMemory | None] = open_memory,
    clock: Clock = now,
) -> Probes:
    """Everything that works here. Never raises for hardware or libraries that are missing.

    ``host_usage`` tells the bytes of the host's own GPU allocator, if it has one.
    """
    process = open_process()
    memory = open_memory(host_usage)
    boundary = BoundaryReader(process, memory, clock)
    sampled: list[SampledProbe] = [ProcessSampler(process, clock), MachineSampler(clock)]
    fixed: list[Metric] = []
    if memory is not None:
        sampled.append(TorchSampler(memory, clock))
    else:
        fixed += [
            Metric(name=name, unit=unit, reason=NO_GPU)
            for name, unit in (
                ("vram_bytes", "B"),
                ("vram_max", "B"),
                ("device_vram_bytes", "B"),
                ("gpu_load_percent", "%"),
                ("power_watts", "W"),
                ("energy_joules", "J"),
            )
        ]
    devices = memory.devices if memory is not None else ()
    return Probes(boundary, tuple(sampled), devices, memory, tuple(fixed))


def _say_once(text: str) -> None:
    """Log what is missing: once in the life of the process, not once a run."""
    if text not in _said:
        _said.add(text)
        log.info("Profiler: %s.", text)
