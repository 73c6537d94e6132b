"""NVML through the real binding, over a stub of the driver's library."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from engine.model import Sample
from engine.probes import nvml, select
from tests.unit.probes.fake_torch import FakeBackend, gpu
from tests.unit.probes.gpus import DRIVER_METRICS, GB, UUID_A, UUID_B, last, metric, one_gpu, probes_of, read
from tests.unit.probes.nvml_stub import Stub, build, put_under_binding

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


def test_driver_version(stub: Stub) -> None:
    stub.fail("init", nvml.DRIVER_NOT_LOADED)
    assert nvml.driver_version() is None
    stub.fail("init", 0)
    assert nvml.driver_version() == "580.65.06"
