"""The one seam to torch: what the profiler asks an accelerator backend, and nothing more.

torch is never imported here: a host that computes with torch has it in ``sys.modules``.
No call creates a device context: everything but :meth:`TorchBackend.is_initialized` is
asked only once the host has initialised the backend itself.
"""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Protocol

log = logging.getLogger("holaf.profiler")


@dataclass(frozen=True, slots=True)
class TorchDevice:
    """What torch says about one device. ``uuid`` without the ``GPU-`` prefix, lower case."""

    index: int
    name: str
    memory_total_bytes: int | None
    uuid: str | None = None
    pci_bus_id: str | None = None


@dataclass(frozen=True, slots=True)
class AllocatorStats:
    """Bytes of torch's allocator on one device.

    ``allocated_bytes`` are in live tensors, ``reserved_bytes`` are held from the driver;
    ``peak_bytes`` is the highest ``allocated_bytes`` since the last reset, ``None`` where
    the allocator keeps no peak.
    """

    allocated_bytes: int
    reserved_bytes: int
    peak_bytes: int | None


class TorchBackend(Protocol):
    """One accelerator API of torch. Raises only ``RuntimeError``."""

    kind: str
    """``cuda``, ``xpu`` or ``mps``: the prefix of device keys."""
    label: str
    """What a user calls it: ``CUDA``, ``ROCm``, ``XPU``, ``MPS``."""
    has_peaks: bool

    def is_initialized(self) -> bool: ...
    def device_count(self) -> int: ...
    def device(self, index: int) -> TorchDevice: ...
    def current_device(self) -> int: ...
    def allocator_backend(self) -> str: ...

    def in_use(self, index: int) -> bool:
        """Whether this process has work or memory on the device already."""

    def memory(self, index: int) -> AllocatorStats: ...

    def device_used(self, index: int) -> int | None:
        """Bytes that all programs hold on the device; ``None`` where torch does not say."""

    def reset_peak(self, index: int) -> None: ...
    def synchronize(self, index: int) -> None: ...

    def record_event(self, index: int) -> object | None:
        """A timing mark on the device's current stream; ``None`` where there is none."""

    def elapsed_s(self, start: object, end: object) -> float:
        """GPU seconds between two marks of one device; waits for the later one."""


class CudaBackend:
    """``torch.cuda``: NVIDIA, and AMD under ROCm, which has the same names."""

    kind = "cuda"
    has_peaks = True

    def __init__(self, torch: ModuleType) -> None:
        self._torch: Any = torch
        self._cuda: Any = torch.cuda
        native: Any = torch._C
        # The public memory_stats() flattens and sorts the dictionary (34 us); this is what it calls.
        self._stats: Any = getattr(native, "_cuda_memoryStats", None)
        self._has_context: Any = getattr(native, "_cuda_hasPrimaryContext", None)
        self.label = "ROCm" if getattr(torch.version, "hip", None) else "CUDA"

    def is_initialized(self) -> bool:
        return bool(self._cuda.is_initialized())

    def device_count(self) -> int:
        return int(self._cuda.device_count())

    def device(self, index: int) -> TorchDevice:
        found = self._cuda.get_device_properties(index)
        uuid = getattr(found, "uuid", None)
        return TorchDevice(
            index=index,
            name=str(found.name),
            memory_total_bytes=int(found.total_memory),
            uuid=str(uuid).lower().removeprefix("gpu-") if uuid is not None else None,
            pci_bus_id=_pci_bus_id(found),
        )

    def current_device(self) -> int:
        return int(self._cuda.current_device())

    def allocator_backend(self) -> str:
        ask = getattr(self._cuda, "get_allocator_backend", None)
        return str(ask()) if ask is not None else "native"

    def in_use(self, index: int) -> bool:
        if self._has_context is not None:
            return bool(self._has_context(index))
        return index == self.current_device() or self._ask("memory_reserved", index) > 0

    def memory(self, index: int) -> AllocatorStats:
        if self._stats is not None:
            stats = self._stats(index)
            allocated = stats["allocated_bytes"]["all"]
            reserved = stats["reserved_bytes"]["all"]
            return AllocatorStats(allocated["current"], reserved["current"], allocated["peak"])
        return AllocatorStats(
            self._ask("memory_allocated", index),
            self._ask("memory_reserved", index),
            self._ask("max_memory_allocated", index),
        )

    def _ask(self, function: str, index: int) -> int:
        ask = getattr(self._cuda, function, None)
        if ask is None:
            raise RuntimeError(f"this torch version has no torch.{self.kind}.{function}")
        return int(ask(index))

    def device_used(self, index: int) -> int | None:
        ask = getattr(self._cuda, "mem_get_info", None)
        if ask is None:
            return None
        free, total = ask(index)
        return int(total) - int(free)

    def reset_peak(self, index: int) -> None:
        self._cuda.reset_peak_memory_stats(index)

    def synchronize(self, index: int) -> None:
        self._cuda.synchronize(index)

    def record_event(self, index: int) -> object | None:
        event = self._cuda.Event(enable_timing=True)
        event.record(self._cuda.current_stream(index))
        return event  # type: ignore[no-any-return] # torch is untyped here

    def elapsed_s(self, start: object, end: object) -> float:
        first: Any = start
        last: Any = end
        first.synchronize()  # the current stream may have changed in between
        last.synchronize()
        return float(first.elapsed_time(last)) / 1000.0


def _pci_bus_id(properties: Any) -> str | None:
    """``0000:3b:00.0`` from the properties that newer torch versions carry."""
    bus = getattr(properties, "pci_bus_id", None)
    device = getattr(properties, "pci_device_id", None)
    if bus is None or device is None:
        return None
    return f"{int(getattr(properties, 'pci_domain_id', 0) or 0):04x}:{int(bus):02x}:{int(device):02x}.0"


class XpuBackend(CudaBackend):
    """``torch.xpu``: Intel. The same names but for what is missing in older versions."""

    kind = "xpu"

    def __init__(self, torch: ModuleType) -> None:
        self._torch = torch
        self._cuda = torch.xpu
        self._stats = getattr(torch._C, "_xpu_memoryStats", None)
        self._has_context = None
        self.label = "XPU"

    def allocator_backend(self) -> str:
        return "native"


class MpsBackend:
    """``torch.mps``: Apple. One device, no peaks, no marks that are worth their cost."""

    kind = "mps"
    label = "MPS"
    has_peaks = False

    def __init__(self, torch: ModuleType) -> None:
        self._mps: Any = torch.mps

    def is_initialized(self) -> bool:
        return True

    def device_count(self) -> int:
        return 1

    def device(self, index: int) -> TorchDevice:
        ask = getattr(self._mps, "recommended_max_memory", None)
        return TorchDevice(index, "Apple GPU", int(ask()) if ask is not None else None)

    def current_device(self) -> int:
        return 0

    def allocator_backend(self) -> str:
        return "mps"

    def in_use(self, index: int) -> bool:
        # A host started with --cpu leaves it alone, and no call says so.
        return int(self._mps.driver_allocated_memory()) > 0

    def memory(self, index: int) -> AllocatorStats:
        return AllocatorStats(
            int(self._mps.current_allocated_memory()), int(self._mps.driver_allocated_memory()), None
        )

    def device_used(self, index: int) -> int | None:
        return None

    def reset_peak(self, index: int) -> None:
        """There is none."""

    def synchronize(self, index: int) -> None:
        self._mps.synchronize()

    def record_event(self, index: int) -> object | None:
        return None

    def elapsed_s(self, start: object, end: object) -> float:
        raise RuntimeError("MPS has no timing marks here")


def unsupported_accelerator() -> str | None:
    """What the host computes on if it is an accelerator that this file has no backend for."""
    if "torch_directml" in sys.modules:  # the host loads it only to use it
        return "DirectML"
    torch = sys.modules.get("torch")
    for name, label in (("npu", "Ascend NPU"), ("mlu", "Cambricon MLU")):
        ask = getattr(getattr(torch, name, None), "is_available", None)
        if ask is not None and ask():
            return label
    return None


def find_backend() -> TorchBackend | None:
    """The backend that the host's torch has initialised, or ``None``.

    Looks only at a torch that is loaded already; initialises nothing.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        return None
    try:
        cuda = getattr(torch, "cuda", None)
        if cuda is not None and cuda.is_initialized():
            return CudaBackend(torch)
        xpu = getattr(torch, "xpu", None)
        if xpu is not None and hasattr(xpu, "is_initialized") and xpu.is_initialized():
            return XpuBackend(torch)
        mps = getattr(getattr(torch, "backends", None), "mps", None)
        if mps is not None and mps.is_available() and hasattr(torch, "mps"):
            return MpsBackend(torch)
    except (AttributeError, RuntimeError) as error:
        log.warning("Profiler: torch does not say which accelerator it uses (%s); GPU memory is n/a.", error)
    return None
