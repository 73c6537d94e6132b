"""Memory, CPU time and reads of this very process, against truths made on purpose."""

from __future__ import annotations

import mmap
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from engine.clock import FakeClock
from engine.probes.boundary import BoundaryReader
from engine.probes.process import ProcessSampler
from engine.probes.process_linux import LinuxProcess
from engine.probes.process_portable import PortableProcess
from engine.probes.system import MachineSampler

MIB = 1024 * 1024
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads Linux's /proc")


@pytest.fixture(params=["usage", "files"])
def process(request: pytest.FixtureRequest) -> Iterator[LinuxProcess]:
    """Both ways to read memory: through ``getrusage``, and through files where that tells too much."""
    if not sys.platform.startswith("linux"):
        pytest.skip("reads Linux's /proc")
    process = LinuxProcess()
    if request.param == "files":
        process._floor = 2**62
    yield process
    process.close()


def touch(count: int) -> object:
    """``count`` bytes that are really there."""
    return np.ones(count, dtype=np.uint8)


def test_a_short_ram_transient_is_seen_whole_and_only_once(process: LinuxProcess) -> None:
    process.read()
    before = process.ram_bytes()
    assert before is not None
    block = touch(500 * MIB)
    time.sleep(0.04)
    del block
    reading = process.read()
    assert reading.ram_peak_bytes is not None
    assert reading.ram_bytes is not None
    assert reading.ram_peak_bytes - before == pytest.approx(500 * MIB, rel=0.05)
    assert reading.ram_bytes - before < 50 * MIB
    after = process.read()
    assert after.ram_peak_bytes is not None
    assert after.ram_peak_bytes - before < 50 * MIB


def test_resident_memory_agrees_with_psutil(process: LinuxProcess) -> None:
    truth = psutil.Process().memory_info().rss
    assert process.ram_bytes() == pytest.approx(truth, abs=4 * MIB)
    assert process.read().ram_bytes == pytest.approx(truth, abs=4 * MIB)


@linux
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("reader", [LinuxProcess, PortableProcess])
def test_cpu_seconds_of_busy_threads(threads: int, reader: type[LinuxProcess]) -> None:
    """numpy works without the GIL, so two threads use two cores where there are two."""
    import resource

    def used() -> float:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return usage.ru_utime + usage.ru_stime

    process = reader()
    boundary = BoundaryReader(process)
    stop = threading.Event()
    values = np.random.default_rng(0).random(20_000)

    def work() -> None:
        while not stop.is_set():
            np.sort(values)

    def at_one_moment() -> tuple[float, float]:
        """(measured, truth), asked again while the busy threads got in between the two."""
        for _ in range(1000):
            before = used()
            measured = boundary.read(sync=False).cpu_s
            after = used()
            if after - before < 0.001:
                break
        assert measured is not None
        return measured, (before + after) / 2

    workers = [threading.Thread(target=work) for _ in range(threads)]
    begun = time.process_time()
    start, truth_start = at_one_moment()
    for worker in workers:
        worker.start()
    while time.process_time() - begun < 0.2:
        time.sleep(0.01)
    end, truth_end = at_one_moment()
    stop.set()
    for worker in workers:
        worker.join()
    assert truth_end - truth_start > 0.15
    assert end - start == pytest.approx(truth_end - truth_start, rel=0.02)


@linux
def test_cpu_seconds_of_an_ended_child_count(process: LinuxProcess) -> None:
    before = process.read().cpu_s
    child = os.fork()
    if child == 0:
        end = time.process_time() + 0.1
        while time.process_time() < end:
            pass
        os._exit(0)
    os.waitpid(child, 0)
    after = process.read().cpu_s
    assert before is not None
    assert after is not None
    assert after - before >= 0.1
    assert time.process_time() + process.children_s >= after


# ---- reads ------------------------------------------------------------------------------------


@pytest.fixture
def cold_file(tmp_path: Path, process: LinuxProcess) -> Path:
    """8 MiB on disk and out of the system's cache."""
    file = tmp_path / "model.bin"
    file.write_bytes(os.urandom(8 * MIB))
    evict(file)
    before = process.read().read_bytes
    if before is None:
        pytest.skip("this kernel does not count reads")
    file.read_bytes()
    after = process.read().read_bytes
    if after is None or after - before < 8 * MIB:
        pytest.skip("this file system does not count reads from storage (a memory or overlay file system)")
    evict(file)
    return file


def evict(file: Path) -> None:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def sum_mapped(file: Path) -> int:
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        return int(np.frombuffer(mapped, dtype=np.uint8)[:: mmap.PAGESIZE].copy().sum())


def reads(process: LinuxProcess, action: object) -> tuple[float, float]:
    """(MiB from storage, MiB through calls) while ``action`` runs."""
    start = process.read()
    action()  # type: ignore[operator]
    end = process.read()
    assert None not in (start.read_bytes, end.read_bytes, start.read_call_bytes, end.read_call_bytes)
    return (end.read_bytes - start.read_bytes) / MIB, (end.read_call_bytes - start.read_call_bytes) / MIB  # type: ignore[operator]


def test_cold_warm_and_mapped_reads_are_told_apart(process: LinuxProcess, cold_file: Path) -> None:
    cold = reads(process, cold_file.read_bytes)
    warm = reads(process, cold_file.read_bytes)
    evict(cold_file)
    mapped = reads(process, lambda: sum_mapped(cold_file))
    mapped_warm = reads(process, lambda: sum_mapped(cold_file))
    assert cold == pytest.approx((8, 8), abs=0.5)
    assert warm == pytest.approx((0, 8), abs=0.5)
    assert mapped == pytest.approx((8, 0), abs=0.5)
    assert mapped_warm == pytest.approx((0, 0), abs=0.5)


# ---- what may be missing ----------------------------------------------------------------------


@linux
def test_a_proc_that_hides_things_gives_reasons(tmp_path: Path) -> None:
    shutil.copy("/proc/self/statm", tmp_path / "statm")
    process = LinuxProcess(str(tmp_path))
    reading = process.read()
    assert reading.ram_bytes is not None
    assert (reading.ram_peak_bytes, reading.read_bytes, reading.read_call_bytes) == (None, None, None)
    reasons = {metric.name: metric.reason for metric in process.metrics}
    for name in ("ram_max_bytes", "read_bytes", "read_call_bytes"):
        assert "No such file" in (reasons[name] or "")
    assert reasons["ram_bytes"] is None
    process.close()


@linux
def test_a_file_that_turns_to_nonsense_ends_in_a_reason(tmp_path: Path) -> None:
    for name in ("statm", "io"):
        (tmp_path / name).write_text("nonsense")
    process = LinuxProcess(str(tmp_path))
    assert process.read()[1:] == (None, None, None, None)
    assert process.read()[1:] == (None, None, None, None)
    assert {m.name for m in process.metrics if m.reason} == {
        "ram_bytes",
        "ram_max_bytes",
        "read_bytes",
        "read_call_bytes",
    }
    process.close()


def test_the_portable_reader_promises_no_exact_peak() -> None:
    process = PortableProcess()
    reading = process.read()
    assert reading.ram_bytes is not None
    assert reading.ram_bytes > MIB
    assert (reading.ram_peak_bytes, reading.read_bytes) == (None, None)
    methods = {metric.name: metric for metric in process.metrics}
    assert (methods["ram_max_bytes"].method or "").startswith("sampled")
    assert methods["read_bytes"].reason is not None


# ---- sampled load -----------------------------------------------------------------------------


def test_cpu_load_is_an_average_over_its_own_interval() -> None:
    clock = FakeClock(5.0)
    sampler = ProcessSampler(PortableProcess(), clock)
    assert [s.metric for s in sampler.read()] == ["ram_bytes"]
    used = time.process_time()
    while time.process_time() < used + 0.05:
        pass
    clock.advance(0.1)
    (load, _ram) = sampler.read()
    assert (load.metric, load.start_s, load.t_s) == ("cpu_percent", 5.0, 5.1)
    assert load.value >= 50.0
    clock.advance(0.001)
    assert [s.metric for s in sampler.read()] == ["ram_bytes"]


def test_machine_load_stays_within_its_scale() -> None:
    clock = FakeClock()
    sampler = MachineSampler(clock)
    assert list(sampler.read()) == []
    until = time.monotonic() + 0.1
    while time.monotonic() < until:
        pass
    clock.advance(0.5)
    (sample,) = sampler.read()
    assert 0.0 < sample.value <= 100.0
    assert (sample.start_s, sample.t_s) == (0.0, 0.5)
