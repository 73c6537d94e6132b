"""Memory of all programs on a GPU, asked through torch: for where the vendor's library is missing."""

from __future__ import annotations

from collections.abc import Iterable

from ..clock import Clock, now
from ..model import Device, Metric, Sample
from .base import SampledProbe
from .torch_backend import TorchBackend

METRIC = "device_vram_bytes"


class TorchDeviceSampler(SampledProbe):
    """``device_vram_bytes`` of ``devices``, twice a second: the call may wait for the driver."""

    name = "torch device memory"
    period_s: float | None = 0.5

    def __init__(self, backend: TorchBackend, devices: tuple[Device, ...], clock: Clock = now) -> None:
        self._backend = backend
        self._devices = devices
        self._clock = clock
        self._lost: dict[str, str] = {}

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """One entry a device."""
        method = "memory in use by all programs on the GPU, asked through torch twice a second"
        return tuple(
            Metric.unless(self._lost.get(device.key), METRIC, "B", method, device.key)
            for device in self._devices
        )

    def read(self) -> Iterable[Sample]:
        """Use now, of the devices on which this process has a context."""
        found = []
        for device in self._devices:
            if device.key in self._lost:
                continue
            index = int(device.key.rpartition(":")[2])
            t_s = self._clock()
            try:
                used = self._backend.device_used(index) if self._backend.in_use(index) else None
            except RuntimeError as error:
                self._lost[device.key] = f"torch stopped answering for this device ({error})"
                continue
            if used is not None:
                found.append(Sample(METRIC, t_s, float(used), device.key))
        return found
