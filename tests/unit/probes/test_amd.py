"""AMD's library stood in for by a module with its calls: each quantity fails on its own."""

from __future__ import annotations

import sys
import types
from typing import Any

import pytest

from engine.probes.select import Probes, open_probes
from engine.probes.torch_memory import TorchMemory
from tests.unit.probes.fake_torch import FakeBackend, gpu

GB = 10**9


class AmdSmiException(Exception):  # noqa: N818 - the library's own name
    pass


def library(**calls: Any) -> types.ModuleType:
    smi = types.ModuleType("amdsmi")
    smi.AmdSmiException = AmdSmiException  # type: ignore[attr-defined]
    defaults: dict[str, Any] = {
        "amdsmi_init": lambda: None,
        "amdsmi_get_processor_handles": lambda: ["second", "first"],
        "amdsmi_get_gpu_device_bdf": lambda handle: f"0000:0{1 + (handle == 'second')}:00.0",
        "amdsmi_get_gpu_activity": lambda handle: {"gfx_activity": 70 if handle == "first" else 5},
        "amdsmi_get_gpu_vram_usage": lambda handle: {"vram_total": 16384, "vram_used": 1024},
        "amdsmi_get_power_info": lambda handle: {"current_socket_power": "N/A", "average_socket_power": 90},
        "amdsmi_get_energy_count": lambda handle: {
            "energy_accumulator": 2_000_000,
            "counter_resolution": 15.3,
        },
    }
    for name, call in {**defaults, **calls}.items():
        setattr(smi, name, call)
    return smi


def fail(handle: str) -> Any:
    raise AmdSmiException("not supported")


def probes(backend: FakeBackend) -> Probes:
    return open_probes(open_memory=lambda usage: TorchMemory(backend, usage), clock=backend.clock)


def read(found: Probes, rounds: int = 6) -> dict[tuple[str, str | None], float]:
    clock = found.memory.backend.clock  # type: ignore[union-attr]
    values: dict[tuple[str, str | None], float] = {}
    for _ in range(rounds):
        clock.advance(0.5)
        values = {(s.metric, s.device): s.value for probe in found.sampled for s in probe.read() if s.device}
    return values


@pytest.fixture
def backend() -> FakeBackend:
    return FakeBackend([gpu(0, bus=1), gpu(1, bus=2)], label="ROCm")


def test_every_quantity_of_the_right_gpu(backend: FakeBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "amdsmi", library())
    found = read(probes(backend))
    assert found["gpu_load_percent", "cuda:0"] == 70
    assert found["gpu_load_percent", "cuda:1"] == 5
    assert found["device_vram_bytes", "cuda:0"] == 1024**3
    assert found["power_watts", "cuda:0"] == 90
    assert found["energy_joules", "cuda:0"] == pytest.approx(30.6)


def test_one_missing_quantity_takes_no_other_with_it(
    backend: FakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_power = {"current_socket_power": "N/A", "average_socket_power": "N/A"}
    smi = library(amdsmi_get_energy_count=fail, amdsmi_get_power_info=lambda handle: no_power)
    monkeypatch.setitem(sys.modules, "amdsmi", smi)
    opened = probes(backend)
    assert {name for name, _ in read(opened)} == {"vram_bytes", "gpu_load_percent", "device_vram_bytes"}
    reasons = {m.name: m.reason for m in opened.metrics() if m.device == "cuda:0"}
    assert "not supported" in (reasons["energy_joules"] or "")
    assert "no such sensor" in (reasons["power_watts"] or "")
    assert reasons["gpu_load_percent"] is None


@pytest.mark.parametrize("missing", ["package", "driver", "GPUs", "addresses"])
def test_without_the_library_torch_still_tells_the_memory(
    backend: FakeBackend, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    calls = {
        "driver": {"amdsmi_init": lambda: fail("")},
        "GPUs": {"amdsmi_get_processor_handles": lambda: fail("")},
        "addresses": {"amdsmi_get_gpu_device_bdf": fail},
    }
    broken = library(**calls[missing]) if missing in calls else None
    monkeypatch.setitem(sys.modules, "amdsmi", broken)
    backend.gpus[0].device_used = 3 * GB
    opened = probes(backend)
    assert read(opened)["device_vram_bytes", "cuda:0"] == 3 * GB
    reasons = {m.name: m.reason for m in opened.metrics() if m.device == "cuda:0"}
    assert "amdsmi" in (reasons["gpu_load_percent"] or "")
    assert reasons["device_vram_bytes"] is None
