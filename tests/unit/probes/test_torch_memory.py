"""GPU memory at boundaries, with torch replaced at its one adapter."""

from __future__ import annotations

import sys
import types
from itertools import pairwise

import pytest

from engine.model import DeviceMemory
from engine.probes.boundary import BoundaryReader
from engine.probes.process import ProcessReading
from engine.probes.process_portable import PortableProcess
from engine.probes.select import open_probes
from engine.probes.torch_backend import CudaBackend, XpuBackend, find_backend
from engine.probes.torch_memory import HostUsage, TorchMemory, TorchSampler
from tests.unit.probes.fake_torch import FakeBackend, gpu

GB = 10**9
MIB = 2**20


class CountingProcess(PortableProcess):
    """Every reading tells which one it is."""

    count = 0

    def read(self) -> ProcessReading:
        self.count += 1
        return ProcessReading(self.count, self.count, self.count, self.count, self.count)


def peak(memory: TorchMemory, index: int = 0) -> int | None:
    return memory.read()[index].peak_bytes


def test_allocate_free_allocate_gives_each_node_its_own_peak() -> None:
    backend = FakeBackend([gpu(0)])
    memory = TorchMemory(backend)
    backend.gpus[0].allocate(2 * GB)
    memory.read()
    backend.gpus[0].allocate(1 * GB)
    backend.gpus[0].free(1 * GB)
    assert memory.read() == (DeviceMemory("cuda:0", 2 * GB, 3 * GB),)
    assert memory.read() == (DeviceMemory("cuda:0", 2 * GB, 2 * GB),)


def test_a_foreign_reset_loses_no_peak_that_was_sampled() -> None:
    backend = FakeBackend([gpu(0)])
    memory = TorchMemory(backend)
    memory.read()
    backend.gpus[0].allocate(5 * GB)
    backend.gpus[0].free(5 * GB)
    assert memory.observe()[0][2] == 0
    backend.reset_peak(0)  # another pack
    backend.gpus[0].allocate(1 * GB)
    assert peak(memory) == 5 * GB
    assert "another node reset the peak 1 times" in (memory.metrics[1].method or "")
    assert peak(memory) == 1 * GB


def test_a_reading_that_a_boundary_cuts_into_belongs_to_nobody() -> None:
    """The monitor thread reads the old node's peak, then a boundary comes: the new node has another."""
    backend = FakeBackend([gpu(0)])
    memory = TorchMemory(backend)
    backend.gpus[0].allocate(4 * GB)
    backend.gpus[0].free(4 * GB)

    def boundary_in_between() -> float:
        return 0.0 if memory.read() else 1.0

    assert memory.observe(boundary_in_between) == []
    assert peak(memory) == 0
    assert "another node" not in (memory.metrics[1].method or "")


@pytest.mark.parametrize(
    ("allocator", "has_segments"), [("native", True), ("native", False), ("cudaMallocAsync", True)]
)
def test_dynamic_vram_is_added_once(allocator: str, has_segments: bool) -> None:
    """The host's counter holds what torch took from the driver: segments, or none of them, or each tensor."""
    backend = FakeBackend([gpu(0)], allocator=allocator)
    weights = 6 * GB

    def usage(index: int) -> int:
        device = backend.gpus[index]
        segments = device.reserved if has_segments else 0
        return weights + (device.allocated if allocator == "cudaMallocAsync" else segments)

    memory = TorchMemory(backend, HostUsage(usage, has_segments))
    backend.gpus[0].allocate(3 * GB)
    backend.gpus[0].free(2 * GB)
    assert memory.read() == (DeviceMemory("cuda:0", 7 * GB, 9 * GB),)
    assert memory.observe()[0][2] == 7 * GB
    assert "dynamic VRAM" in (memory.metrics[0].method or "")


def test_devices_without_a_context_are_left_alone() -> None:
    backend = FakeBackend([gpu(0), gpu(1)])
    backend.gpus[1].in_use = False
    memory = TorchMemory(backend)
    memory.synchronize()
    memory.mark()
    assert [found.device for found in memory.read()] == ["cuda:0"]
    assert [key for key, _t, _used in memory.observe()] == ["cuda:0"]
    assert {index for _name, index in backend.log} == {0}
    backend.gpus[1].in_use = True
    assert [found.device for found in memory.read()] == ["cuda:0", "cuda:1"]


def test_no_peaks_are_not_zero_peaks() -> None:
    backend = FakeBackend([gpu(0)], kind="mps", label="MPS", has_peaks=False)
    memory = TorchMemory(backend)
    backend.gpus[0].allocate(1 * GB)
    assert memory.read() == (DeviceMemory("mps:0", 1 * GB, None),)
    assert ("reset_peak", 0) not in backend.log
    assert (memory.metrics[1].method or "").startswith("sampled")


def test_a_broken_device_becomes_a_reason() -> None:
    backend = FakeBackend([gpu(0)])
    memory = TorchMemory(backend)
    backend.broken = True
    memory.synchronize()
    assert memory.read() == ()
    assert list(TorchSampler(memory).read()) == []
    assert all("illegal memory access" in (metric.reason or "") for metric in memory.metrics)


def test_precise_waits_for_every_device_and_stamps_after_the_wait() -> None:
    backend = FakeBackend([gpu(0), gpu(1)])
    reader = BoundaryReader(PortableProcess(), TorchMemory(backend), backend.clock)
    backend.gpus[0].queued_s, backend.gpus[1].queued_s = 0.3, 0.2
    boundary = reader.read(sync=True)
    assert boundary.t_s == pytest.approx(0.5)
    assert boundary.sync_s == pytest.approx(0.5)
    assert [found.device for found in boundary.vram] == ["cuda:0", "cuda:1"]
    backend.gpus[0].queued_s = 9.0
    assert reader.read(sync=False).sync_s == 0.0


def test_marks_give_the_span_of_the_gpu_without_waiting() -> None:
    backend = FakeBackend([gpu(0)])
    memory = TorchMemory(backend)
    backend.gpus[0].queued_s = 1.0  # work of an earlier node
    start = memory.mark()
    backend.gpus[0].queued_s += 2.5
    end = memory.mark()
    assert start is not None
    assert end is not None
    assert memory.gpu_times_s(start, end) == {"cuda:0": pytest.approx(2.5)}
    assert ("synchronize", 0) not in backend.log


def test_marks_that_cannot_be_read_are_said_once(caplog: pytest.LogCaptureFixture) -> None:
    """After a kernel's error every mark of the device fails, and a run has thousands."""
    backend = FakeBackend([gpu(0)])
    memory = TorchMemory(backend)
    marks = [mark for _ in range(4) if (mark := memory.mark()) is not None]
    backend.broken = True
    assert [memory.gpu_times_s(start, end) for start, end in pairwise(marks)] == [{}, {}, {}]
    assert len(caplog.records) == 1


def test_a_host_without_a_gpu_is_not_given_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch with CUDA that nobody initialised (``--cpu``) stays uninitialised."""
    torch = types.ModuleType("torch")
    torch.cuda = types.SimpleNamespace(is_initialized=lambda: False)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch", torch)
    assert find_backend() is None
    probes = open_probes()
    assert (probes.devices, probes.memory) == ((), None)
    reasons = {metric.name: metric.reason for metric in probes.metrics()}
    assert reasons["vram_bytes"] == reasons["gpu_load_percent"] == "this ComfyUI computes without a GPU"
    assert reasons["ram_bytes"] is None


def test_an_accelerator_without_an_adapter_is_not_called_a_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", types.ModuleType("torch"))
    monkeypatch.setitem(sys.modules, "torch_directml", types.ModuleType("torch_directml"))
    reasons = {metric.name: metric.reason for metric in open_probes().metrics()}
    assert "DirectML" in (reasons["vram_bytes"] or "")


def test_apples_memory_is_read_without_peaks(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = types.ModuleType("torch")
    torch.cuda = types.SimpleNamespace(is_initialized=lambda: False)  # type: ignore[attr-defined]
    torch.backends = types.SimpleNamespace(  # type: ignore[attr-defined]
        mps=types.SimpleNamespace(is_available=lambda: True)
    )
    held = [0]  # as long as nobody computes on it, which a host started with --cpu never does
    torch.mps = types.SimpleNamespace(  # type: ignore[attr-defined]
        current_allocated_memory=lambda: 2 * GB,
        driver_allocated_memory=lambda: held[0],
        recommended_max_memory=lambda: 12 * GB,
        synchronize=lambda: None,
    )
    monkeypatch.setitem(sys.modules, "torch", torch)
    probes = open_probes()
    assert probes.devices[0].memory_total_bytes == 12 * GB
    assert probes.boundary.read(sync=True).vram == ()
    held[0] = 3 * GB
    assert probes.boundary.read(sync=True).vram == (DeviceMemory("mps:0", 2 * GB, None),)
    assert probes.memory is not None
    assert probes.memory.mark() is None
    reasons = {(m.name, m.device): m.reason for m in probes.metrics()}
    assert "MPS" in (reasons["gpu_load_percent", "mps:0"] or "")


def test_an_xpu_that_tells_no_memory_is_a_reason_and_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch before 2.6 has torch.xpu without any figure of its allocator."""
    properties = types.SimpleNamespace(name="Intel Test", total_memory=8 * GB)
    torch = types.ModuleType("torch")
    torch.cuda = types.SimpleNamespace(is_initialized=lambda: False)  # type: ignore[attr-defined]
    torch.xpu = types.SimpleNamespace(  # type: ignore[attr-defined]
        is_initialized=lambda: True,
        device_count=lambda: 2,
        current_device=lambda: 0,
        get_device_properties=lambda index: properties,
        synchronize=lambda index: None,
    )
    torch._C = types.SimpleNamespace()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch", torch)
    assert isinstance(find_backend(), XpuBackend)
    probes = open_probes()
    assert probes.boundary.read(sync=True).vram == ()
    assert [s for probe in probes.sampled for s in probe.read() if s.device] == []
    reasons = {(m.name, m.device): m.reason or "" for m in probes.metrics()}
    assert "torch.xpu.memory_allocated" in reasons["vram_bytes", "xpu:0"]


def test_the_cuda_adapter_reads_what_torch_says() -> None:
    properties = types.SimpleNamespace(
        name="NVIDIA Test", total_memory=8 * GB, uuid="ABC-1", pci_domain_id=0, pci_bus_id=59, pci_device_id=0
    )
    stats = {"allocated_bytes": {"all": {"current": 1, "peak": 3}}, "reserved_bytes": {"all": {"current": 2}}}
    torch = types.ModuleType("torch")
    torch.cuda = types.SimpleNamespace(  # type: ignore[attr-defined]
        get_device_properties=lambda index: properties, mem_get_info=lambda index: (3 * GB, 8 * GB)
    )
    torch.version = types.SimpleNamespace(hip=None)  # type: ignore[attr-defined]
    torch._C = types.SimpleNamespace(  # type: ignore[attr-defined]
        _cuda_memoryStats=lambda index: stats, _cuda_hasPrimaryContext=lambda index: index == 0
    )
    backend = CudaBackend(torch)
    device = backend.device(0)
    assert (device.uuid, device.pci_bus_id, device.memory_total_bytes) == ("abc-1", "0000:3b:00.0", 8 * GB)
    found = backend.memory(0)
    assert (found.allocated_bytes, found.reserved_bytes, found.peak_bytes) == (1, 2, 3)
    assert (backend.in_use(0), backend.in_use(1)) == (True, False)
    assert backend.device_used(0) == 5 * GB
    assert backend.label == "CUDA"


def test_a_short_node_has_gpu_memory_of_its_own_and_the_last_readings_ram() -> None:
    backend = FakeBackend([gpu(0)])
    reader = BoundaryReader(CountingProcess(), TorchMemory(backend), backend.clock)
    first = reader.read(sync=False, entering=True)
    backend.gpus[0].allocate(50 * MIB)
    left = reader.read(sync=False)
    entered = reader.read(sync=False, entering=True)
    backend.clock.advance(0.003)
    long_left = reader.read(sync=False)
    backend.clock.advance(0.011)
    entered_late = reader.read(sync=False, entering=True)
    boundaries = (first, left, entered, long_left, entered_late)
    assert [b.vram[0].used_bytes // MIB for b in boundaries] == [0, 50, 50, 50, 50]
    assert [b.read_bytes for b in boundaries] == [1, 1, 1, 2, 3]
    assert [b.ram_peak_bytes for b in boundaries] == [1, None, None, 2, 3]
