"""The table as text: aligned, narrow, and the same facts as the run."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from engine.model import Metric
from engine.render import table
from engine.render.options import Options
from engine.render.report import prepare
from tests import builders


@pytest.mark.parametrize("name", builders.RUNS)
def test_no_line_is_wider_than_a_forum_post(name: str) -> None:
    text = table.render(prepare(builders.RUNS[name]()))
    assert max(len(line) for line in text.splitlines()) <= table.WIDTH
    assert all(line == line.rstrip() for line in text.splitlines())


def test_numbers_stand_under_one_another_and_names_last() -> None:
    lines = table.render(prepare(builders.sdxl_run(), groups=())).splitlines()
    rule = next(number for number, line in enumerate(lines) if line.startswith("---"))
    edges = [found.end() for found in re.finditer("-+", lines[rule])]
    rows = lines[rule + 1 : rule + 11]
    assert len(rows) == 10
    for row in rows:
        for edge in edges[:-1]:
            assert row[edge - 1] != " "
            assert row[edge : edge + 2] == "  "
    assert rows[0].endswith("#3 KSampler")
    assert rows[0].split()[:3] == ["1", "24.60", "59.7"]


def test_total_is_the_sum_and_the_highest_peak() -> None:
    run = builders.cpu_only_run()
    (line,) = [line for line in table.render(prepare(run)).splitlines() if line.endswith("total of 5 nodes")]
    time_s, _, ram_gb = (float(cell) for cell in line.split()[:3])
    assert time_s == pytest.approx(sum(step.exec_time or 0 for step in run.steps), abs=0.01)
    assert ram_gb == pytest.approx(max(step.ram_max_bytes or 0 for step in run.steps) / builders.GB, abs=0.01)


def test_nodes_past_the_top_are_counted_not_dropped() -> None:
    run = builders.chain_run(50, 20.0)
    text = table.render(prepare(run, Options(top_n=5)))
    (line,) = [line for line in text.splitlines() if line.endswith("45 more nodes")]
    slowest = sorted((step.exec_time or 0.0 for step in run.steps), reverse=True)
    assert float(line.split()[0]) == pytest.approx(sum(slowest[5:]), abs=0.01)


def test_a_node_that_was_not_measured_reads_na_and_the_reason_stands_below() -> None:
    run = builders.sdxl_run()
    steps = (replace(run.steps[0], vram_start=None, vram_max=None, vram_end=None), *run.steps[1:])
    metrics = (*run.metrics, Metric(name="cpu_seconds", unit="s", reason="the clock stood still"))
    text = table.render(prepare(replace(run, steps=steps, metrics=metrics)))
    (line,) = [line for line in text.splitlines() if line.endswith("#12 Load Diffusion Model [UNETLoader]")]
    assert line.split()[3:5] == ["n/a", "n/a"]
    assert "n/a: CPU time: the clock stood still" in text


def test_cached_nodes_show_their_last_real_time() -> None:
    text = table.render(prepare(builders.all_cached_run()))
    assert "#5 Empty Latent Image, took 2.0 ms in run 127" in text


def test_a_node_of_a_loop_says_how_often_it_ran() -> None:
    run = builders.sdxl_run()
    slowest = max(run.steps, key=lambda step: step.exec_time or 0.0)
    steps = tuple(replace(step, execution_count=12 if step is slowest else 1) for step in run.steps)
    text = table.render(prepare(replace(run, steps=steps)))
    assert text.count("×") == 1
    assert "#3 KSampler ×12\n" in text


def test_what_a_run_made_and_how_it_came_to_run_is_said_where_it_is_worth_a_word() -> None:
    plain = builders.sdxl_run()
    assert "output" not in table.render(prepare(plain))
    told = replace(
        plain,
        output_count=2,
        frame_count=80,
        total_time=40.0,
        queue_wait_s=12.5,
        attempt=2,
        retry_of=7,
    )
    line = "2 outputs · 80 frames, 500 ms each · waited 12.5 s in the queue · try 2, after run 7 failed"
    assert line in table.render(prepare(told))
