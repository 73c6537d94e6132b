"""What this process used so far, asked through psutil: for Windows, macOS and whatever else it knows."""

from __future__ import annotations

import sys
import time

import psutil

from ..model import Metric
from .process import ProcessReading, children_clock, cpu_metric


class PortableProcess:
    """There is no peak that can be reset, so the peak is left to the sampler."""

    def __init__(self, process: psutil.Process | None = None) -> None:
        self._process = process or psutil.Process()
        self._read_children_s = children_clock()
        self.children_s = self._read_children_s()
        self._missing: dict[str, str] = {}
        self._has_io = hasattr(self._process, "io_counters")

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """One entry for each of the reading's quantities."""
        no_disk = f"{sys.platform} does not tell reads from storage and reads from cache apart"
        calls = "bytes asked for in read calls, cached or not"
        no_calls = None if self._has_io else f"{sys.platform} keeps no count of bytes read by a process"
        ram = "resident memory of the process"
        return (
            cpu_metric(),
            Metric.unless(self._missing.get("ram_bytes"), "ram_bytes", "B", ram),
            Metric(name="ram_max_bytes", unit="B", method="sampled: peaks between two samples are missed"),
            Metric(name="read_bytes", unit="B", reason=no_disk),
            Metric.unless(no_calls, "read_call_bytes", "B", calls),
        )

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
        self.children_s = self._read_children_s()
        cpu_s = time.process_time() + self.children_s
        return ProcessReading(cpu_s, self.ram_bytes(), None, None, calls)
