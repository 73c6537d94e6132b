"""What NVML tells about the GPUs in use: memory of all programs, load, energy, power.

Three probes with their own pace: memory at the run's interval, load and energy about
once a second. Each quantity of each GPU fails on its own, with its reason.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from ..clock import Clock, now
from ..model import Device, Metric, Sample
from .base import SampledProbe
from .nvml import WHOLE_GPU, WHOLE_LIBRARY, Handle, Nvml, NvmlError

log = logging.getLogger("holaf.profiler")

T = TypeVar("T")

ENERGY_PERIOD_S = 1.0
"""The counter refreshes every 10 to 100 ms and loses energy when it is read faster than that."""
TRIES = 5
"""How often in a row an error that may pass is put up with."""


@dataclass(slots=True)
class NvmlGpu:
    """One GPU that is watched, and what of it can no longer be read.

    ``lost`` maps a quantity to the reason why it is missing; the key ``""`` stands for all.
    """

    device: Device
    handle: Handle
    is_slice: bool = False
    lost: dict[str, str] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)

    def reason(self, metric: str) -> str | None:
        """Why ``metric`` is missing, or ``None``."""
        return self.lost.get("") or self.lost.get(metric)

    def failed(self, metric: str, error: NvmlError) -> None:
        """Note an error; after a lasting one, or several in a row, the quantity is given up."""
        count = self.failures[metric] = self.failures.get(metric, 0) + 1
        if not error.is_lasting and count < TRIES:
            return
        everything = error.code in WHOLE_GPU or error.code in WHOLE_LIBRARY
        name = "" if everything else metric
        if name not in self.lost:
            self.lost[name] = error.reason
            what = "everything" if everything else metric
            log.info("Profiler: %s of %s is n/a: %s.", what, self.device.key, error.reason)

    def ask(self, metric: str, question: Callable[[], T]) -> T | None:
        """What the driver answers; ``None`` where it does not, or did not before."""
        if self.reason(metric) is not None:
            return None
        try:
            answer = question()
        except NvmlError as error:
            self.failed(metric, error)
            return None
        self.failures.pop(metric, None)
        return answer

    def metric(self, name: str, unit: str, method: str) -> Metric:
        """The quantity's method, or the reason why it is missing."""
        return Metric.unless(self.reason(name), name, unit, method, self.device.key)


class NvmlProbe(SampledProbe):
    """A source of numbers about ``gpus``. The library stays open for the next run."""

    def __init__(self, nvml: Nvml, gpus: tuple[NvmlGpu, ...], clock: Clock = now) -> None:
        self._nvml = nvml
        self._gpus = gpus
        self._clock = clock


class NvmlMemory(NvmlProbe):
    """``device_vram_bytes``: what all programs together hold on each GPU."""

    name = "NVML memory"
    period_s: float | None = None

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """One entry a GPU."""
        method = "memory in use by all programs on the GPU, from the driver (NVML), sampled"
        return tuple(gpu.metric("device_vram_bytes", "B", method) for gpu in self._gpus)

    def read(self) -> Iterable[Sample]:
        """Use now."""
        found = []
        for gpu in self._gpus:
            t_s = self._clock()
            memory = gpu.ask("device_vram_bytes", partial(self._nvml.memory, gpu.handle))
            if memory is not None:
                found.append(Sample("device_vram_bytes", t_s, float(memory[0]), gpu.device.key))
        return found


class NvmlEnergy(NvmlProbe):
    """``energy_joules`` (counter) and ``power_watts``, at most once a second.

    Where there is a counter, power is the energy between two readings over their distance;
    no separate power call is made, because on some GPUs that stalls a core for milliseconds.
    """

    name = "NVML energy"
    period_s: float | None = ENERGY_PERIOD_S

    def __init__(self, nvml: Nvml, gpus: tuple[NvmlGpu, ...], clock: Clock = now) -> None:
        super().__init__(nvml, gpus, clock)
        self._before: dict[str, tuple[float, float]] = {}

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Two entries a GPU."""
        found = []
        for gpu in self._gpus:
            no_counter = gpu.lost.get("energy_joules")
            found.append(gpu.metric("power_watts", "W", self._power_method(no_counter)))
            energy = gpu.metric("energy_joules", "J", "energy counter of the GPU (NVML), read once a second")
            by_power = no_counter is not None and gpu.reason("power_watts") is None
            if by_power:
                energy = Metric(
                    name="energy_joules",
                    unit="J",
                    method=f"power times time, because of the energy counter: {no_counter}",
                    device=gpu.device.key,
                )
            found.append(energy)
        return tuple(found)

    @staticmethod
    def _power_method(no_counter: str | None) -> str:
        if no_counter is None:
            return "energy counter over time, averages of about a second"
        return "power draw of the GPU (NVML), read once a second"

    def read(self) -> Iterable[Sample]:
        """Counter and power now."""
        found: list[Sample] = []
        for gpu in self._gpus:
            if gpu.reason("energy_joules") is None:
                found += self._counter(gpu)
            elif gpu.reason("power_watts") is None:
                found += self._power(gpu)
        return found

    def _counter(self, gpu: NvmlGpu) -> list[Sample]:
        key = gpu.device.key
        t_s = self._clock()
        question = partial(self._nvml.ask, "nvmlDeviceGetTotalEnergyConsumption", gpu.handle)
        millijoules = gpu.ask("energy_joules", question)
        if millijoules is None:
            return []
        joules = millijoules / 1000.0
        found = [Sample("energy_joules", t_s, joules, key)]
        before = self._before.get(key)
        if before is None:
            self._before[key] = (t_s, joules)
        elif t_s - before[0] >= ENERGY_PERIOD_S / 2:
            found.append(Sample("power_watts", t_s, (joules - before[1]) / (t_s - before[0]), key, before[0]))
            self._before[key] = (t_s, joules)
        return found

    def _power(self, gpu: NvmlGpu) -> list[Sample]:
        t_s = self._clock()
        milliwatts = gpu.ask("power_watts", partial(self._nvml.ask, "nvmlDeviceGetPowerUsage", gpu.handle))
        return [] if milliwatts is None else [Sample("power_watts", t_s, milliwatts / 1000.0, gpu.device.key)]
