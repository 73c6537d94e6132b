"""Which of NVML's GPUs is which of torch's."""

from __future__ import annotations

import pytest

from engine.probes import nvml
from tests.unit.probes.fake_torch import FakeBackend, FakeGpu, gpu
from tests.unit.probes.gpus import DRIVER_METRICS, GB, UUID_A, UUID_B, last, metric, probes_of, read
from tests.unit.probes.nvml_stub import Stub


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
