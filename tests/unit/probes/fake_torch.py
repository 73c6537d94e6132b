"""A torch backend without hardware, behind the one adapter that the probes talk to."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.clock import FakeClock
from engine.probes.torch_backend import AllocatorStats, TorchDevice


@dataclass
class FakeGpu:
    """An allocator with live, reserved and peak bytes, and a queue of work in seconds."""

    device: TorchDevice
    in_use: bool = True
    allocated: int = 0
    reserved: int = 0
    peak: int = 0
    queued_s: float = 0.0
    device_used: int | None = None

    def allocate(self, count: int) -> None:
        self.allocated += count
        self.reserved = max(self.reserved, self.allocated)
        self.peak = max(self.peak, self.allocated)

    def free(self, count: int) -> None:
        self.allocated -= count


@dataclass
class FakeBackend:
    """Counts its calls in ``log``; raises ``RuntimeError`` while ``broken``."""

    gpus: list[FakeGpu]
    clock: FakeClock = field(default_factory=FakeClock)
    kind: str = "cuda"
    label: str = "CUDA"
    has_peaks: bool = True
    allocator: str = "native"
    broken: bool = False
    log: list[tuple[str, int]] = field(default_factory=list)

    def is_initialized(self) -> bool:
        return True

    def device_count(self) -> int:
        return len(self.gpus)

    def device(self, index: int) -> TorchDevice:
        return self.gpus[index].device

    def current_device(self) -> int:
        return 0

    def allocator_backend(self) -> str:
        return self.allocator

    def in_use(self, index: int) -> bool:
        return self.gpus[index].in_use

    def _call(self, name: str, index: int) -> FakeGpu:
        gpu = self.gpus[index]
        assert gpu.in_use, f"{name} would create a context on device {index}"
        self.log.append((name, index))
        if self.broken:
            raise RuntimeError("CUDA error: an illegal memory access was encountered")
        return gpu

    def memory(self, index: int) -> AllocatorStats:
        gpu = self._call("memory", index)
        return AllocatorStats(gpu.allocated, gpu.reserved, gpu.peak if self.has_peaks else None)

    def device_used(self, index: int) -> int | None:
        return self._call("device_used", index).device_used

    def reset_peak(self, index: int) -> None:
        gpu = self._call("reset_peak", index)
        gpu.peak = gpu.allocated

    def synchronize(self, index: int) -> None:
        gpu = self._call("synchronize", index)
        self.clock.advance(gpu.queued_s)
        gpu.queued_s = 0.0

    def record_event(self, index: int) -> object | None:
        """The time at which the work queued so far will be done."""
        return self.clock() + self._call("record_event", index).queued_s

    def elapsed_s(self, start: object, end: object) -> float:
        assert isinstance(start, float)
        assert isinstance(end, float)
        if self.broken:
            raise RuntimeError("CUDA error: an illegal memory access was encountered")
        return end - start


def gpu(index: int, uuid: str | None = None, bus: int | None = None, name: str = "Test GPU") -> FakeGpu:
    """A 24 GB device."""
    address = None if bus is None else f"0000:{bus:02x}:00.0"
    return FakeGpu(TorchDevice(index, name, 24 * 10**9, uuid, address))
