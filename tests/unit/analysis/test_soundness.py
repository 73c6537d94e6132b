"""Values that no clock or counter can have shown count as not measured."""

from __future__ import annotations

import math
from dataclasses import replace

from engine.analysis.soundness import sound
from engine.model import Run, Segment, Series
from engine.render import table
from engine.render.chart import picture as chart
from engine.render.report import prepare
from tests import builders


def test_a_sound_run_is_left_alone() -> None:
    run = builders.RUNS["two_gpus"]()
    assert sound(run) is run


def test_what_cannot_be_true_is_not_measured() -> None:
    step = replace(
        builders.step("1", "A", 1.0, 2.0),
        exec_time=math.nan,
        vram_max=-1,
        cpu_seconds=math.inf,
        segments=(Segment("run", 1.0, 2.0), Segment("run", 3.0, 2.0)),
    )
    series = Series(
        metric="ram_bytes", unit="B", t_s=[2.0, 1.0, math.nan, 3.0], value=[20.0, 10.0, 5.0, math.inf, 7.0]
    )
    found = sound(Run(timestamp="", total_time=-3.0, steps=(step,), series=(series,)))
    assert found.total_time is None
    assert (found.steps[0].exec_time, found.steps[0].vram_max, found.steps[0].cpu_seconds) == (
        None,
        None,
        None,
    )
    assert found.steps[0].segments == (Segment("run", 1.0, 2.0),)
    assert (found.series[0].t_s, found.series[0].value) == ((1.0, 2.0), (10.0, 20.0))


def test_such_a_run_is_still_reported() -> None:
    step = replace(builders.step("1", "A", 1.0, 2.0), exec_time=math.nan, vram_max=-1)
    broken = Run(timestamp="", status="success", total_time=math.nan, steps=(step,))
    assert "1 node ran" in table.render(prepare(broken))
    assert chart.draw(prepare(broken), width_px=800).width == 800
