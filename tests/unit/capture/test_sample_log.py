"""Samples in, series out."""

from __future__ import annotations

from engine.capture.sample_log import SampleLog
from engine.model import Metric, Sample, Series


def test_samples_become_series_in_time_order_on_the_runs_own_axis() -> None:
    log = SampleLog()
    log.extend([Sample("ram_bytes", 11.0, 1.0), Sample("gpu_load_percent", 12.0, 50.0, "cuda:0", 11.0)])
    log.extend(
        [
            Sample("ram_bytes", 12.0, 2.0),
            Sample("gpu_load_percent", 11.0, 40.0, "cuda:0", 10.5),
            Sample("gpu_load_percent", 11.0, 9.0, "cuda:1", 10.0),
        ]
    )
    metrics = (
        Metric(name="ram_bytes", unit="B", method="read"),
        Metric(name="gpu_load_percent", unit="%", method="read", device="cuda:0"),
    )
    assert len(log) == 5
    assert log.series(metrics, 10.0) == (
        Series(metric="ram_bytes", unit="B", t_s=(1.0, 2.0), value=(1.0, 2.0)),
        Series(
            metric="gpu_load_percent",
            unit="%",
            device="cuda:0",
            t_s=(1.0, 2.0),
            value=(40.0, 50.0),
            start_s=(0.5, 1.0),
        ),
        Series(metric="gpu_load_percent", unit="", device="cuda:1", t_s=(1.0,), value=(9.0,), start_s=(0.0,)),
    )


def test_one_instant_among_averages_makes_a_series_of_instants() -> None:
    log = SampleLog()
    log.extend([Sample("a", 1.0, 1.0, None, 0.5), Sample("a", 2.0, 2.0), Sample("a", 3.0, 3.0, None, 2.5)])
    (series,) = log.series((), 0.0)
    assert series.start_s == ()
    assert series.value == (1.0, 2.0, 3.0)
