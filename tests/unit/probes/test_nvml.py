"""NVML through the real binding, over a stub of the driver's library."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

import pytest

from engine.clock import FakeClock
from engine.model import Metric, Sample
from engine.probes import nvml, select
from engine.probes.nvml_load import NvmlLoad
from engine.probes.nvml_probes import NvmlGpu
from engine.probes.select import Probes, open_probes
from engine.probes.torch_memory import TorchMemory
from tests.unit.probes.fake_torch import FakeBackend, FakeGpu, gpu
from tests.unit.probes.nvml_stub import Stub, build, put_under_binding

GB = 10**9
UUID_A = "aaaaaaaa-0000-0000-0000-000000000001"
UUID_B = "bbbbbbbb-0000-0000-0000-000000000002"
DRIVER_METRICS = {"device_vram_bytes", "gpu_load_percent", "power_watts", "energy_joules"}


def one_gpu(stub: Stub) -> FakeBackend:
    stub.add("Test GPU", f"GPU-{UUID_A}", 0x3B, 24 * GB)
    return FakeBackend([gpu(0, UUID_A)])


def probes_of(backend: FakeBackend, environ: dict[str, str] | None = None) -> Probes:
    return open_probes(
        open_memory=lambda usage: TorchMemory(backend, usage), environ=environ or {}, clock=backend.clock
    )


def read(probes: Probes, *metrics: str) -> list[Sample]:
    return [s for probe in probes.sampled for s in probe.read() if s.metric in metrics]


def last(samples: Iterable[Sample]) -> dict[tuple[str, str | None], float]:
    return {(sample.metric, sample.device): sample.value for sample in samples}


def metric(probes: Probes, name: str, device: str = "cuda:0") -> Metric:
    return next(m for m in probes.metrics() if m.name == name and m.device == device)


# ---- memory, energy, power --------------------------------------------------------------------


def test_memory_of_all_programs_without_the_drivers_reserve(stub: Stub) -> None:
    backend = one_gpu(stub)
    stub.memory(0, reserved=1 * GB, free=15 * GB)
    assert last(read(probes_of(backend), "device_vram_bytes")) == {("device_vram_bytes", "cuda:0"): 8 * GB}
    # A driver that knows only the first version of the call counts its reserve as used.
    stub.fail("memory_v2", nvml.FUNCTION_NOT_FOUND, gpu=0)
    assert last(read(probes_of(backend), "device_vram_bytes")) == {("device_vram_bytes", "cuda:0"): 9 * GB}


def test_energy_counter_gives_power_without_a_power_call(stub: Stub) -> None:
    backend = one_gpu(stub)
    stub.energy(0, 1000.0)
    probes = probes_of(backend)
    first = read(probes, "energy_joules", "power_watts")
    backend.clock.advance(2.0)
    stub.energy(0, 1500.0)
    second = read(probes, "energy_joules", "power_watts")
    assert first == [Sample("energy_joules", 0.0, 1000.0, "cuda:0")]
    assert second == [
        Sample("energy_joules", 2.0, 1500.0, "cuda:0"),
        Sample("power_watts", 2.0, 250.0, "cuda:0", 0.0),
    ]
    assert stub.calls("power") == 0


@pytest.mark.parametrize("how", ["code", "missing symbol"])
def test_power_stands_in_for_a_missing_energy_counter(
    how: str, stub: Stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if how == "missing symbol":
        stub = Stub(build(tmp_path, "-DOLD_DRIVER"))
        put_under_binding(monkeypatch, stub)
    backend = one_gpu(stub)
    if how == "code":
        stub.fail("energy", nvml.NOT_SUPPORTED, gpu=0)
    stub.power(0, 180.5)
    probes = probes_of(backend)
    read(probes)
    assert last(read(probes, "energy_joules", "power_watts")) == {("power_watts", "cuda:0"): 180.5}
    assert (metric(probes, "energy_joules").method or "").startswith("power times time")


# ---- load -------------------------------------------------------------------------------------


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


# ---- what can go wrong ------------------------------------------------------------------------


@pytest.mark.parametrize("code", [9, 12, 4, 18, 999])
def test_no_library_leaves_reasons_one_log_line_and_torchs_numbers(
    stub: Stub, code: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(select, "_logged", set())
    backend = one_gpu(stub)
    backend.gpus[0].device_used = 5 * GB
    stub.fail("init", code)
    with caplog.at_level(logging.INFO, "holaf.profiler"):
        for _ in range(2):
            probes = probes_of(backend)
    assert [record.levelno for record in caplog.records] == [logging.INFO]
    expected = nvml.REASONS.get(code, "the NVIDIA driver answered with error 999 (Unknown Error)")
    for name in DRIVER_METRICS - {"device_vram_bytes"}:
        assert metric(probes, name).reason == expected
    assert metric(probes, "device_vram_bytes").method is not None
    assert last(read(probes, "device_vram_bytes")) == {("device_vram_bytes", "cuda:0"): 5 * GB}


REFUSALS = [
    (("samples", "rates"), {"gpu_load_percent"}),
    (("energy", "power"), {"energy_joules", "power_watts"}),
    (("memory", "memory_v2"), {"device_vram_bytes"}),
]


@pytest.mark.parametrize("code", [3, 4, 13, 999])
@pytest.mark.parametrize(("functions", "gone"), REFUSALS)
def test_one_refused_quantity_takes_no_other_with_it(
    stub: Stub, code: int, functions: tuple[str, ...], gone: set[str]
) -> None:
    backend = one_gpu(stub)
    for function in functions:
        stub.fail(function, code, gpu=0)
    probes = probes_of(backend)
    for _ in range(12):
        backend.clock.advance(1.0)
        samples = read(probes, *DRIVER_METRICS)
    assert {s.metric for s in samples} == DRIVER_METRICS - gone
    # Torch answers for the device's memory as well, but only once NVML has refused at the start.
    lost = {name for name in DRIVER_METRICS if metric(probes, name).reason is not None}
    assert lost - {"device_vram_bytes"} == gone - {"device_vram_bytes"}


@pytest.mark.parametrize("code", [15, 16, 1, 18])
def test_a_gpu_lost_mid_run_becomes_a_reason_and_spares_the_other(stub: Stub, code: int) -> None:
    stub.add("Test GPU", f"GPU-{UUID_A}", 0x01, 24 * GB)
    stub.add("Test GPU", f"GPU-{UUID_B}", 0x02, 24 * GB)
    backend = FakeBackend([gpu(0, UUID_A), gpu(1, UUID_B)])
    probes = probes_of(backend)
    assert {s.device for s in read(probes, *DRIVER_METRICS)} == {"cuda:0", "cuda:1"}
    stub.lose(1, code)
    backend.clock.advance(2.0)
    read(probes)
    backend.clock.advance(2.0)
    assert {s.device for s in read(probes, *DRIVER_METRICS)} == {"cuda:0"}
    for name in DRIVER_METRICS:
        assert metric(probes, name, "cuda:1").reason == nvml.REASONS[code]
        assert metric(probes, name, "cuda:0").reason is None


def test_an_error_that_passes_is_put_up_with(stub: Stub) -> None:
    backend = one_gpu(stub)
    probes = probes_of(backend)
    for function in ("memory", "memory_v2", "samples", "energy"):
        stub.fail(function, 999, gpu=0)
    for _ in range(2):
        assert read(probes, *DRIVER_METRICS) == []
    for function in ("memory", "memory_v2", "samples", "energy"):
        stub.fail(function, 0, gpu=0)
    assert {s.metric for s in read(probes, "device_vram_bytes", "energy_joules")} == {
        "device_vram_bytes",
        "energy_joules",
    }
    assert all(metric(probes, name).reason is None for name in DRIVER_METRICS)


def test_a_library_that_another_pack_shut_down_is_opened_again(stub: Stub) -> None:
    """Pointers to GPUs are good for one opening, so they are looked up anew; the run goes on."""
    backend = one_gpu(stub)
    probes = probes_of(backend)
    read(probes)
    stub.shut_down()
    stub.memory(0, reserved=0, free=20 * GB)
    backend.clock.advance(2.0)
    found = last(read(probes, "device_vram_bytes", "energy_joules"))
    assert found == {("device_vram_bytes", "cuda:0"): 4 * GB, ("energy_joules", "cuda:0"): 0.0}
    assert stub.calls("init") == 2
    stub.shut_down()
    stub.fail("init", nvml.DRIVER_NOT_LOADED)
    assert read(probes, *DRIVER_METRICS) == []
    assert metric(probes, "gpu_load_percent").reason == nvml.REASONS[nvml.DRIVER_NOT_LOADED]


# ---- which GPU is which -----------------------------------------------------------------------


def two_gpus(stub: Stub) -> None:
    stub.add("Small GPU", f"GPU-{UUID_A}", 0x01, 8 * GB)
    stub.add("Big GPU", f"GPU-{UUID_B}", 0x02, 24 * GB)
    stub.memory(0, reserved=0, free=7 * GB)
    stub.memory(1, reserved=0, free=4 * GB)


SMALL, BIG = 1 * GB, 20 * GB


@pytest.mark.parametrize(
    ("environ", "torch_gpus", "expected"),
    [
        # CUDA's default order is fastest first, NVML's is by PCI address.
        ({}, [gpu(0, UUID_B), gpu(1, UUID_A)], [BIG, SMALL]),
        ({"CUDA_VISIBLE_DEVICES": "1"}, [gpu(0, UUID_B)], [BIG]),
        ({"CUDA_VISIBLE_DEVICES": "1,0"}, [gpu(0, bus=2), gpu(1, bus=1)], [BIG, SMALL]),
        # A torch that tells neither UUID nor address.
        (
            {"CUDA_VISIBLE_DEVICES": f"GPU-{UUID_B[:8]},GPU-{UUID_A[:8]}"},
            [gpu(0), gpu(1)],
            [BIG, SMALL],
        ),
        (
            {"CUDA_VISIBLE_DEVICES": "1,0", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"},
            [gpu(0), gpu(1)],
            [BIG, SMALL],
        ),
        ({"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}, [gpu(0), gpu(1)], [SMALL, BIG]),
        ({}, [gpu(0, name="Big GPU"), gpu(1, name="Small GPU")], [BIG, SMALL]),
    ],
)
def test_devices_are_matched_by_what_they_are(
    stub: Stub, environ: dict[str, str], torch_gpus: list[object], expected: list[int]
) -> None:
    two_gpus(stub)
    probes = probes_of(FakeBackend(torch_gpus), environ)  # type: ignore[arg-type]
    found = last(read(probes, "device_vram_bytes"))
    assert [found["device_vram_bytes", f"cuda:{index}"] for index in range(len(expected))] == expected


def test_an_uncertain_match_is_a_reason_and_no_guess(stub: Stub) -> None:
    stub.add("Twin", f"GPU-{UUID_A}", 0x01, 8 * GB)
    stub.add("Twin", f"GPU-{UUID_B}", 0x02, 8 * GB)
    probes = probes_of(FakeBackend([gpu(0, name="Twin"), gpu(1, name="Twin")]))
    assert "equal GPUs" in (metric(probes, "gpu_load_percent").reason or "")
    probes = probes_of(FakeBackend([gpu(0, uuid="cccccccc-0000-0000-0000-000000000003")]))
    assert "does not list" in (metric(probes, "gpu_load_percent").reason or "")


def test_a_mig_slice_is_found_by_its_own_name(stub: Stub) -> None:
    stub.add("Whole GPU", f"GPU-{UUID_A}", 0x01, 80 * GB)
    stub.add("Slice", f"MIG-{UUID_B}", 0x01, 10 * GB)
    stub.memory(1, reserved=0, free=8 * GB)
    stub.fail("energy", 3, gpu=1)
    stub.fail("power", 3, gpu=1)
    backend = FakeBackend([gpu(0, UUID_A)])
    probes = probes_of(backend, {"CUDA_VISIBLE_DEVICES": f"MIG-{UUID_B}"})
    read(probes)
    assert last(read(probes, *DRIVER_METRICS)) == {("device_vram_bytes", "cuda:0"): 2 * GB}
    assert "MIG" in (metric(probes, "gpu_load_percent").reason or "")


def test_a_slice_that_torch_names_itself_is_found(stub: Stub) -> None:
    stub.add("Whole GPU", f"GPU-{UUID_A}", 0x01, 80 * GB)
    stub.add("Slice", f"MIG-{UUID_B}", 0x02, 10 * GB)
    stub.divide(0)
    probes = probes_of(FakeBackend([gpu(0, UUID_B.upper(), bus=0x01)]), {"CUDA_VISIBLE_DEVICES": "0"})
    assert last(read(probes, "device_vram_bytes")) == {("device_vram_bytes", "cuda:0"): 0}
    assert "MIG" in (metric(probes, "gpu_load_percent").reason or "")


@pytest.mark.parametrize("told", [gpu(0, UUID_A), gpu(0, bus=0x01), gpu(0)])
def test_a_divided_gpu_is_not_taken_for_the_part_that_torch_has(stub: Stub, told: FakeGpu) -> None:
    stub.add("Whole GPU", f"GPU-{UUID_A}", 0x01, 80 * GB)
    stub.divide(0)
    told.device_used = 2 * GB
    probes = probes_of(FakeBackend([told]))
    assert last(read(probes, *DRIVER_METRICS)) == {("device_vram_bytes", "cuda:0"): 2 * GB}
    assert "divided (MIG)" in (metric(probes, "energy_joules").reason or "")


def test_a_gpu_that_nvml_withholds_does_not_shift_the_others(stub: Stub) -> None:
    two_gpus(stub)
    stub.fail("handle", nvml.NO_PERMISSION, gpu=0)
    probes = probes_of(FakeBackend([gpu(0), gpu(1)]), {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"})
    found = last(read(probes, "device_vram_bytes"))
    assert found == {("device_vram_bytes", "cuda:1"): BIG}


def test_driver_version(stub: Stub) -> None:
    stub.fail("init", nvml.DRIVER_NOT_LOADED)
    assert nvml.driver_version() is None
    stub.fail("init", 0)
    assert nvml.driver_version() == "580.65.06"
