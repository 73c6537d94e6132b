"""The monitor thread: schedule, log, probes that fail."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterable

import pytest

from engine.capture.sample_log import SampleLog
from engine.capture.sampler import Sampler
from engine.model import Metric, Sample

THREAD = "holaf-profiler-sampler"


class Probe:
    """Counts its readings; fails from the ``fails_at``-th on; ``enough`` is set after ``wanted``."""

    def __init__(
        self, name: str, period_s: float | None = None, *, wanted: int = 1, fails_at: int | None = None
    ) -> None:
        self.name = name
        self.period_s = period_s
        self.count = 0
        self.closed_by: list[str] = []
        self.enough = threading.Event()
        self._wanted = wanted
        self._fails_at = fails_at

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return (Metric(name=self.name, unit="", method="counted"),)

    def read(self) -> Iterable[Sample]:
        self.count += 1
        if self.count >= self._wanted:
            self.enough.set()
        if self._fails_at is not None and self.count >= self._fails_at:
            raise OSError("gone")
        return [Sample(self.name, float(self.count), 1.0)]

    def close(self) -> None:
        self.closed_by.append(threading.current_thread().name)


def samples_in_memory() -> int:
    gc.collect()
    return sum(isinstance(thing, Sample) for thing in gc.get_objects())


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == THREAD]


def test_no_thread_before_start_and_none_after_stop() -> None:
    probe = Probe("a", wanted=3)
    sampler = Sampler([probe], 0.001, SampleLog())
    assert threads() == []
    sampler.start()
    sampler.start()
    assert threads() == [THREAD]
    assert probe.enough.wait(5)
    sampler.stop()
    assert threads() == []
    assert probe.closed_by == [THREAD]
    sampler.stop()
    assert probe.closed_by == [THREAD]


def test_every_sample_is_in_the_log_once_and_in_order_with_nobody_reading() -> None:
    """Nothing else may hold samples: they piled up, unpacked, where no browser was open."""
    probe, log = Probe("a", wanted=720), SampleLog()
    sampler = Sampler([probe], 0.0001, log)
    before = samples_in_memory()
    sampler.start()
    assert probe.enough.wait(30)
    assert len(log) >= 719  # the 720th may be on its way
    assert samples_in_memory() < before + 10
    sampler.stop()
    (series,) = log.series((), 0.0)
    assert series.t_s == tuple(float(i + 1) for i in range(probe.count))
    assert log.newest("a") == 1.0
    assert log.newest("b") is None


def test_a_failing_probe_is_dropped_with_its_reason_and_the_rest_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bad, good = Probe("bad", wanted=2, fails_at=2), Probe("good", wanted=10)
    sampler = Sampler([bad, good], 0.001, SampleLog())
    sampler.start()
    assert good.enough.wait(5)
    sampler.stop()
    assert bad.count == 2
    assert bad.closed_by == [THREAD]
    reasons = {metric.name: metric.reason for metric in sampler.metrics}
    assert reasons == {"bad": "reading failed during the run (OSError: gone)", "good": None}
    assert [record.getMessage().count("bad") for record in caplog.records] == [1]


def test_a_slow_period_is_kept_and_the_end_is_read_by_all() -> None:
    slow, fast = Probe("slow", 3600.0), Probe("fast", wanted=10)
    sampler = Sampler([slow, fast], 0.001, SampleLog())
    sampler.start()
    assert fast.enough.wait(5)
    assert slow.count == 1
    sampler.stop()
    assert slow.count == 2


def test_stop_does_not_wait_for_the_next_round() -> None:
    """With an hour between rounds, a stop that waited for one would fail the suite."""
    probe = Probe("a")
    sampler = Sampler([probe], 3600.0, SampleLog())
    sampler.start()
    assert probe.enough.wait(5)
    sampler.stop()
    assert threads() == []
    assert probe.count == 2


def test_stats_count_rounds_and_cpu_time() -> None:
    probe = Probe("a", wanted=5)
    sampler = Sampler([probe], 0.001, SampleLog())
    assert sampler.stats.interval_median_s is None
    sampler.start()
    assert probe.enough.wait(5)
    sampler.stop()
    stats = sampler.stats
    assert stats.count == probe.count - 1  # the last reading belongs to the stop
    assert stats.interval_median_s is not None
    assert stats.interval_p95_s is not None
    assert 0.0 < stats.interval_median_s <= stats.interval_p95_s
    assert stats.cpu_s > 0.0


def test_a_probe_that_hangs_is_left_behind_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Report asks for the end of sampling, and so does the end of the prompt: neither waits twice."""
    monkeypatch.setattr("engine.capture.sampler.STOP_TIMEOUT_S", 0.01)
    go = threading.Event()
    probe = Probe("a")
    monkeypatch.setattr(probe, "read", lambda: go.wait(10.0) and [])
    sampler = Sampler([probe], 0.001, SampleLog())
    sampler.start()
    sampler.stop()
    sampler.stop()
    assert [record.getMessage().count("left behind") for record in caplog.records] == [1]
    go.set()
