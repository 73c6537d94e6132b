"""What a run asked for and did not get: said where it was measured and enough to matter, else not."""

from __future__ import annotations

import pytest

from engine.analysis.contention import contention_kinds
from engine.analysis.summary import summarize
from engine.model import Contention, Device, Run, Series
from engine.render.notes import notes_for
from tests import builders

GPU = Device(key="cuda:0", name="GPU", primary=True)


def run_with(**means: float) -> Run:
    """Ten seconds with these loads, in percent; eight cores."""
    series = tuple(
        Series(
            metric=metric,
            unit="%",
            t_s=[second + 1.0 for second in range(10)],
            start_s=[float(second) for second in range(10)],
            value=[value] * 10,
            device="cuda:0" if metric.startswith("gpu") else None,
        )
        for metric, value in means.items()
    )
    return Run(
        timestamp="2026-01-01T00:00:00Z",
        status="success",
        total_time=10.0,
        steps=(builders.step("1", "KSampler", 0.0, 9.5),),
        series=series,
        devices=(GPU,),
        environment={"cpu.count": "8"},
    )


@pytest.mark.parametrize(
    ("means", "expected", "phrase"),
    [
        ({"cpu_percent": 100.0, "cpu_wait_percent": 100.0}, Contention(cpu_missing_share=0.5), "kept busy"),
        (
            {"cpu_percent": 400.0, "cpu_wait_percent": 300.0, "machine_cpu_percent": 98.0},
            Contention(cpu_missing_share=3 / 7, others_cpu_share=0.48),
            "kept busy",
        ),
        ({"cpu_percent": 100.0, "cpu_wait_percent": 8.0}, Contention(), ""),
        ({"cpu_percent": 2.0, "cpu_wait_percent": 1.0}, Contention(), ""),
        ({"cpu_percent": 400.0, "cpu_wait_percent": 2.0, "machine_cpu_percent": 98.0}, Contention(), ""),
        ({"gpu_others_percent": 30.0}, Contention(gpu_others_share=0.3), "that other programs used"),
        ({"gpu_slowed_percent": 50.0}, Contention(gpu_slowed_share=0.5), "that was slowed down"),
        ({"gpu_others_percent": 4.0, "gpu_slowed_percent": 5.0}, Contention(), ""),
        ({}, Contention(), ""),
    ],
    ids=[
        "half missing",
        "half missing, to others",
        "little",
        "hardly anything asked for",
        "a busy machine that gave it all",
        "shared GPU",
        "slow GPU",
        "little of either",
        "not measured",
    ],
)
def test_what_was_missing_is_in_the_headline_and_the_notes(
    means: dict[str, float], expected: Contention, phrase: str
) -> None:
    run = run_with(**means)
    summary = summarize(run)
    for name in Contention.__dataclass_fields__:
        value = getattr(expected, name)
        assert getattr(summary.contention, name) == (value if value is None else pytest.approx(value)), name
    assert bool(contention_kinds(summary.contention)) == bool(phrase)
    said = ", on a" in summary.headline
    assert phrase in summary.headline
    assert said == bool(phrase)
    known = sum(getattr(expected, name) is not None for name in Contention.__dataclass_fields__)
    assert len(notes_for(run, summary).warnings) == known
