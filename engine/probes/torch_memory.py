"""This process's GPU memory, device by device: use, exact peaks, waiting for the GPU.

Two allocators share the memory: torch's, which keeps a peak, and the host's own for
model weights ("dynamic VRAM"), which does not. Never allocates, never creates a device
context, never imports torch: it talks to a :class:`~engine.probes.torch_backend.TorchBackend`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..clock import Clock, now
from ..model import Device, DeviceMemory, Metric, Sample
from .base import SampledProbe
from .torch_backend import AllocatorStats, TorchBackend

log = logging.getLogger("holaf.profiler")

ASYNC_ALLOCATOR = "cudaMallocAsync"


@dataclass(frozen=True, slots=True)
class HostUsage:
    """The counter of the host's own GPU allocator.

    ``bytes_on``: device index -> bytes. What torch's asynchronous allocator takes is always among
    them; ``has_segments`` says whether the segments of its native one are as well.
    """

    bytes_on: Callable[[int], int]
    has_segments: bool = True


@dataclass(frozen=True, slots=True)
class GpuMark:
    """A place in the GPU's work queue, one event a device in use."""

    events: tuple[tuple[str, object], ...]


class TorchMemory:
    """Reads and resets allocator statistics of every device this process uses.

    :meth:`read` belongs to the executor's thread and starts new peaks; :meth:`observe`
    belongs to the monitor thread. Another node may reset torch's peaks in between; the
    highest value that either thread saw is kept, so only a peak between two samples and
    before such a reset can be lost, and then the metric says that it happened.

    Dynamic VRAM: the host's counter includes what torch takes from the driver, so torch's
    share is taken off and the rest is added to torch's live bytes. Its peak is not kept by
    anybody: the value at the boundary stands in for it.
    """

    def __init__(self, backend: TorchBackend, host_usage: HostUsage | None = None) -> None:
        self._backend = backend
        self._host_usage = host_usage
        self._lock = threading.Lock()
        self._epoch = 0
        self._seen_peak: dict[int, int] = {}
        self._foreign_resets = 0
        self._gone: dict[int, str] = {}
        self._timeless: set[str] = set()
        self._allocator = backend.allocator_backend()
        self._indices = tuple(range(backend.device_count()))
        self._keys = tuple(f"{backend.kind}:{index}" for index in self._indices)
        self._devices = self._describe()

    def _describe(self) -> tuple[Device, ...]:
        primary = self._backend.current_device()
        found = []
        for index, key in zip(self._indices, self._keys, strict=True):
            device = self._backend.device(index)
            found.append(
                Device(
                    key=key,
                    name=device.name,
                    memory_total_bytes=device.memory_total_bytes,
                    uuid=device.uuid,
                    pci_bus_id=device.pci_bus_id,
                    primary=index == primary,
                )
            )
        return tuple(found)

    @property
    def backend(self) -> TorchBackend:
        """The accelerator API underneath."""
        return self._backend

    @property
    def devices(self) -> tuple[Device, ...]:
        """Every device that torch shows to this process, in torch's order."""
        return self._devices

    @property
    def allocator(self) -> str:
        """torch's allocator: ``native``, ``cudaMallocAsync``, ``mps``, ..."""
        return self._allocator

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """``vram_bytes`` (the series) and ``vram_max`` (peaks of nodes), device by device."""
        used = f"live bytes of torch's {self._allocator} allocator"
        if not self._backend.has_peaks:
            peak = f"sampled: {self._backend.label} keeps no peak, so spikes between two samples are missed"
        else:
            peak = f"exact: peak of torch's {self._allocator} allocator, reset at each node boundary"
        if self._host_usage is not None:
            used = f"{used} plus ComfyUI's dynamic VRAM, whose counter rounds allocations up to 2 MiB"
            peak = f"{peak}; plus dynamic VRAM as it stands at the end of the node"
        if self._foreign_resets:
            peak = (
                f"{peak}; another node reset the peak {self._foreign_resets} times, "
                "from there on the highest value seen by sampling counts"
            )
        found = []
        for index, key in zip(self._indices, self._keys, strict=True):
            reason = self._gone.get(index)
            for name, method in (("vram_bytes", used), ("vram_max", peak)):
                found.append(Metric.unless(reason, name, "B", method, key))
        return tuple(found)

    def _outside(self, index: int, stats: AllocatorStats) -> int:
        """Bytes on the device that the host holds outside torch's allocator."""
        if self._host_usage is None:
            return 0
        # The host hooks the driver's allocation calls. The async allocator passes each tensor to
        # the driver, the native one whole segments.
        segments = stats.reserved_bytes if self._host_usage.has_segments else 0
        torch_share = stats.allocated_bytes if self._allocator == ASYNC_ALLOCATOR else segments
        return max(0, self._host_usage.bytes_on(index) - torch_share)

    def _lost(self, index: int, error: Exception) -> None:
        if index not in self._gone:
            self._gone[index] = f"torch stopped answering for this device ({error})"
            log.warning("Profiler: GPU memory of %s is n/a from here on: %s", self._keys[index], error)

    def read(self) -> tuple[DeviceMemory, ...]:
        """Use and peak since the last call of each device in use; starts new peaks."""
        backend = self._backend
        found = []
        with self._lock:
            self._epoch += 1
            seen, self._seen_peak = self._seen_peak, {}
            for index in self._indices:
                if index in self._gone:
                    continue
                try:
                    if not backend.in_use(index):
                        continue
                    stats = backend.memory(index)
                    outside = self._outside(index, stats)
                    if backend.has_peaks:
                        backend.reset_peak(index)
                except RuntimeError as error:
                    self._lost(index, error)
                    continue
                used = stats.allocated_bytes + outside
                peak: int | None = None
                if stats.peak_bytes is not None:
                    highest = stats.peak_bytes
                    if seen.get(index, 0) > highest:
                        # Sampled since our own reset, and higher than what torch now remembers.
                        self._foreign_resets += 1
                        highest = seen[index]
                    peak = max(highest + outside, used)
                found.append(DeviceMemory(self._keys[index], used, peak))
            # A sample that began before the resets above saw the old peak: it must not count.
            self._epoch += 1
        return tuple(found)

    def observe(self, clock: Clock = now) -> list[tuple[str, float, int]]:
        """(device key, clock time, bytes in use) now, from the monitor thread. Resets nothing.

        A reading that a boundary cut into is left out: it would be stamped into one node
        and tell of another.
        """
        backend = self._backend
        found = []
        for index in self._indices:
            if index in self._gone:
                continue
            epoch = self._epoch
            t_s = clock()
            try:
                if not backend.in_use(index):
                    continue
                stats = backend.memory(index)
                outside = self._outside(index, stats)
            except RuntimeError as error:
                self._lost(index, error)
                continue
            with self._lock:
                if epoch != self._epoch:
                    continue
                if stats.peak_bytes is not None:
                    self._seen_peak[index] = max(self._seen_peak.get(index, 0), stats.peak_bytes)
            found.append((self._keys[index], t_s, stats.allocated_bytes + outside))
        return found

    def synchronize(self) -> None:
        """Wait until every device in use has done all work queued so far."""
        for index in self._indices:
            if index in self._gone:
                continue
            try:
                if self._backend.in_use(index):
                    self._backend.synchronize(index)
            except RuntimeError as error:
                # An error of the node's own kernels surfaces at the first wait. It is left for the
                # host to meet at its own next call; swallowing it here loses nothing.
                self._lost(index, error)

    def mark(self) -> GpuMark | None:
        """Put a timing mark into each device's current stream (about 1 us a device).

        ``None`` where the backend has none. Call on the thread whose streams are meant.
        """
        events = []
        for index in self._indices:
            if index in self._gone:
                continue
            try:
                if self._backend.in_use(index):
                    event = self._backend.record_event(index)
                    if event is not None:
                        events.append((self._keys[index], event))
            except RuntimeError as error:
                self._lost(index, error)
        return GpuMark(tuple(events)) if events else None

    def gpu_times_s(self, start: GpuMark, end: GpuMark) -> dict[str, float]:
        """Seconds that each device's stream took from ``start`` to ``end``.

        To be asked when the run has ended, because it waits for ``end``. The span includes
        time in which the GPU had nothing to do. A device with only one of the marks is left out.
        """
        first = dict(start.events)
        found: dict[str, float] = {}
        for key, event in end.events:
            if key not in first or key in self._timeless:
                continue
            try:
                found[key] = self._backend.elapsed_s(first[key], event)
            except RuntimeError as error:
                # After an error of a kernel no mark of the device can be read, however many there are.
                self._timeless.add(key)
                log.warning("Profiler: GPU times on %s are n/a from here on: %s", key, error)
        return found


class TorchSampler(SampledProbe):
    """``vram_bytes`` of each device at the run's sampling interval."""

    name = "torch memory"
    period_s: float | None = None

    def __init__(self, memory: TorchMemory, clock: Clock = now) -> None:
        self._memory = memory
        self._clock = clock

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """``vram_bytes``, device by device."""
        return tuple(metric for metric in self._memory.metrics if metric.name == "vram_bytes")

    def read(self) -> Iterable[Sample]:
        """Use now."""
        seen = self._memory.observe(self._clock)
        return [Sample("vram_bytes", t_s, float(used), key) for key, t_s, used in seen]
