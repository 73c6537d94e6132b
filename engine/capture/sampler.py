"""The monitor thread: reads probes on a schedule, into the log that everybody reads.

Knows nothing of what a probe reads. No thread exists before :meth:`Sampler.start`,
none is left after :meth:`Sampler.stop`.
"""

from __future__ import annotations

import logging
import threading
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol

from ..clock import Clock, now
from ..model import Metric, Sample
from ..probes.base import SampledProbe
from .sample_log import SampleLog

log = logging.getLogger("holaf.profiler")

STOP_TIMEOUT_S = 2.0
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


class Beat(Protocol):
    """Something that is sampled at a pace of its own, which it sets itself."""

    due_s: float

    def sample(self) -> None: ...


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

    def __init__(
        self, probes: Sequence[SampledProbe], interval_s: float, log: SampleLog, clock: Clock = now
    ) -> None:
        self._log = log
        self._probes = tuple(probes)
        self._interval_s = interval_s
        self._clock = clock
        self._rounds = array("d")
        self._cpu_s = 0.0
        self._dropped: dict[str, str] = {}
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_left_behind = False
        self._beat: Beat | None = None

    def start(self, beat: Beat | None = None) -> None:
        """Start the thread, which also keeps ``beat``. A second call does nothing."""
        if self._thread is None:
            self._beat = beat
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
        if thread is None or self._is_left_behind:
            return
        self.end()
        thread.join(STOP_TIMEOUT_S)
        if thread.is_alive():
            self._is_left_behind = True
            log.warning("Profiler: the sampling thread did not end in %g s; left behind.", STOP_TIMEOUT_S)

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
            self._wait_until(due_s)
        self._round(slots, None)
        for slot in slots:
            self._call_close(slot.probe)
        self._cpu_s = time.thread_time()

    def _wait_until(self, due_s: float) -> None:
        """Wait for the next round, with as many samples of the beat as are due before it."""
        while (beat := self._beat) is not None and beat.due_s < due_s:
            if self._wake.wait(max(beat.due_s - self._clock(), 0.0)):
                return
            try:
                beat.sample()
            except Exception as error:
                self._beat = None
                log.warning("Profiler: sampling stacks failed and is left out from now on.", exc_info=error)
        self._wake.wait(max(due_s - self._clock(), 0.0))

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
            self._log.extend(found)

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
