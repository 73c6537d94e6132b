"""Load, power, energy and memory of AMD GPUs, through ``amdsmi`` where ROCm installed it.

The only file that imports ``amdsmi``. Each quantity of each GPU fails on its own, with
its reason; without the library all of them are missing and torch's memory remains.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

from ..clock import Clock, now
from ..model import Device, Metric, Sample
from .base import SampledProbe
from .nvml_devices import plain_pci

log = logging.getLogger("holaf.profiler")

MIB = 1024 * 1024
TRIES = 5

QUANTITIES: dict[str, tuple[str, str]] = {
    "gpu_load_percent": ("%", "graphics activity from amdsmi, once in a quarter second"),
    "device_vram_bytes": ("B", "memory in use by all programs on the GPU, from amdsmi"),
    "power_watts": ("W", "power of the GPU's socket from amdsmi"),
    "energy_joules": ("J", "energy counter of the GPU from amdsmi"),
}


class AmdMissingError(Exception):
    """amdsmi cannot be used; the text says why."""


class AmdSampler(SampledProbe):
    """All four quantities of each matched GPU, four times a second."""

    name = "amdsmi"
    period_s: float | None = 0.25

    def __init__(self, devices: tuple[Device, ...], clock: Clock = now) -> None:
        """Raises :class:`AmdMissingError` where amdsmi is missing or refuses to start."""
        self._clock = clock
        self._devices = devices
        self._smi: Any = _load()
        self._lost: dict[tuple[str, str], str] = {}
        self._failures: dict[tuple[str, str], int] = {}
        self._load_before: dict[str, float] = {}
        try:
            self._handles = self._match(devices)
        except self._smi.AmdSmiException as error:
            raise AmdMissingError(f"amdsmi does not list the GPUs ({error})") from error
        self._ask: dict[str, Callable[[Any], float]] = {
            "gpu_load_percent": lambda h: float(self._smi.amdsmi_get_gpu_activity(h)["gfx_activity"]),
            "device_vram_bytes": lambda h: float(self._smi.amdsmi_get_gpu_vram_usage(h)["vram_used"]) * MIB,
            "power_watts": self._power,
            "energy_joules": self._energy,
        }

    def _match(self, devices: tuple[Device, ...]) -> dict[str, Any]:
        handles = list(self._smi.amdsmi_get_processor_handles())
        by_address = {
            plain_pci(str(self._smi.amdsmi_get_gpu_device_bdf(handle))): handle for handle in handles
        }
        found = {}
        for device in devices:
            handle = by_address.get(plain_pci(device.pci_bus_id)) if device.pci_bus_id else None
            if handle is None and len(handles) == 1 and len(devices) == 1:
                handle = handles[0]
            if handle is None:
                for metric in QUANTITIES:
                    self._lost[device.key, metric] = "amdsmi does not list the GPU that torch uses"
            else:
                found[device.key] = handle
        return found

    def _power(self, handle: Any) -> float:
        answer = self._smi.amdsmi_get_power_info(handle)
        # "N/A" stands where this model has no such sensor.
        known = [answer.get(name) for name in ("current_socket_power", "average_socket_power")]
        return float(next(value for value in [*known, math.nan] if isinstance(value, (int, float))))

    def _energy(self, handle: Any) -> float:
        answer = self._smi.amdsmi_get_energy_count(handle)
        ticks = answer.get("energy_accumulator", answer.get("power"))
        return float(ticks) * float(answer["counter_resolution"]) / 1e6  # microjoules a tick

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Four entries a GPU."""
        return tuple(
            Metric.unless(self._lost.get((device.key, name)), name, unit, method, device.key)
            for device in self._devices
            for name, (unit, method) in QUANTITIES.items()
        )

    def read(self) -> Iterable[Sample]:
        """All quantities that can still be read."""
        found = []
        for key, handle in self._handles.items():
            for name, ask in self._ask.items():
                if (key, name) in self._lost:
                    continue
                t_s = self._clock()
                try:
                    value = ask(handle)
                except (self._smi.AmdSmiException, KeyError, TypeError, ValueError) as error:
                    self._failed(key, name, error)
                    continue
                if math.isnan(value):
                    self._failed(key, name, ValueError("no such sensor"))
                    continue
                self._failures.pop((key, name), None)
                start_s = None
                if name == "gpu_load_percent":
                    start_s = self._load_before.get(key)
                    self._load_before[key] = t_s
                    if start_s is None:
                        continue
                found.append(Sample(name, t_s, value, key, start_s))
        return found

    def _failed(self, key: str, name: str, error: Exception) -> None:
        count = self._failures[key, name] = self._failures.get((key, name), 0) + 1
        if count >= TRIES:
            self._lost[key, name] = f"amdsmi has no answer ({error})"
            log.info("Profiler: %s of %s is n/a: %s.", name, key, self._lost[key, name])


def _load() -> Any:
    try:
        smi: Any = import_module("amdsmi")
    except ImportError as error:
        raise AmdMissingError("the Python package amdsmi (part of ROCm) is not installed") from error
    except (OSError, KeyError, AttributeError) as error:  # it looks for its C library as it is imported
        raise AmdMissingError(f"amdsmi does not load ({error})") from error
    try:
        smi.amdsmi_init()
    except smi.AmdSmiException as error:
        raise AmdMissingError(f"amdsmi does not start ({error})") from error
    return smi
