"""The sentences and numbers over a report, for every way a run can end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.analysis.advice import advise
from engine.analysis.ranking import rank
from engine.analysis.summary import summarize
from engine.model import Device, Overhead, Run, Series, Step
from engine.model.step import merged
from engine.render.notes import notes_for
from tests import builders

GPU = Device(key="cuda:0", name="Card", memory_total_bytes=24 * builders.GB, primary=True)


def run_of(*steps: Step, total_s: float, **fields: object) -> Run:
    return Run(timestamp=builders.TIMESTAMP, status="success", total_time=total_s, steps=steps, **fields)  # type: ignore[arg-type]


def load(values: list[tuple[float, float, float]]) -> Series:
    """GPU load as ``(start, end, percent)``."""
    return Series(
        metric="gpu_load_percent",
        unit="%",
        device="cuda:0",
        t_s=[end for _, end, _ in values],
        start_s=[start for start, _, _ in values],
        value=[percent for _, _, percent in values],
    )


@pytest.mark.parametrize(
    ("make", "headline"),
    [
        (builders.failed_run, "KSampler failed with out of memory after 12.3 s"),
        (builders.interrupted_run, "Interrupted in KSampler after 21.7 s"),
        (builders.crashed_run, "ComfyUI ended while KSampler was running, 20.0 s into the run"),
        (builders.all_cached_run, "Everything was cached: nothing ran"),
        (builders.empty_run, "Nothing ran: there was no node to measure"),
        (
            lambda: replace(
                builders.all_cached_run(),
                warnings=("Measuring stopped early because of an error in the profiler: ValueError: a bug",),
                total_time=2.0,
            ),
            "Measuring stopped early because of an error in the profiler after 2.0 s",
        ),
    ],
)
def test_headline_says_how_the_run_ended(make: Callable[[], Run], headline: str) -> None:
    assert summarize(make()).headline == headline


def test_headline_names_the_node_and_its_share() -> None:
    run = run_of(
        builders.step("1", "KSampler", 0.0, 7.8), builders.step("2", "VAEDecode", 7.8, 2.2), total_s=10.0
    )
    assert summarize(run).headline == "KSampler takes 78 % of 10.0 s"


def test_headline_tells_nodes_with_one_title_apart() -> None:
    run = run_of(
        builders.step("1", "KSampler", 0.0, 7.0), builders.step("5", "KSampler", 7.0, 3.0), total_s=10.0
    )
    assert summarize(run).headline == "KSampler #1 takes 70 % of 10.0 s"


def test_headline_adds_up_nodes_of_a_kind_when_none_stands_out() -> None:
    samplers = [builders.step(str(n), "KSampler", n * 2.0, 2.0, title=f"pass {n}") for n in range(4)]
    run = run_of(*samplers, builders.step("9", "VAEDecode", 8.0, 2.0), total_s=10.0)
    assert summarize(run).headline == "4 KSampler nodes take 80 % of 10.0 s"


def test_failure_of_another_kind_is_named_and_quoted() -> None:
    failed = replace(builders.step("1", "Loader", 0.0, 1.0), status="error")
    run = replace(
        run_of(failed, total_s=1.0),
        status="failed",
        error_node_id="1",
        error_type="builtins.FileNotFoundError",
        error_message="no such file: model.safetensors",
    )
    summary = summarize(run)
    assert summary.headline == "Loader failed with FileNotFoundError after 1.0 s"
    assert "no such file: model.safetensors." in summary.detail


def test_profiler_nodes_do_not_count() -> None:
    report = replace(builders.step("9", "HolafProfilerReport", 1.0, 30.0), role="profiler")
    summary = summarize(run_of(builders.step("1", "KSampler", 0.0, 1.0), report, total_s=1.0))
    assert (summary.node_count, summary.executed_count) == (1, 1)
    assert [step.node_id for step in summary.ranking] == ["1"]


def test_idle_share_is_the_complement_of_the_mean_load() -> None:
    steps = (builders.step("1", "UNETLoader", 0.0, 4.0), builders.step("2", "KSampler", 4.0, 6.0))
    series = load([(0.0, 1.0, 0.0), (1.0, 4.0, 0.0), (4.0, 7.0, 100.0), (7.0, 10.0, 50.0)])
    summary = summarize(run_of(*steps, total_s=10.0, devices=(GPU,), series=(series,)))
    assert summary.idle is not None
    assert summary.idle.share == pytest.approx((4.0 + 1.5) / 10)
    assert summary.idle.loading_share == pytest.approx(4.0 / 5.5)
    assert "The GPU is idle 55 % of the time, most of it while models load." in summary.detail


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([(0.0, 1.0, 10.0), (1.0, 2.0, 10.0), (2.0, 3.0, 10.0)], id="covers a third"),
        pytest.param([(0.0, 9.0, 10.0)], id="one reading"),
    ],
)
def test_nothing_is_said_about_idling_on_too_few_readings(values: list[tuple[float, float, float]]) -> None:
    run = run_of(
        builders.step("1", "KSampler", 0.0, 9.0), total_s=9.0, devices=(GPU,), series=(load(values),)
    )
    summary = summarize(run)
    assert summary.idle is None
    assert "idle" not in summary.detail


def test_peak_is_the_allocators_or_the_sampled_one_whichever_is_higher() -> None:
    gb = builders.GB
    step = builders.step("1", "KSampler", 0.0, 2.0, vram_gb=(1, 5, 2))
    later = builders.step("2", "VAEDecode", 2.0, 2.0, vram_gb=(2, 3, 2))
    sampled = Series(
        metric="vram_bytes", unit="B", device="cuda:0", t_s=[1.0, 3.0], value=[4.0 * gb, 6.0 * gb]
    )
    alone = summarize(run_of(step, later, total_s=4.0, devices=(GPU,)))
    both = summarize(run_of(step, later, total_s=4.0, devices=(GPU,), series=(sampled,)))
    assert alone.vram_peak is not None
    assert (alone.vram_peak.value_bytes, alone.vram_peak.node_id) == (5 * gb, "1")
    assert both.vram_peak is not None
    assert (both.vram_peak.value_bytes, both.vram_peak.node_id) == (6 * gb, "2")
    assert "VRAM peaks at 5.0 of 24 GB in KSampler." in alone.detail


def test_without_a_gpu_the_second_line_speaks_of_ram() -> None:
    summary = summarize(builders.cpu_only_run())
    assert summary.vram_peak is None
    assert summary.detail == "RAM peaks at 4.1 GB in VAE Decode."


def test_unmeasured_values_come_after_measured_ones_and_cached_nodes_last() -> None:
    steps = builders.positioned(
        [
            builders.step("a", "A", 0.0, 1.0),
            builders.cached("b", "B"),
            builders.step("c", "C", 1.0, 2.0, vram_gb=(1, 2, 1)),
            builders.step("d", "D", 3.0, 3.0, vram_gb=(1, 9, 5)),
        ]
    )
    assert [step.node_id for step in rank(steps, "active time")] == ["d", "c", "a", "b"]
    assert [step.node_id for step in rank(steps, "VRAM peak")] == ["d", "c", "a", "b"]
    assert [step.node_id for step in rank(steps, "VRAM change")] == ["d", "c", "a", "b"]
    assert [step.node_id for step in rank(steps, "execution order")] == ["a", "c", "d", "b"]


def test_own_cost_leaves_out_what_comes_after_the_run_and_the_nodes_own_gpu_work() -> None:
    overhead = Overhead(boundary_s=0.1, sync_s=5.7, sampler_s=0.3, writer_s=5.0, report_s=9.0)
    run = run_of(builders.step("1", "A", 0.0, 6.0), total_s=6.0, overhead=overhead)
    summary = summarize(run)
    assert summary.overhead_s == pytest.approx(0.4)
    assert summary.overhead_share == pytest.approx(0.4 / 6.0)
    assert summary.sync_s == 5.7
    assert not [entry for entry in advise(run) if "overhead_s" in entry.evidence and entry.saving_s > 0.5]


@pytest.mark.parametrize(
    ("machine", "own", "cores", "expected"),
    [
        (98.0, 400.0, "8", 0.48),
        (98.0, 780.0, "8", None),
        (60.0, 100.0, "8", None),
        (98.0, 400.0, "", None),
    ],
    ids=["others had half", "all its own", "cores to spare", "cores unknown"],
)
def test_a_run_that_others_kept_waiting_says_so(
    machine: float, own: float, cores: str, expected: float | None
) -> None:
    times = [float(second) for second in range(10)]
    series = tuple(
        Series(metric=metric, unit="%", t_s=times, value=[value] * 10)
        for metric, value in (("machine_cpu_percent", machine), ("cpu_percent", own))
    )
    step = builders.step("1", "KSampler", 0.0, 9.5)
    run = run_of(step, total_s=10.0, series=series, environment={"cpu.count": cores})
    summary = summarize(run)
    assert summary.contention.others_cpu_share == (None if expected is None else pytest.approx(expected))
    told = "on a machine that other programs kept busy" in summary.headline
    assert told == (expected is not None)
    assert ("Other programs used 48 % of all cores" in str(notes_for(run, summary).warnings)) == told


def test_intervals_that_touch_are_one() -> None:
    assert merged([(3.0, 4.0), (0.0, 1.0), (1.0, 2.0), (0.5, 0.6), (5.0, 5.0)]) == [(0.0, 2.0), (3.0, 4.0)]
