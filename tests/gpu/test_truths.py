"""Measurements on a real GPU against truths made on purpose."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from engine.probes.nvml import NvmlError, open_nvml
from engine.probes.nvml_devices import UnmatchedError, find_device, list_devices
from engine.probes.select import Probes, open_probes
from metrics.accuracy import gpu_cycles_per_s
from metrics.measured import run_nodes
from tests.gpu.conftest import Compare

GIB = 1024**3
MIB = 1024**2
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def probes(torch: Any) -> Probes:
    return open_probes()


def handle_of_current_device(probes: Probes) -> Any:
    """NVML's handle of the GPU that torch computes on, for an independent reading."""
    try:
        nvml = open_nvml()
        found = list_devices(nvml)
        device = next(device for device in probes.devices if device.primary)
        position = probes.devices.index(device)
        return find_device(nvml, device, position, found, probes.devices, os.environ).handle
    except (NvmlError, UnmatchedError) as error:
        pytest.skip(f"NVML is not there to compare with: {error}")


# ---- attribution ------------------------------------------------------------------------------


def queue_then_wait(torch: Any, seconds: float) -> tuple[list[tuple[str, Any]], Any]:
    """Node A queues ``seconds`` of GPU work and returns at once, node B waits for it."""
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    cycles = int(seconds * gpu_cycles_per_s())

    def queue() -> None:
        start.record()
        torch.cuda._sleep(cycles)
        end.record()

    torch.cuda.synchronize()
    return [("A", queue), ("B", torch.cuda.synchronize)], lambda: start.elapsed_time(end) / 1e3


def test_precise_bills_queued_work_to_the_node_that_queued_it(
    torch: Any, probes: Probes, compare: Compare
) -> None:
    nodes, truth_s = queue_then_wait(torch, 0.5)
    measured = run_nodes(nodes, probes=probes)
    a, b = measured.step("A").exec_time, measured.step("B").exec_time
    assert a is not None
    assert b is not None
    compare("GPU work of 0.5 s billed to the node that queued it (precise)", truth_s() * 1e3, a * 1e3, "ms")
    assert a >= 0.98 * truth_s()
    assert a / (a + b) >= 0.98
    # The method of every peer: the clock of the host, the GPU not waited for.
    assert measured.peers["A"].host_s < 0.5 * truth_s()


def test_light_finds_the_same_span_without_waiting(torch: Any, probes: Probes, compare: Compare) -> None:
    nodes, truth_s = queue_then_wait(torch, 0.5)
    step = run_nodes(nodes, probes=probes, timing="light").step("A")
    assert step.gpu_time_s is not None
    assert step.exec_time is not None
    compare("GPU span of the same node (light)", truth_s() * 1e3, step.gpu_time_s * 1e3, "ms")
    assert step.gpu_time_s == pytest.approx(truth_s(), rel=0.02)
    assert step.exec_time < 0.5 * truth_s()


# ---- memory -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("backend", "tolerance"), [("native", 0), ("cudaMallocAsync", 32 * MIB)])
def test_peak_of_a_transient_gibibyte(torch: Any, compare: Compare, backend: str, tolerance: int) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.gpu.memory_truth"],
        cwd=ROOT,
        env={**os.environ, "PYTORCH_CUDA_ALLOC_CONF": f"backend:{backend}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["allocator"] == backend
    compare(f"VRAM peak of a transient 1 GiB ({backend})", 1024, found["transient_bytes"] / MIB, "MiB")
    assert abs(found["transient_bytes"] - GIB) <= tolerance
    assert found["left_bytes"] == 0
    assert abs(found["kept_bytes"] - GIB) <= tolerance
    assert abs(found["kept_peak_bytes"] - GIB) <= tolerance


class _Location(ctypes.Structure):
    _fields_ = (("type", ctypes.c_int), ("id", ctypes.c_int))


class _Properties(ctypes.Structure):
    """CUmemAllocationProp of cuda.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("requested_handle_types", ctypes.c_int),
        ("location", _Location),
        ("win32_handle", ctypes.c_void_p),
        ("flags", ctypes.c_ubyte * 8),
    )


def test_memory_outside_torch_shows_in_the_device_total_only(
    torch: Any, probes: Probes, compare: Compare
) -> None:
    """cuMemCreate, as ComfyUI's dynamic VRAM does it."""
    try:
        cuda = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError as error:
        pytest.skip(f"the CUDA driver's library does not load: {error}")
    device = torch.cuda.current_device()
    key = f"cuda:{device}"

    def totals() -> tuple[int, int]:
        assert probes.memory is not None
        own = {memory.device: memory.used_bytes for memory in probes.memory.read()}
        samples = [s for probe in probes.sampled for s in probe.read() if s.metric == "device_vram_bytes"]
        total = [int(s.value) for s in samples if s.device == key]
        if not total:
            pytest.skip("no source tells the device's total memory")
        return own[key], total[-1]

    torch.cuda.synchronize()
    own_before, total_before = totals()
    handle = ctypes.c_ulonglong()
    properties = _Properties(type=1, location=_Location(1, device))  # pinned, on the device
    result = cuda.cuMemCreate(
        ctypes.byref(handle), ctypes.c_size_t(GIB), ctypes.byref(properties), ctypes.c_ulonglong(0)
    )
    assert result == 0
    try:
        own, total = totals()
    finally:
        cuda.cuMemRelease(handle)
    compare("1 GiB outside torch, in torch's memory", 0, (own - own_before) / MIB, "MiB")
    compare("1 GiB outside torch, in the device's total", 1024, (total - total_before) / MIB, "MiB")
    assert own == own_before
    assert total - total_before == pytest.approx(GIB, abs=64 * MIB)


# ---- load and energy --------------------------------------------------------------------------


def test_ten_seconds_of_matrix_products(torch: Any, probes: Probes, compare: Compare) -> None:
    """Load near 100 %, and energy as power times time, power read independently meanwhile."""
    handle = handle_of_current_device(probes)
    nvml = open_nvml()
    readings: list[tuple[float, float]] = []
    stop = threading.Event()

    def read_power() -> None:
        while not stop.wait(0.1):
            try:
                readings.append((time.perf_counter(), nvml.ask("nvmlDeviceGetPowerUsage", handle) / 1000))
            except NvmlError:
                return

    weights = torch.rand(4096, 4096, device="cuda", dtype=torch.float16)
    value = weights @ weights
    torch.cuda.synchronize()

    def work() -> None:
        until = time.perf_counter() + 10.0
        while time.perf_counter() < until:
            for _ in range(20):
                torch.matmul(weights, weights, out=value)
            torch.cuda.synchronize()

    reader = threading.Thread(target=read_power)
    reader.start()
    try:
        measured = run_nodes([("warm up", work), ("work", work)], probes=probes, poll=False)
    finally:
        stop.set()
        reader.join()
    step = measured.step("work")
    if step.gpu_load_avg is None:
        pytest.skip(f"no load: {probes.metrics()}")
    compare("GPU load of 10 s of matrix products", 100, step.gpu_load_avg, "%")
    assert step.gpu_load_avg >= 95
    if step.energy_joules is None or not readings:
        pytest.skip("this GPU tells neither energy nor power")
    assert step.exec_time is not None
    half = [watts for t_s, watts in readings if t_s >= readings[-1][0] - step.exec_time]
    truth = sum(half) / len(half) * step.exec_time
    compare("energy of the same node", truth, step.energy_joules, "J")
    assert step.energy_joules == pytest.approx(truth, rel=0.05)
    assert measured.run.energy_joules is not None
    assert measured.run.energy_joules > step.energy_joules
