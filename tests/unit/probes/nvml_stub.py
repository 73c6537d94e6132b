"""Builds the stub library and puts it under the real NVML binding."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import pytest

FUNCTIONS = (
    "init",
    "count",
    "handle",
    "name",
    "uuid",
    "pci",
    "memory",
    "memory_v2",
    "samples",
    "rates",
    "energy",
    "power",
    "processes",
    "brakes",
)
NO_GPU = -1


class Stub:
    """What the library answers. Sizes in bytes, stamps in seconds, energy in joules, power in watts."""

    def __init__(self, path: Path) -> None:
        self.library = ctypes.CDLL(str(path))
        self.library.stub_reset()

    def add(self, name: str, uuid: str, bus: int, total: int) -> None:
        self.library.stub_add(name.encode(), uuid.encode(), bus, ctypes.c_ulonglong(total))

    def fail(self, function: str, code: int, gpu: int = NO_GPU) -> None:
        self.library.stub_code(gpu, FUNCTIONS.index(function), code)

    def lose(self, gpu: int, code: int = 15) -> None:
        self.library.stub_lose(gpu, code)

    def memory(self, gpu: int, *, reserved: int, free: int) -> None:
        self.library.stub_memory(gpu, ctypes.c_ulonglong(reserved), ctypes.c_ulonglong(free))

    def sample(self, gpu: int, stamp_s: float, percent: int) -> None:
        self.library.stub_sample(gpu, ctypes.c_ulonglong(round(stamp_s * 1e6)), percent)

    def util(self, gpu: int, percent: int) -> None:
        self.library.stub_util(gpu, percent)

    def energy(self, gpu: int, joules: float) -> None:
        self.library.stub_energy(gpu, ctypes.c_ulonglong(round(joules * 1000)))

    def power(self, gpu: int, watts: float) -> None:
        self.library.stub_power(gpu, round(watts * 1000))

    def process(self, gpu: int, pid: int, stamp_s: float, percent: int) -> None:
        self.library.stub_process(gpu, pid, ctypes.c_ulonglong(round(stamp_s * 1e6)), percent)

    def brakes(self, gpu: int, reasons: int) -> None:
        self.library.stub_brakes(gpu, ctypes.c_ulonglong(reasons))

    def divide(self, gpu: int) -> None:
        self.library.stub_divide(gpu)

    def shut_down(self) -> None:
        """As another part of the program does that counts wrongly."""
        self.library.nvmlShutdown()

    def calls(self, function: str) -> int:
        return int(self.library.stub_calls(FUNCTIONS.index(function)))


def build(folder: Path, *flags: str) -> Path:
    """Compile the stub; skips the test where there is no C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler to build the NVML stub with")
    target = folder / "libnvidia-ml.so.1"
    source = Path(__file__).with_name("nvml_stub.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", str(target), *flags, str(source)], check=True)
    return target


def put_under_binding(monkeypatch: pytest.MonkeyPatch, stub: Stub) -> None:
    """Make the real ``pynvml`` call ``stub`` until the test ends."""
    pynvml = pytest.importorskip("pynvml")
    from engine.probes import nvml

    monkeypatch.setattr(pynvml, "nvmlLib", stub.library)
    monkeypatch.setattr(pynvml, "_nvmlGetFunctionPointer_cache", {})
    monkeypatch.setattr(nvml, "_opened", None)
