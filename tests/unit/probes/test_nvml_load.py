"""NVML's buffer of load windows, and polling where it has none."""

from __future__ import annotations

import pytest

from engine.clock import FakeClock
from engine.probes import nvml
from engine.probes.nvml_load import NvmlLoad
from engine.probes.nvml_probes import NvmlGpu
from engine.probes.torch_memory import TorchMemory
from tests.unit.probes.fake_torch import FakeBackend, gpu
from tests.unit.probes.gpus import GB, UUID_A, metric, one_gpu, probes_of, read
from tests.unit.probes.nvml_stub import Stub


@pytest.mark.parametrize(
    ("domain", "base_s"), [("epoch", 1.7e9), ("boot", 90_000.0), ("monotonic", 80_000.0)]
)
def test_buffered_load_is_put_on_our_clock(stub: Stub, domain: str, base_s: float) -> None:
    """Whatever clock the driver stamps by, windows end when they ended and abut each other."""
    stub.add("Test GPU", f"GPU-{UUID_A}", 0x3B, 24 * GB)
    clock = FakeClock(100.0)
    device = TorchMemory(FakeBackend([gpu(0)])).devices[0]
    handle = nvml.open_nvml().gpu(0)
    clocks = {
        "epoch": lambda: clock() + 1.7e9,
        "boot": lambda: clock() + 90_000.0,
        "monotonic": lambda: clock() + 80_000.0,
    }
    load = NvmlLoad(nvml.open_nvml(), (NvmlGpu(device, handle),), clock, lambda: clocks)
    stub.sample(0, base_s + 99.0, 7)  # before the run: not ours
    for tenth, percent in ((2, 10), (4, 50), (6, 90)):
        stub.sample(0, base_s + 100.0 + tenth / 10, percent)
    clock.advance(1.0)
    first = list(load.read())
    stub.sample(0, base_s + 100.8, 30)
    clock.advance(1.0)
    second = list(load.read())
    ends = [(round(s.t_s, 4), s.value) for s in first + second]
    assert ends == [(100.2, 10), (100.4, 50), (100.6, 90), (100.8, 30)]
    starts = [s.start_s for s in first + second]
    assert starts == pytest.approx([100.0, 100.2, 100.4, 100.6], abs=1e-3)


def test_a_hole_in_the_buffer_is_not_a_long_window(stub: Stub) -> None:
    backend = one_gpu(stub)
    handle = nvml.open_nvml().gpu(0)
    device = TorchMemory(backend).devices[0]
    clock = FakeClock()
    load = NvmlLoad(nvml.open_nvml(), (NvmlGpu(device, handle),), clock, lambda: {"boot": clock})
    for stamp in (0.2, 0.4, 0.6, 5.0):
        stub.sample(0, stamp, 50)
    clock.advance(5.0)
    assert list(load.read())[-1].start_s == pytest.approx(4.8)


def test_windows_that_reach_the_buffer_late_are_kept_beside_a_poll(stub: Stub) -> None:
    backend = one_gpu(stub)
    device = TorchMemory(backend).devices[0]
    clock = FakeClock()
    load = NvmlLoad(
        nvml.open_nvml(), (NvmlGpu(device, nvml.open_nvml().gpu(0)),), clock, lambda: {"boot": clock}
    )
    clock.advance(1.0)
    assert [s.t_s for s in load.read()] == [1.0]
    for tenth in (2, 4, 6, 8, 10, 12):
        stub.sample(0, tenth / 10, 50)
    clock.advance(1.0)
    late = list(load.read())
    assert [round(s.t_s, 3) for s in late] == [0.2, 0.4, 0.6, 0.8, 1.0, 1.2]
    assert [s.start_s for s in late] == pytest.approx([0.0, 0.2, 0.4, 0.6, 0.8, 1.0])


def test_a_dry_buffer_is_filled_by_one_poll(stub: Stub) -> None:
    backend = one_gpu(stub)
    backend.clock.advance(10.0)
    stub.util(0, 3)
    probes = probes_of(backend)
    (sample,) = read(probes, "gpu_load_percent")
    assert (sample.value, sample.t_s) == (3, 10.0)
    assert sample.start_s == pytest.approx(10.0 - 1 / 6)
    assert "driver's own samples" in (metric(probes, "gpu_load_percent").method or "")


def test_no_buffer_means_polling_and_says_so(stub: Stub) -> None:
    backend = one_gpu(stub)
    stub.fail("samples", nvml.NOT_SUPPORTED, gpu=0)
    stub.util(0, 80)
    probes = probes_of(backend)
    read(probes)
    backend.clock.advance(1.0)
    assert [s.value for s in read(probes, "gpu_load_percent")] == [80]
    method = metric(probes, "gpu_load_percent").method or ""
    assert "polled" in method
    assert nvml.REASONS[nvml.NOT_SUPPORTED] in method
