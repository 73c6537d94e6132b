"""What this process used so far, asked of the Linux kernel directly: a few microseconds a reading."""

from __future__ import annotations

import logging
import os
import resource
from typing import Any

from ..model import Metric
from .held_io import find_calls
from .process import ProcessReading, children_clock, cpu_metric

log = logging.getLogger("holaf.profiler")

BLOCK = 512
"""The unit of ``ru_inblock``, whatever the disk's own blocks are (the kernel's task_io_accounting)."""
_RESET_PEAK = b"5"  # proc(5), /proc/pid/clear_refs: reset the peak resident set size


class LinuxProcess:
    """Keeps the kernel's files open; no thread but one may call :meth:`read`.

    The peak is exact: writing 5 to ``clear_refs`` starts a new high-water mark, which the
    kernel keeps, so nothing between two readings is missed. ``getrusage`` tells the mark
    together with CPU time and bytes from storage, and asked right after the reset it tells
    what is resident now: one call for what takes four files. It also remembers the peak of
    whatever ran under this pid before the last ``exec``. What it says just after the first
    reset may be that peak; at or below it, the files are read instead.
    """

    def __init__(self, folder: str = "/proc/self") -> None:
        self._missing: dict[str, str] = {}
        self._pread, self._pwrite = find_calls()
        self._folder = folder
        self._page = os.sysconf("SC_PAGE_SIZE")
        self._read_children_s = children_clock()
        self.children_s = self._read_children_s()
        self._statm = self._open("statm", os.O_RDONLY, "ram_bytes")
        self._status = self._open("status", os.O_RDONLY, "ram_max_bytes")
        self._clear = self._open("clear_refs", os.O_WRONLY, "ram_max_bytes")
        self._io = self._open("io", os.O_RDONLY, "read_bytes")
        self._has_peak = self._clear >= 0 and self._status >= 0
        self._floor = self._find_floor() if self._has_peak else 0

    def _open(self, name: str, flags: int, metric: str) -> int:
        try:
            return os.open(f"{self._folder}/{name}", flags | os.O_CLOEXEC)
        except OSError as error:
            self._missing.setdefault(metric, f"{self._folder}/{name}: {error.strerror or error}")
            return -1

    def _find_floor(self) -> int:
        try:
            self._pwrite(self._clear, _RESET_PEAK)
            self._peak_from_status()
        except (OSError, ValueError) as error:
            self._no_peak(f"this kernel keeps no resettable memory peak ({error})")
        return _peak_of(_usage())

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """One entry for each of the reading's quantities."""

        def metric(name: str, unit: str, method: str) -> Metric:
            return Metric.unless(self._missing.get(name), name, unit, method)

        calls = "bytes asked for in read calls, cached or not; memory-mapped files do not show here"
        disk = (
            "bytes that the process had fetched from storage (/proc/self/io), memory-mapped files included; "
            "0 says only that the file was in the system's cache"
        )
        peak = "exact: the kernel's high-water mark, reset at the boundaries of nodes of 2 ms and more"
        return (
            cpu_metric(),
            metric("ram_bytes", "B", "resident memory of the process"),
            metric("ram_max_bytes", "B", peak),
            metric("read_bytes", "B", disk),
            Metric.unless(self._missing.get("read_bytes"), "read_call_bytes", "B", calls),
        )

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
        usage = _usage()
        self.children_s = self._read_children_s()
        cpu_s = usage.ru_utime + usage.ru_stime + self.children_s
        ram, peak = self._read_memory(usage)
        calls = self._read_calls() if self._io >= 0 else None
        return ProcessReading(cpu_s, ram, peak, None if calls is None else usage.ru_inblock * BLOCK, calls)

    def _read_memory(self, usage: Any) -> tuple[int | None, int | None]:
        """(resident now, highest since the reading before); starts a new peak."""
        if not self._has_peak:
            return self.ram_bytes(), None
        try:
            peak = _peak_of(usage)
            if peak <= self._floor:
                peak = self._peak_from_status()
            self._pwrite(self._clear, _RESET_PEAK)
        except (OSError, ValueError) as error:
            self._no_peak(str(error))
            return self.ram_bytes(), None
        now = _peak_of(_usage())
        ram = now if now > self._floor else self.ram_bytes()
        # The kernel's counters are approximate by some pages while threads run.
        return ram, peak if ram is None else max(peak, ram)

    def _peak_from_status(self) -> int:
        text = self._pread(self._status, 4096)
        at = text.index(b"VmHWM:") + 6
        return int(text[at : text.index(b"kB", at)]) * 1024

    def _read_calls(self) -> int | None:
        try:
            text = self._pread(self._io, 64)
            return int(text[6 : text.index(b"\n")])  # "rchar: N" is the first line
        except (OSError, ValueError) as error:
            self._give_up("_io", "read_bytes", error)
            return None

    def _no_peak(self, why: str) -> None:
        self._has_peak = False
        self._missing["ram_max_bytes"] = why

    def _give_up(self, attribute: str, metric: str, error: Exception) -> None:
        os.close(getattr(self, attribute))
        setattr(self, attribute, -1)
        self._missing[metric] = str(error)
        log.warning("Profiler: %s can no longer be read (%s); shown as n/a from here on.", metric, error)

    def close(self) -> None:
        """Close the files. Readings after this answer ``None`` for what was read from them."""
        self._has_peak = False
        for name in ("_statm", "_status", "_clear", "_io"):
            descriptor = getattr(self, name)
            setattr(self, name, -1)
            if descriptor >= 0:
                os.close(descriptor)


def _usage() -> Any:
    return resource.getrusage(resource.RUSAGE_SELF)


def _peak_of(usage: Any) -> int:
    peak: int = usage.ru_maxrss
    return peak * 1024
