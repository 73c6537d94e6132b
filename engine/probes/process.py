"""What this process used so far: CPU time, memory, bytes read. Never looks at other processes.

:class:`ProcessProbe` is the face of the readers: one for Linux, which asks the kernel
directly, and one for all other systems. :class:`ProcessSampler` reads memory and CPU load
on the monitor thread.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from ..clock import Clock, now
from ..model import Metric, Sample
from .base import SampledProbe

MIN_LOAD_SPAN_S = 0.005
"""A load over less than this says more about the moment than about the load."""


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

    children_s: float
    """CPU seconds of the children that had been reaped by the last :meth:`read`.

    An attribute, because it is asked for at each boundary of each node.
    """

    def ram_bytes(self) -> int | None:
        """Resident memory now. Leaves the peak alone, so any thread may ask."""

    def read(self) -> ProcessReading:
        """Everything at once; starts a new peak. For one thread only."""


def children_clock() -> Callable[[], float]:
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


def cpu_metric() -> Metric:
    if sys.platform == "win32":
        method = "the process's CPU clock, all threads"
    else:
        method = "the process's CPU clock, all threads; child processes count once they have ended"
    return Metric(name="cpu_seconds", unit="s", method=method)


class ProcessSampler(SampledProbe):
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
