"""The monitor thread: reads probes on a schedule, keeps what they return.

Knows nothing of what a probe reads. No thread exists before :meth:`Sampler.start`,
none is left after :meth:`Sampler.stop`.
"""

from __future__ import annotations

import logging
import threading
import time
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ..clock import Clock, now
from ..model import Metric, Sample, Series
from ..probes.base import SampledProbe

log = logging.getLogger("holaf.profiler")

STOP_TIMEOUT_S = 5.0
"""How long :meth:`Sampler.stop` waits for a probe that hangs in a driver."""


@dataclass(frozen=True, slots=True)
class SamplerStats:
    """What the sampling cost and how regular it was.

    ``cpu_s``: CPU time of the thread. ``count``: rounds made. The intervals are those
    between the starts of two rounds, ``None`` before the second.
    """

    cpu_s: float
    count: int
    interval_median_s: float | None
    interval_p95_s: float | None


class _Slot:
    """One probe and when it is due."""

    __slots__ = ("due_s", "probe")

    def __init__(self, probe: SampledProbe, due_s: float) -> None:
        self.probe = probe
        self.due_s = due_s


class Sampler:
    """Reads ``probes`` every ``interval_s`` seconds, or at a probe's own longer period.

    The loop works against deadlines, so a slow round does not shift later ones; rounds
    that are missed altogether are left out and not caught up. Used once: start, stop.
    """

    def __init__(self, probes: Sequence[SampledProbe], interval_s: float, clock: Clock = now) -> None:
        self._probes = tuple(probes)
        self._interval_s = interval_s
        self._clock = clock
        self._lock = threading.Lock()
        self._samples: list[Sample] = []
        self._rounds = array("d")
        self._cpu_s = 0.0
        self._dropped: dict[str, str] = {}
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread. A second call does nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="holaf-profiler-sampler", daemon=True)
            self._thread.start()

    def end(self) -> None:
        """Have the thread read everything once more and end. Does not wait for it."""
        self._wake.set()

    def stop(self) -> None:
        """Read everything once more, close the probes, end the thread.

        Waits at most :data:`STOP_TIMEOUT_S`; a thread that hangs in a driver is left
        to end by itself (it is a daemon) and is named in the log.
        """
        thread = self._thread
        if thread is None:
            return
        self.end()
        thread.join(STOP_TIMEOUT_S)
        if thread.is_alive():
            log.warning("Profiler: the sampling thread did not end in %g s; left behind.", STOP_TIMEOUT_S)

    def take(self) -> list[Sample]:
        """All samples since the last call, in the order in which they were read."""
        with self._lock:
            taken, self._samples = self._samples, []
        return taken

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The probes' metrics; those of a dropped probe carry the reason."""
        found: list[Metric] = []
        for probe in self._probes:
            reason = self._dropped.get(probe.name)
            for metric in probe.metrics:
                broken = reason is not None and metric.method is not None
                found.append(replace(metric, method=None, reason=reason) if broken else metric)
        return tuple(found)

    @property
    def stats(self) -> SamplerStats:
        """Cost and regularity so far."""
        rounds = list(self._rounds)
        gaps = sorted(later - earlier for earlier, later in pairwise(rounds))
        return SamplerStats(
            cpu_s=self._cpu_s,
            count=len(rounds),
            interval_median_s=gaps[len(gaps) // 2] if gaps else None,
            interval_p95_s=gaps[min(len(gaps) - 1, int(len(gaps) * 0.95))] if gaps else None,
        )

    def _work(self) -> None:
        interval_s = self._interval_s
        due_s = self._clock()
        slots = [_Slot(probe, due_s) for probe in self._probes]
        while not self._wake.is_set():
            began_s = self._clock()
            self._rounds.append(began_s)
            self._round(slots, began_s)
            self._cpu_s = time.thread_time()
            due_s += interval_s
            now_s = self._clock()
            if now_s > due_s:
                due_s += interval_s * (1 + (now_s - due_s) // interval_s)
            self._wake.wait(due_s - now_s)
        self._round(slots, None)
        for slot in slots:
            self._call_close(slot.probe)
        self._cpu_s = time.thread_time()

    def _round(self, slots: list[_Slot], began_s: float | None) -> None:
        """Read every slot that is due at ``began_s``; ``None`` reads them all."""
        found: list[Sample] = []
        for slot in list(slots):
            # Half an interval of grace keeps slower probes on the common beat.
            if began_s is not None and slot.due_s > began_s + self._interval_s / 2:
                continue
            try:
                found.extend(slot.probe.read())
            except Exception as error:  # noqa: BLE001 - a probe may fail in any way; the run must not
                self._drop(slots, slot, error)
                continue
            if began_s is not None:
                slot.due_s = began_s + (slot.probe.period_s or 0.0)
        if found:
            with self._lock:
                self._samples.extend(found)

    def _drop(self, slots: list[_Slot], slot: _Slot, error: Exception) -> None:
        slots.remove(slot)
        name = slot.probe.name
        self._dropped[name] = f"reading failed during the run ({type(error).__name__}: {error})"
        log.warning("Profiler: probe '%s' failed and is left out of this run.", name, exc_info=error)
        self._call_close(slot.probe)

    @staticmethod
    def _call_close(probe: SampledProbe) -> None:
        try:
            probe.close()
        except Exception as error:
            log.warning("Profiler: closing probe '%s' failed.", probe.name, exc_info=error)


class _Column:
    """All readings of one quantity of one device."""

    __slots__ = ("start_s", "t_s", "value")

    def __init__(self) -> None:
        self.t_s = array("d")
        self.value = array("d")
        self.start_s: array[float] | None = array("d")

    def add(self, sample: Sample) -> None:
        self.t_s.append(sample.t_s)
        self.value.append(sample.value)
        if sample.start_s is None:
            self.start_s = None  # an instant among them: the whole series is one of instants
        elif self.start_s is not None:
            self.start_s.append(sample.start_s)


class SampleLog:
    """Collects samples in any order of quantities. Not thread-safe."""

    def __init__(self, samples: Iterable[Sample] = ()) -> None:
        self._columns: dict[tuple[str, str | None], _Column] = {}
        self.extend(samples)

    def __len__(self) -> int:
        return sum(len(column.t_s) for column in self._columns.values())

    def extend(self, samples: Iterable[Sample]) -> None:
        """Add ``samples``."""
        for sample in samples:
            key = (sample.metric, sample.device)
            column = self._columns.get(key)
            if column is None:
                column = self._columns[key] = _Column()
            column.add(sample)

    def series(self, metrics: Sequence[Metric], origin_s: float) -> tuple[Series, ...]:
        """Samples by quantity and device in time order, in seconds since ``origin_s``.

        Units come from ``metrics``, by device or else by name alone.
        """
        units = {(metric.name, metric.device): metric.unit for metric in metrics}
        return tuple(
            self._series(key, units.get(key, units.get((key[0], None), "")), origin_s)
            for key in self._columns
        )

    def _series(self, key: tuple[str, str | None], unit: str, origin_s: float) -> Series:
        column = self._columns[key]
        order = sorted(range(len(column.t_s)), key=column.t_s.__getitem__)
        start = column.start_s
        return Series(
            metric=key[0],
            unit=unit,
            device=key[1],
            t_s=tuple(column.t_s[index] - origin_s for index in order),
            value=tuple(column.value[index] for index in order),
            start_s=() if start is None else tuple(start[index] - origin_s for index in order),
        )
