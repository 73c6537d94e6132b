"""How busy each GPU is, from the driver's own buffer of samples.

``utilization.gpu`` is the share of a window of 1/6 to 1 s in which at least one kernel ran;
asking faster repeats values. The driver keeps the windows' values in a buffer with time
stamps, so draining it once a second loses nothing and costs two calls. The stamps are of
another clock than ours, and drivers differ in which: it is found out, not assumed.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

from ..clock import Clock, now
from ..model import Metric, Sample
from .base import SampledProbe
from .nvml import GPU_UTILIZATION_SAMPLES, NOT_FOUND, WHOLE_GPU, WHOLE_LIBRARY, Nvml, NvmlError
from .nvml_probes import TRIES, NvmlGpu

METRIC = "gpu_load_percent"
DRAIN_S = 1.0
"""The buffer holds some 15 s; once a second keeps the live view alive and the cost low."""
WINDOW_S = 1.0 / 6.0
"""The shortest window over which drivers average."""
STALE_S = 3600.0
AHEAD_S = 5.0
"""A newest sample that lies further back or ahead on a clock was not stamped by that clock."""
VALUE_FIELDS = {0: "dVal", 1: "uiVal", 2: "ulVal", 3: "ullVal", 4: "sllVal"}
"""nvmlValueType_t -> the member of the value that is set."""
GAP = 2.5
"""A pause of more than so many usual distances is a hole and not a window."""


def host_clocks() -> dict[str, Clock]:
    """The clocks by which a driver may stamp: seconds since 1970, since boot with and without sleep."""
    clocks: dict[str, Clock] = {"epoch": time.time, "monotonic": time.monotonic}
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    if boot is not None:
        clocks["boot"] = lambda: time.clock_gettime(boot)
    return clocks


def detect_clock(newest_s: float, clocks: Mapping[str, Clock]) -> str | None:
    """The clock that was closest to ``newest_s`` just now, or ``None`` if none is near."""
    age = {name: clock() - newest_s for name, clock in clocks.items()}
    possible = [name for name, seconds in age.items() if -AHEAD_S < seconds < STALE_S]
    return min(possible, key=lambda name: abs(age[name]), default=None)


@dataclass(slots=True)
class _Feed:
    """Where the reading of one GPU's buffer stands."""

    gpu: NvmlGpu
    polled: bool = False
    why_polled: str = ""
    last_stamp_us: int = 0
    last_end_s: float | None = None
    distance_s: float = WINDOW_S
    strange_stamps: int = 0


class NvmlLoad(SampledProbe):
    """``gpu_load_percent`` of each GPU, as averages over the driver's windows.

    Where the driver has no buffer, its current value is polled at the pace at which it can
    change, and the metric says so. While the buffer is empty (an idle GPU) one poll a round
    fills in.
    """

    name = "NVML load"

    def __init__(
        self,
        nvml: Nvml,
        gpus: tuple[NvmlGpu, ...],
        clock: Clock = now,
        host_clocks: Callable[[], Mapping[str, Clock]] = host_clocks,
    ) -> None:
        self._nvml = nvml
        self._clock = clock
        self._clocks = host_clocks()
        self._feeds = [_Feed(gpu) for gpu in gpus]
        self._since_s = clock()
        for feed in self._feeds:
            if feed.gpu.is_slice:
                feed.gpu.lost[METRIC] = "the NVIDIA driver reports no load for a part of a GPU (MIG)"

    @property
    def period_s(self) -> float | None:
        """Once a window while some GPU is polled, else once a second."""
        return WINDOW_S if any(feed.polled for feed in self._feeds) else DRAIN_S

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """One entry a GPU."""
        found = []
        for feed in self._feeds:
            method = (
                f"the driver's own samples (NVML), about {1000 * feed.distance_s:.0f} ms each: "
                "share of the time in which at least one kernel ran"
            )
            if feed.polled:
                method = (
                    "current value of the driver (NVML) polled six times a second: "
                    f"share of the time in which at least one kernel ran; {feed.why_polled}"
                )
            found.append(feed.gpu.metric(METRIC, "%", method))
        return tuple(found)

    def read(self) -> Iterable[Sample]:
        """All windows that ended since the last call."""
        found: list[Sample] = []
        for feed in self._feeds:
            if feed.gpu.reason(METRIC) is None:
                found += self._poll(feed) if feed.polled else self._drain(feed)
        return found

    def _drain(self, feed: _Feed) -> list[Sample]:
        try:
            kind, rows = self._nvml.ask(
                "nvmlDeviceGetSamples", feed.gpu.handle, GPU_UTILIZATION_SAMPLES, feed.last_stamp_us
            )
        except NvmlError as error:
            if error.code == NOT_FOUND:
                return self._poll(feed)
            if error.is_lasting and error.code not in WHOLE_GPU | WHOLE_LIBRARY:
                self._turn_to_polling(feed, f"no buffer of samples: {error.reason}")
            else:
                feed.gpu.failed(METRIC, error)
            return []
        feed.gpu.failures.pop(METRIC, None)
        field = VALUE_FIELDS.get(int(kind), "uiVal")
        stamped = [(int(row.timeStamp), float(getattr(row.sampleValue, field))) for row in rows]
        stamped = sorted(row for row in stamped if row[0] > feed.last_stamp_us)
        if not stamped:
            return self._poll(feed)
        newest_s = stamped[-1][0] / 1e6
        name = detect_clock(newest_s, self._clocks)
        if name is None:
            feed.strange_stamps += 1
            if feed.strange_stamps >= TRIES:
                self._turn_to_polling(feed, "the clock that stamps its samples is unknown")
            return self._poll(feed)
        feed.strange_stamps = 0
        return self._convert(feed, stamped, self._clock() - self._clocks[name]())

    def _convert(self, feed: _Feed, stamped: list[tuple[int, float]], offset_s: float) -> list[Sample]:
        ends = [stamp / 1e6 + offset_s for stamp, _ in stamped]
        gaps = [later - earlier for earlier, later in pairwise(ends) if later > earlier]
        if gaps:
            feed.distance_s = statistics.median(gaps)
        found = []
        for end_s, (stamp, value) in zip(ends, stamped, strict=True):
            before, feed.last_end_s, feed.last_stamp_us = feed.last_end_s, end_s, stamp
            start_s = end_s - feed.distance_s
            # What was polled meanwhile may lie after windows that reach the buffer late.
            if before is not None and 0 < end_s - before <= GAP * feed.distance_s:
                start_s = before
            if end_s > self._since_s and end_s > start_s:
                found.append(Sample(METRIC, end_s, value, feed.gpu.device.key, start_s))
        return found

    def _turn_to_polling(self, feed: _Feed, why: str) -> None:
        feed.polled = True
        feed.why_polled = why

    def _poll(self, feed: _Feed) -> list[Sample]:
        t_s = self._clock()
        question = partial(self._nvml.ask, "nvmlDeviceGetUtilizationRates", feed.gpu.handle)
        rates: Any = feed.gpu.ask(METRIC, question)
        if rates is None:
            return []
        start_s = t_s - WINDOW_S
        if feed.last_end_s is not None:
            start_s = max(start_s, feed.last_end_s)
        if t_s - start_s < WINDOW_S / 2:
            return []
        feed.last_end_s = t_s
        return [Sample(METRIC, t_s, float(rates.gpu), feed.gpu.device.key, start_s)]
