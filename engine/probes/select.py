"""Opens every probe that works on this machine and says what is missing, once.

The only place that knows all probes. Reads nothing itself.
"""

from __future__ import annotations

import functools
import logging
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..clock import Clock, now
from ..model import Device, Metric
from .amd import AmdMissingError, AmdSampler
from .base import SampledProbe
from .boundary import BoundaryReader
from .cpu_wait import CpuWait
from .nvml import NvmlError, open_nvml
from .nvml_contention import NvmlContention
from .nvml_devices import UnmatchedError, find_device, list_devices
from .nvml_load import NvmlLoad
from .nvml_probes import NvmlEnergy, NvmlGpu, NvmlMemory
from .process import ProcessProbe, ProcessSampler
from .process_portable import PortableProcess
from .system import MachineSampler
from .torch_backend import find_backend, unsupported_accelerator
from .torch_device import TorchDeviceSampler
from .torch_memory import HostUsage, TorchMemory, TorchSampler

log = logging.getLogger("holaf.profiler")

NO_GPU = "this ComfyUI computes without a GPU"
MEMORY_UNITS = {"vram_bytes": "B", "vram_max": "B"}
DRIVER_UNITS = {
    "device_vram_bytes": "B",
    "gpu_load_percent": "%",
    "gpu_others_percent": "%",
    "gpu_slowed_percent": "%",
    "power_watts": "W",
    "energy_joules": "J",
}

_logged: set[str] = set()


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


@dataclass(slots=True)
class _DriverProbes:
    """What the vendor's library gives. ``missing``: device key -> why it gives nothing."""

    sampled: list[SampledProbe]
    missing: dict[str, str]


@functools.cache
def shared_process() -> ProcessProbe:
    """The reader that all runs use: its files stay open as long as the process lives."""
    return _open_process()


def _open_process() -> ProcessProbe:
    """The best reader for this system."""
    if sys.platform.startswith("linux") and os.path.exists("/proc/self/statm"):
        from .process_linux import LinuxProcess

        return LinuxProcess()
    return PortableProcess()


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
    environ: Mapping[str, str] = os.environ,
    clock: Clock = now,
) -> Probes:
    """Everything that works here. Never raises for hardware or libraries that are missing.

    ``host_usage`` is the counter of the host's own GPU allocator, if it has one.
    """
    process = shared_process()
    memory = open_memory(host_usage)
    boundary = BoundaryReader(process, memory, clock)
    sampled: list[SampledProbe] = [
        ProcessSampler(process, clock),
        MachineSampler(clock),
        CpuWait(clock=clock),
    ]
    if memory is None:
        other = unsupported_accelerator()
        why = NO_GPU if other is None else f"{other} tells nothing about its memory and load"
        fixed = _metrics_without({None: why}, {**MEMORY_UNITS, **DRIVER_UNITS})
        return Probes(boundary, tuple(sampled), (), None, fixed)
    sampled.append(TorchSampler(memory, clock))
    driver = _open_driver(memory, environ, clock)
    sampled += driver.sampled
    bare = tuple(device for device in memory.devices if not _has_device_memory(driver.sampled, device))
    if bare and memory.backend.kind != "mps":
        sampled.append(TorchDeviceSampler(memory.backend, bare, clock))
    _say_missing(driver.missing)
    return Probes(
        boundary, tuple(sampled), memory.devices, memory, _metrics_without(driver.missing, DRIVER_UNITS)
    )


def _open_driver(memory: TorchMemory, environ: Mapping[str, str], clock: Clock) -> _DriverProbes:
    label = memory.backend.label
    if label == "CUDA":
        return _open_nvml(memory.devices, environ, clock)
    if label == "ROCm":
        try:
            return _DriverProbes([AmdSampler(memory.devices, clock)], {})
        except AmdMissingError as error:
            return _DriverProbes([], {device.key: str(error) for device in memory.devices})
    why = f"there is no source for it on {label} devices yet"
    return _DriverProbes([], {device.key: why for device in memory.devices})


def _open_nvml(devices: tuple[Device, ...], environ: Mapping[str, str], clock: Clock) -> _DriverProbes:
    try:
        nvml = open_nvml()
        found = list_devices(nvml)
    except NvmlError as error:
        return _DriverProbes([], {device.key: error.reason for device in devices})
    gpus: list[NvmlGpu] = []
    missing: dict[str, str] = {}

    def watch(position: int, device: Device) -> None:
        try:
            match = find_device(nvml, device, position, found, devices, environ)
        except UnmatchedError as error:
            missing[device.key] = str(error)
        except NvmlError as error:
            missing[device.key] = error.reason
        else:
            gpus.append(NvmlGpu(device, match.handle, match.is_slice))

    for position, device in enumerate(devices):
        watch(position, device)
    if not gpus:
        return _DriverProbes([], missing)
    watched = tuple(gpus)
    memory_probe = NvmlMemory(nvml, watched, clock)
    memory_probe.read()  # finds out which GPUs tell their memory at all
    return _DriverProbes(
        [
            memory_probe,
            NvmlLoad(nvml, watched, clock),
            NvmlEnergy(nvml, watched, clock),
            NvmlContention(nvml, watched, clock),
        ],
        missing,
    )


def _has_device_memory(probes: list[SampledProbe], device: Device) -> bool:
    return any(
        metric.name == "device_vram_bytes" and metric.device == device.key and metric.method is not None
        for probe in probes
        for metric in probe.metrics
    )


def _metrics_without(
    reasons: Mapping[str, str] | Mapping[None, str], units: Mapping[str, str]
) -> tuple[Metric, ...]:
    return tuple(
        Metric(name=name, unit=unit, reason=reason, device=device)
        for device, reason in reasons.items()
        for name, unit in units.items()
    )


def _say_missing(missing: Mapping[str, str]) -> None:
    """One line for all that is missing."""
    if missing:
        by_reason: dict[str, list[str]] = {}
        for device, reason in missing.items():
            by_reason.setdefault(reason, []).append(device)
        parts = [f"{', '.join(devices)}: {reason}" for reason, devices in by_reason.items()]
        _say_once(f"GPU load, power and energy are n/a ({'; '.join(parts)})")


def _say_once(text: str) -> None:
    """Log what is missing: once in the life of the process, not once a run."""
    if text not in _logged:
        _logged.add(text)
        log.info("Profiler: %s.", text)
