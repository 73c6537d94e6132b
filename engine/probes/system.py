"""The machine as a whole: CPU load of all programs, size of its memory. Reads no process."""

from __future__ import annotations

from collections.abc import Iterable

import psutil

from ..clock import Clock, now
from ..model import Metric, Sample
from .base import SampledProbe

MIN_SPAN_S = 0.2
"""Some twenty ticks: the shortest span over which the load means something."""


def total_ram_bytes() -> int | None:
    """The machine's memory, or ``None`` where the system does not say."""
    try:
        return int(psutil.virtual_memory().total)
    except (psutil.Error, OSError, RuntimeError):
        return None


class MachineSampler(SampledProbe):
    """CPU load of the whole machine, twice a second.

    The system counts in ticks of 10 ms (Linux) to 16 ms (Windows): over one sampling
    interval that would be noise. ``psutil.cpu_percent`` is not used, because its state
    is global: another pack that calls it would cut our interval short.
    """

    name = "machine"
    period_s: float | None = 0.5

    def __init__(self, clock: Clock = now) -> None:
        self._clock = clock
        self._before: tuple[float, float, float] | None = None

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """``machine_cpu_percent``: 100 % is every core kept busy."""
        method = "busy time of all cores over half a second; 100 % is every core kept busy"
        return (Metric(name="machine_cpu_percent", unit="%", method=method),)

    def read(self) -> Iterable[Sample]:
        """The load since the last call; nothing on the first."""
        times = psutil.cpu_times()
        t_s = self._clock()
        # On Linux guest time is already part of user time.
        total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
        idle = times.idle + getattr(times, "iowait", 0.0)
        before = self._before
        if before is not None and (total <= before[1] or t_s - before[0] < MIN_SPAN_S):
            return ()
        self._before = (t_s, total, idle)
        if before is None:
            return ()
        busy = 1.0 - (idle - before[2]) / (total - before[1])
        return (Sample("machine_cpu_percent", t_s, 100.0 * min(1.0, max(0.0, busy)), None, before[0]),)
