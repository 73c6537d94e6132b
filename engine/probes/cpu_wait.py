"""How much CPU this process asked for and did not get. Linux only: no other system tells."""

from __future__ import annotations

import os
from collections.abc import Iterable

from ..clock import Clock, now
from ..model import Metric, Sample
from .base import SampledProbe

METRIC = "cpu_wait_percent"
PERIOD_S = 2.0
"""A file is read for each thread, some 12 us of CPU time: 1.3 ms for a hundred of them."""
_NOT_LINUX = "this system does not tell how long threads wait for a core"
_NO_COUNTERS = "this kernel does not count how long threads wait for a core (schedstat)"
_METHOD = (
    "time for which ready threads of the process waited for a core (schedstat), up to the cores that it "
    "may use; 100 % is one core"
)


class CpuWait(SampledProbe):
    """``cpu_wait_percent``, every two seconds.

    More threads than cores wait for one another, and nobody took anything from them: what they used and
    what they waited for count together no further than to the cores that the process may use.
    """

    name = "CPU wait"
    period_s: float | None = PERIOD_S

    def __init__(self, folder: str = "/proc/self", cores: float | None = None, clock: Clock = now) -> None:
        """``cores``: how many the process may use; found out where ``None``."""
        self._tasks = f"{folder}/task"
        self._clock = clock
        self._cores = usable_cores() if cores is None else cores
        self._before: tuple[float, dict[str, tuple[int, int]]] | None = None
        self._reason = self._find_reason()

    def _find_reason(self) -> str | None:
        if not os.path.isdir(self._tasks):
            return _NOT_LINUX
        return None if any(used or waited for used, waited in self._read().values()) else _NO_COUNTERS

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """One entry."""
        method = None if self._reason else _METHOD
        return (Metric(name=METRIC, unit="%", method=method, reason=self._reason),)

    def read(self) -> Iterable[Sample]:
        """The wait since the last call; nothing on the first."""
        if self._reason is not None:
            return ()
        t_s, threads = self._clock(), self._read()
        before, self._before = self._before, (t_s, threads)
        if before is None or t_s - before[0] < PERIOD_S / 10:
            return ()
        span_s = t_s - before[0]
        used_s = waited_s = 0.0
        for thread, (used_ns, waited_ns) in threads.items():
            # A thread that is new began during the span: all of its time lies in it.
            used_before, waited_before = before[1].get(thread, (0, 0))
            used_s += (used_ns - used_before) / 1e9
            waited_s += (waited_ns - waited_before) / 1e9
        missing_s = min(waited_s, max(0.0, self._cores * span_s - used_s))
        return (Sample(METRIC, t_s, max(0.0, 100.0 * missing_s / span_s), None, before[0]),)

    def _read(self) -> dict[str, tuple[int, int]]:
        """Thread -> nanoseconds on a core, and ready without one."""
        found = {}
        for thread in os.listdir(self._tasks):
            try:
                with open(f"{self._tasks}/{thread}/schedstat", "rb") as file:
                    used, waited, _ = file.read().split()
            except (OSError, ValueError):
                continue  # ended meanwhile, or a kernel without these counters
            found[thread] = int(used), int(waited)
        return found


def usable_cores(cgroup: str = "/sys/fs/cgroup") -> float:
    """The cores that this process may use: those it is bound to, no more than its container's limit."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = float(len(affinity(0)) if affinity is not None else os.cpu_count() or 1)
    for names in (("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")):
        try:
            texts = []
            for name in names:
                with open(f"{cgroup}/{name}", encoding="ascii") as file:
                    texts += file.read().split()
            quota, period = float(texts[0]), float(texts[1])
        except (OSError, ValueError, IndexError):
            continue  # no such limit, or "max"
        if quota > 0 and period > 0:
            return min(cores, quota / period)
    return cores
