"""Probes over made-up GPUs, and what they read."""

from __future__ import annotations

from collections.abc import Iterable

from engine.model import Metric, Sample
from engine.probes.select import Probes, open_probes
from engine.probes.torch_memory import TorchMemory
from tests.unit.probes.fake_torch import FakeBackend, gpu
from tests.unit.probes.nvml_stub import Stub

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
