"""Recording operators: what is summed, and that a torch that cannot costs nothing but the numbers."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from engine.probes.kernels import KernelRecorder


class Profile:
    """Stands for ``torch.profiler.profile``; ``broken`` names the method that raises."""

    broken = ""
    started = 0

    def __init__(self, **_options: Any) -> None:
        self.is_running = False

    def start(self) -> None:
        self._fail("start")
        Profile.started += 1
        self.is_running = True

    def stop(self) -> None:
        self._fail("stop")
        assert self.is_running
        self.is_running = False

    def key_averages(self, group_by_input_shape: bool = False) -> list[Any]:
        return [
            SimpleNamespace(key="aten::add", count=3, self_cpu_time_total=10.0, self_cpu_memory_usage=8),
            SimpleNamespace(
                key="aten::mm", count=2, self_cpu_time_total=5e5, self_device_time_total=2e6,
                self_cpu_memory_usage=0, self_device_memory_usage=64,
            ),
        ]  # fmt: skip

    def _fail(self, name: str) -> None:
        if Profile.broken == name:
            raise RuntimeError("another profiler is active")


@pytest.fixture(autouse=True)
def torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Profile, "broken", "")
    monkeypatch.setattr(Profile, "started", 0)
    made, profiler = ModuleType("torch"), ModuleType("torch.profiler")
    profiler.__dict__.update(profile=Profile, supported_activities=lambda: {"cpu"})
    made.__dict__["profiler"] = profiler
    monkeypatch.setitem(sys.modules, "torch", made)
    monkeypatch.setitem(sys.modules, "torch.profiler", profiler)


def test_a_node_that_runs_twice_is_summed_and_the_costliest_operator_leads() -> None:
    recorder = KernelRecorder()
    for _ in range(2):
        recorder.begin()
        recorder.end("5")
    matmul, add = recorder.operators("5")
    assert (matmul.name, matmul.calls, matmul.self_cpu_s, matmul.self_device_s) == ("aten::mm", 4, 1.0, 4.0)
    assert (add.calls, add.self_device_s, add.cpu_bytes) == (6, None, 16)
    assert tuple(recorder.node_ids) == ("5",)
    recorder.drop()
    assert recorder.operators("5") == ()


@pytest.mark.parametrize("broken", ["start", "stop"])
def test_a_profiler_that_fails_is_said_once_and_not_asked_again(broken: str) -> None:
    Profile.broken = broken
    recorder = KernelRecorder()
    recorder.begin()
    recorder.end("5")
    recorder.begin()
    recorder.end("6")
    assert "another profiler is active" in (recorder.reason or "")
    assert tuple(recorder.node_ids) == ()
    assert Profile.started == (0 if broken == "start" else 1)


def test_a_recording_that_is_cancelled_leaves_nothing_running() -> None:
    recorder = KernelRecorder()
    recorder.begin()
    recorder.cancel()
    recorder.cancel()
    assert tuple(recorder.node_ids) == ()
    assert recorder._running is None
