"""Recording operators: what is summed, and that a torch that cannot costs nothing but the numbers."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from engine.clock import FakeClock
from engine.probes import kernels
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
            SimpleNamespace(
                key="aten::add", count=3, self_cpu_time_total=10.0, self_cpu_memory_usage=8, input_shapes=[],
            ),
            SimpleNamespace(
                key="aten::mm", count=2, self_cpu_time_total=5e5, self_device_time_total=2e6,
                self_cpu_memory_usage=0, self_device_memory_usage=64, input_shapes=[[4, 8], [8, 2], []],
            ),
        ]  # fmt: skip

    def _fail(self, name: str) -> None:
        if Profile.broken == name:
            raise RuntimeError("another profiler is active")


class Modules:
    """Stands for ``torch.nn.modules.module``: what is called before each module."""

    def __init__(self) -> None:
        self.hooks: list[Callable[..., None]] = []
        self.is_compiling = False

    def register_module_forward_pre_hook(self, hook: Callable[..., None]) -> Any:
        self.hooks.append(hook)
        return SimpleNamespace(remove=lambda: self.hooks.remove(hook))

    def call(self) -> None:
        for hook in tuple(self.hooks):
            hook(self, ())


@pytest.fixture(autouse=True)
def modules(monkeypatch: pytest.MonkeyPatch) -> Modules:
    monkeypatch.setattr(Profile, "broken", "")
    monkeypatch.setattr(Profile, "started", 0)
    found = Modules()
    made, profiler = ModuleType("torch"), ModuleType("torch.profiler")
    profiler.__dict__.update(profile=Profile, supported_activities=lambda: {"cpu"})
    made.__dict__.update(
        profiler=profiler,
        nn=SimpleNamespace(modules=SimpleNamespace(module=found)),
        compiler=SimpleNamespace(is_compiling=lambda: found.is_compiling),
    )
    monkeypatch.setitem(sys.modules, "torch", made)
    monkeypatch.setitem(sys.modules, "torch.profiler", profiler)
    return found


def test_a_node_that_runs_twice_is_summed_and_the_costliest_operator_leads() -> None:
    recorder = KernelRecorder()
    for _ in range(2):
        recorder.begin("5")
        recorder.end()
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
    for node_id in ("5", "6"):
        recorder.begin(node_id)
        recorder.end()
    assert "another profiler is active" in (recorder.reason or "")
    assert tuple(recorder.node_ids) == ()
    assert Profile.started == (0 if broken == "start" else 1)


def test_a_recording_that_is_cancelled_leaves_nothing_running() -> None:
    recorder = KernelRecorder()
    recorder.begin("5")
    recorder.cancel()
    recorder.cancel()
    assert tuple(recorder.node_ids) == ()
    assert recorder._running is None


def test_the_shapes_of_inputs_stand_with_their_operator() -> None:
    recorder = KernelRecorder(shapes=True)
    recorder.begin("5")
    recorder.end()
    assert [operator.shapes for operator in recorder.operators("5")] == ["4x8, 8x2", ""]


def test_a_recording_ends_after_so_many_calls_and_says_how_much_it_holds(modules: Modules) -> None:
    clock = FakeClock()
    recorder = KernelRecorder(now=clock)
    recorder.begin("5")
    for _ in range(kernels.CALLS_MAX - 1):
        modules.call()
    clock.advance(2.0)
    thread = threading.Thread(target=modules.call)
    thread.start()
    thread.join()
    modules.is_compiling = True
    modules.call()
    assert recorder.recorded_s("5") is None, "calls of other threads and of compiling do not count"
    modules.is_compiling = False
    modules.call()
    assert recorder.recorded_s("5") == 2.0
    assert modules.hooks == []
    clock.advance(60.0)
    recorder.end()
    assert recorder.recorded_s("5") == 2.0


def test_a_recording_ends_after_so_long(modules: Modules) -> None:
    clock = FakeClock()
    recorder = KernelRecorder(now=clock)
    recorder.begin("5")
    clock.advance(kernels.SECONDS_MAX)
    modules.call()
    assert recorder.recorded_s("5") == kernels.SECONDS_MAX


def test_all_recordings_of_a_run_are_bounded(modules: Modules) -> None:
    """A node in a loop, then one more: what is not recorded of either is known."""
    clock = FakeClock()
    recorder = KernelRecorder(now=clock)
    for node_id in ("5",) * 20 + ("6",):
        recorder.begin(node_id)
        clock.advance(0.5 * kernels.SECONDS_MAX)
        recorder.end()
    assert Profile.started == 2 * kernels.RUN_SHARE
    assert recorder.recorded_s("5") == kernels.RUN_SHARE * kernels.SECONDS_MAX
    assert recorder.recorded_s("6") == 0
    assert tuple(recorder.node_ids) == ("5",)


def test_a_recording_that_nothing_could_end_is_left_out(modules: Modules) -> None:
    clock = FakeClock()
    recorder = KernelRecorder(now=clock)
    recorder.begin("5")
    clock.advance(3 * kernels.SECONDS_MAX)
    recorder.end()
    assert tuple(recorder.node_ids) == ()
    assert "#5" in (recorder.reason or "")
