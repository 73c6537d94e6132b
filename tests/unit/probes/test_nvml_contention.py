"""Other programs' work on a GPU and the driver's brakes, through the real binding over the stub."""

from __future__ import annotations

import os

import pytest

from engine.clock import FakeClock
from engine.model import Sample
from engine.probes import nvml
from engine.probes.nvml_contention import OTHERS, SLOWED, NvmlContention
from engine.probes.nvml_probes import NvmlGpu
from engine.probes.torch_memory import TorchMemory
from tests.unit.probes.fake_torch import FakeBackend, gpu
from tests.unit.probes.nvml_stub import Stub

OTHER = os.getpid() + 1


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(100.0)


@pytest.fixture
def probe(stub: Stub, clock: FakeClock) -> NvmlContention:
    stub.add("Test GPU", "GPU-a", 0x3B, 24 * 10**9)
    device = TorchMemory(FakeBackend([gpu(0)])).devices[0]
    return NvmlContention(nvml.open_nvml(), (NvmlGpu(device, nvml.open_nvml().gpu(0)),), clock)


def read(probe: NvmlContention, clock: FakeClock, seconds: float = 5.0) -> dict[str, list[Sample]]:
    clock.advance(seconds)
    found: dict[str, list[Sample]] = {OTHERS: [], SLOWED: []}
    for sample in probe.read():
        found[sample.metric].append(sample)
    return found


def reasons(probe: NvmlContention) -> dict[str, str | None]:
    return {metric.name: metric.reason for metric in probe.metrics}


def test_the_load_of_all_but_this_process_counts_and_nothing_from_before_the_run(
    stub: Stub, probe: NvmlContention, clock: FakeClock
) -> None:
    stub.process(0, OTHER, 1.0, 90)
    assert read(probe, clock, 0.1)[OTHERS] == []
    stub.process(0, os.getpid(), 4.0, 50)
    stub.process(0, OTHER, 4.0, 20)
    stub.process(0, OTHER, 5.0, 40)
    stub.process(0, OTHER + 1, 5.0, 5)
    assert read(probe, clock)[OTHERS] == [Sample(OTHERS, 105.1, 35.0, "cuda:0", 100.1)]
    assert read(probe, clock)[OTHERS] == [Sample(OTHERS, 110.1, 0.0, "cuda:0", 105.1)]
    assert reasons(probe) == {OTHERS: None, SLOWED: None}


def test_nothing_is_claimed_until_this_process_was_listed_and_what_was_before_comes_then(
    stub: Stub, probe: NvmlContention, clock: FakeClock
) -> None:
    read(probe, clock, 0.1)
    stub.process(0, OTHER, 4.0, 60)
    assert read(probe, clock)[OTHERS] == []
    assert "did not list this process" in (reasons(probe)[OTHERS] or "")
    stub.process(0, os.getpid(), 9.0, 30)
    assert [sample.value for sample in read(probe, clock)[OTHERS]] == [60.0, 0.0]
    assert reasons(probe)[OTHERS] is None


@pytest.mark.parametrize(
    ("bits", "percent"),
    [(0x0, 0.0), (0x1, 0.0), (0x4, 0.0), (0x20, 100.0), (0x44, 100.0), (0x80, 100.0), (0x8, 100.0)],
    ids=["none", "idle", "power limit", "warm", "hot, at its limit", "power brake", "hardware"],
)
def test_heat_and_a_failing_supply_are_brakes_and_the_power_limit_is_not(
    stub: Stub, probe: NvmlContention, clock: FakeClock, bits: int, percent: float
) -> None:
    stub.brakes(0, bits)
    assert [sample.value for sample in read(probe, clock)[SLOWED]] == [percent]


def test_a_driver_that_tells_neither_is_asked_once_and_says_why(
    stub: Stub, probe: NvmlContention, clock: FakeClock
) -> None:
    stub.fail("processes", nvml.NO_PERMISSION, gpu=0)
    stub.fail("brakes", nvml.NOT_SUPPORTED, gpu=0)
    for _ in range(3):
        assert read(probe, clock) == {OTHERS: [], SLOWED: []}
    assert (stub.calls("processes"), stub.calls("brakes")) == (1, 1)
    assert reasons(probe) == {
        OTHERS: nvml.REASONS[nvml.NO_PERMISSION],
        SLOWED: nvml.REASONS[nvml.NOT_SUPPORTED],
    }
