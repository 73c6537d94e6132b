"""What this process used so far: CPU time, memory, bytes read. Never looks at other processes.

Two readers with the same face: :class:`LinuxProcess` keeps the kernel's files open
and costs a few microseconds a reading; :class:`PortableProcess` asks psutil.
:class:`ProcessSampler` reads memory and CPU load on the monitor thread.
"""

from __future__ import annotations

import functools
import logging
import os
import sys
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

import psutil

from ..clock import Clock, now
from ..model import Metric, Sample
from .held_io import find_calls

log = logging.getLogger("holaf.profiler")

MIB = 1024 * 1024
MIN_LOAD_SPAN_S = 0.005
"""A load over less than this says more about the moment than about the load."""
_RESET_PEAK = b"5"  # proc(5), /proc/pid/clear_refs: reset the peak resident set size


class ProcessReading(NamedTuple):
    """One reading. ``None`` is "cannot be had"; the probe's metrics say why.

    ``cpu_s`` since the process began, finished and reaped children included.
    ``ram_peak_bytes`` is the highest resident size since the reading before.
    """

    cpu_s: float | None
    ram_bytes: int | None
    ram_peak_bytes: int | None
    read_bytes: int | None
    read_call_bytes: int | None


class ProcessProbe(Protocol):
    """What :class:`~engine.probes.boundary.BoundaryReader` needs of a process reader."""

    @property
    def metrics(self) -> tuple[Metric, ...]: ...

    def cpu_s(self) -> float:
        """CPU seconds so far, of this process and of its reaped children."""
        ...

    def ram_bytes(self) -> int | None:
        """Resident memory now. Leaves the peak alone, so any thread may ask."""
        ...

    def read(self) -> ProcessReading:
        """Everything at once; starts a new peak. For one thread only."""
        ...


def _children_clock() -> Callable[[], float]:
    """A function for the CPU seconds of finished children; constant 0 on Windows."""
    try:
        import resource
    except ImportError:
        return lambda: 0.0
    usage, children = resource.getrusage, resource.RUSAGE_CHILDREN

    def children_s() -> float:
        used = usage(children)
        return used.ru_utime + used.ru_stime

    return children_s


def _cpu_metric() -> Metric:
    children = "" if sys.platform == "win32" else "; child processes count once they have ended"
    return Metric(name="cpu_seconds", unit="s", method=f"the process's CPU clock, all threads{children}")


class LinuxProcess:
    """Reads the kernel's own counters through file descriptors that stay open.

    The peak is exact: writing 5 to ``clear_refs`` starts a new high-water mark, and
    the mark is kept by the kernel, so nothing between two readings is missed. It is
    read through ``getrusage`` (0.5 us) where that shows this process alone, else from
    ``VmHWM`` (3 to 20 us: the kernel formats the whole file for it). ``getrusage``
    also remembers the peak of whatever ran under this pid before the last ``exec``;
    at opening both are compared once to find out.
    """

    def __init__(self, folder: str = "/proc/self") -> None:
        import resource

        self._missing: dict[str, str] = {}
        self._pread, self._pwrite = find_calls()
        self._folder = folder
        self._page = os.sysconf("SC_PAGE_SIZE")
        self._children_s = _children_clock()
        self._usage, self._self = resource.getrusage, resource.RUSAGE_SELF
        self._statm = self._open("statm", os.O_RDONLY, "ram_bytes")
        self._status = self._open("status", os.O_RDONLY, "ram_max_bytes")
        self._clear = self._open("clear_refs", os.O_WRONLY, "ram_max_bytes")
        self._io = self._open("io", os.O_RDONLY, "read_bytes")
        self._peak: Callable[[], int] | None = None
        if self._clear >= 0 and self._status >= 0:
            self._choose_peak()

    def _open(self, name: str, flags: int, metric: str) -> int:
        try:
            return os.open(f"{self._folder}/{name}", flags | os.O_CLOEXEC)
        except OSError as error:
            self._missing.setdefault(metric, f"{self._folder}/{name}: {error.strerror or error}")
            return -1

    def _choose_peak(self) -> None:
        try:
            self._pwrite(self._clear, _RESET_PEAK)
            exact = self._peak_from_status()
        except (OSError, ValueError) as error:
            self._missing["ram_max_bytes"] = f"this kernel keeps no resettable memory peak ({error})"
            return
        same = abs(self._peak_from_usage() - exact) < MIB
        self._peak = self._peak_from_usage if same else self._peak_from_status

    def _peak_from_usage(self) -> int:
        return self._usage(self._self).ru_maxrss * 1024

    def _peak_from_status(self) -> int:
        text = self._pread(self._status, 4096)
        at = text.index(b"VmHWM:") + 6
        return int(text[at : text.index(b"kB", at)]) * 1024

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """One entry for each of the reading's quantities."""

        def metric(name: str, unit: str, method: str) -> Metric:
            reason = self._missing.get(name)
            if reason is not None:
                return Metric(name=name, unit=unit, reason=reason)
            return Metric(name=name, unit=unit, method=method)

        calls = "bytes asked for in read calls, cached or not; memory-mapped files do not show here"
        disk = (
            "bytes that the process had fetched from storage (/proc/self/io), memory-mapped files included; "
            "0 says only that the file was in the system's cache"
        )
        read_call = metric("read_bytes", "B", calls)
        return (
            _cpu_metric(),
            metric("ram_bytes", "B", "resident memory of the process (/proc/self/statm)"),
            metric("ram_max_bytes", "B", "exact: the kernel's high-water mark, reset at each node boundary"),
            metric("read_bytes", "B", disk),
            Metric(name="read_call_bytes", unit="B", method=read_call.method, reason=read_call.reason),
        )

    def cpu_s(self) -> float:
        """CPU seconds so far, reaped children included."""
        return time.process_time() + self._children_s()

    def ram_bytes(self) -> int | None:
        """Resident bytes now."""
        if self._statm < 0:
            return None
        try:
            return int(self._pread(self._statm, 128).split(None, 2)[1]) * self._page
        except (OSError, ValueError, IndexError) as error:
            self._give_up("_statm", "ram_bytes", error)
            return None

    def read(self) -> ProcessReading:
        """Everything at once; starts a new peak."""
        cpu_s = time.process_time() + self._children_s()
        ram = self.ram_bytes()
        peak: int | None = None
        if self._peak is not None:
            try:
                peak = self._peak()
                self._pwrite(self._clear, _RESET_PEAK)
            except (OSError, ValueError) as error:
                self._peak = None
                self._missing["ram_max_bytes"] = str(error)
            else:
                # The kernel's counters are approximate by some pages while threads run.
                if ram is not None and ram > peak:
                    peak = ram
        read_bytes = call_bytes = None
        if self._io >= 0:
            try:
                text = self._pread(self._io, 512)
                call_bytes = int(text[6 : text.index(b"\n")])  # "rchar: N" is the first line
                at = text.index(b"\nread_bytes:") + 12
                read_bytes = int(text[at : text.index(b"\n", at)])
            except (OSError, ValueError) as error:
                read_bytes = call_bytes = None
                self._give_up("_io", "read_bytes", error)
        return ProcessReading(cpu_s, ram, peak, read_bytes, call_bytes)

    def _give_up(self, attribute: str, metric: str, error: Exception) -> None:
        os.close(getattr(self, attribute))
        setattr(self, attribute, -1)
        self._missing[metric] = str(error)
        log.warning("Profiler: %s can no longer be read (%s); shown as n/a from here on.", metric, error)

    def close(self) -> None:
        """Close the files. Readings after this answer ``None``."""
        self._peak = None
        for name in ("_statm", "_status", "_clear", "_io"):
            descriptor = getattr(self, name)
            setattr(self, name, -1)
            if descriptor >= 0:
                os.close(descriptor)


class PortableProcess:
    """The same through psutil, for Windows, macOS and whatever else it knows.

    There is no peak that can be reset, so the peak is left to the sampler.
    """

    def __init__(self, process: psutil.Process | None = None) -> None:
        self._process = process or psutil.Process()
        self._children_s = _children_clock()
        self._missing: dict[str, str] = {}
        self._has_io = hasattr(self._process, "io_counters")

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """One entry for each of the reading's quantities."""
        no_disk = f"{sys.platform} does not tell reads from storage and reads from cache apart"
        calls = Metric(
            name="read_call_bytes",
            unit="B",
            method="bytes asked for in read calls, cached or not" if self._has_io else None,
            reason=None if self._has_io else f"{sys.platform} keeps no count of bytes read by a process",
        )
        ram_reason = self._missing.get("ram_bytes")
        return (
            _cpu_metric(),
            Metric(
                name="ram_bytes",
                unit="B",
                method=None if ram_reason else "resident memory of the process",
                reason=ram_reason,
            ),
            Metric(name="ram_max_bytes", unit="B", method="sampled: peaks between two samples are missed"),
            Metric(name="read_bytes", unit="B", reason=no_disk),
            calls,
        )

    def cpu_s(self) -> float:
        """CPU seconds so far, reaped children included where the system counts them."""
        return time.process_time() + self._children_s()

    def ram_bytes(self) -> int | None:
        """Resident bytes now."""
        try:
            return int(self._process.memory_info().rss)
        except (psutil.Error, OSError) as error:
            self._missing["ram_bytes"] = str(error)
            return None

    def read(self) -> ProcessReading:
        """Everything at once; the peak is always ``None``."""
        calls: int | None = None
        if self._has_io:
            try:
                calls = int(self._process.io_counters().read_bytes)
            except (psutil.Error, OSError, NotImplementedError):
                self._has_io = False
        return ProcessReading(self.cpu_s(), self.ram_bytes(), None, None, calls)


@functools.cache
def shared_process() -> LinuxProcess | PortableProcess:
    """The reader that all runs use: its files stay open as long as the process lives."""
    return open_process()


def open_process() -> LinuxProcess | PortableProcess:
    """The best reader for this system."""
    if sys.platform.startswith("linux") and os.path.exists("/proc/self/statm"):
        return LinuxProcess()
    return PortableProcess()


class ProcessSampler:
    """Resident memory and CPU load of this process, at the run's sampling interval.

    CPU load is CPU time over clock time since the reading before: 100 % is one core.
    """

    name = "process"
    period_s: float | None = None

    def __init__(self, process: ProcessProbe, clock: Clock = now) -> None:
        self._process = process
        self._clock = clock
        self._before: tuple[float, float] | None = None

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """``ram_bytes`` as the reader has it, and ``cpu_percent``."""
        ram = [metric for metric in self._process.metrics if metric.name == "ram_bytes"]
        load = "CPU time of the process over the time between two samples; 100 % is one core kept busy"
        return (*ram, Metric(name="cpu_percent", unit="%", method=load))

    def read(self) -> Iterable[Sample]:
        """Memory now; CPU load since the last call (nothing on the first)."""
        found = []
        t_s = self._clock()
        cpu_s = time.process_time()
        before = self._before
        if before is None:
            self._before = (t_s, cpu_s)
        elif t_s - before[0] >= MIN_LOAD_SPAN_S:
            percent = 100.0 * (cpu_s - before[1]) / (t_s - before[0])
            found.append(Sample("cpu_percent", t_s, percent, None, before[0]))
            self._before = (t_s, cpu_s)
        ram = self._process.ram_bytes()
        if ram is not None:
            found.append(Sample("ram_bytes", self._clock(), float(ram)))
        return found

    def close(self) -> None:
        """The reader belongs to whoever made it."""
