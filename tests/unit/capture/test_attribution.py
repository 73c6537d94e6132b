"""What samples say about steps, on runs small enough to work out by hand."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from engine.capture.attribution import attribute
from engine.model import Device, Metric, Role, Run, Segment, Series, Step, StepDevice

GPU = Device(key="cuda:0", name="GPU", primary=True)
SECOND = Device(key="cuda:1", name="GPU")


def step(node_id: str, *spans: tuple[float, float], kind: str = "run", role: Role = "node") -> Step:
    return Step(
        node_id=node_id,
        node_type="Any",
        role=role,
        start_s=spans[0][0],
        end_s=spans[-1][1],
        exec_time=sum(end - start for start, end in spans),
        segments=tuple(Segment(kind, start, end) for start, end in spans),  # type: ignore[arg-type]
    )


def instants(metric: str, *points: tuple[float, float], device: str | None = None) -> Series:
    return Series(
        metric=metric, unit="", t_s=[t for t, _ in points], value=[v for _, v in points], device=device
    )


def averages(metric: str, *spans: tuple[float, float, float], device: str | None = None) -> Series:
    """(begin, end, value)."""
    return Series(
        metric=metric,
        unit="",
        start_s=[begin for begin, _, _ in spans],
        t_s=[end for _, end, _ in spans],
        value=[value for _, _, value in spans],
        device=device,
    )


def attributed(
    *steps: Step, series: tuple[Series, ...] = (), devices: tuple[Device, ...] = (GPU,), **fields: object
) -> Run:
    run = Run(timestamp="", steps=steps, series=series, devices=devices)
    return attribute(replace(run, **fields))  # type: ignore[arg-type]


def test_gpu_load_is_weighted_by_overlap() -> None:
    load = averages("gpu_load_percent", (0.0, 1.0, 100), (1.0, 2.0, 40), (2.0, 3.0, 10), device="cuda:0")
    first, second = attributed(step("1", (0.0, 1.5)), step("2", (1.5, 3.0)), series=(load,)).steps
    # 1 s at 100 and half a second at 40; half a second at 40 and 1 s at 10.
    assert first.gpu_load_avg == pytest.approx(80.0)
    assert second.gpu_load_avg == pytest.approx(20.0)
    # The middle sample lies half in each.
    assert (first.gpu_load_max, second.gpu_load_max) == (100, 40)


def test_a_step_too_short_for_the_samples_keeps_none() -> None:
    load = averages("gpu_load_percent", (0.0, 0.16, 90), (0.16, 0.32, 90), device="cuda:0")
    ram = instants("ram_bytes", (0.0, 5.0), (0.2, 6.0))
    (short,) = attributed(step("1", (0.15, 0.17)), series=(load, ram)).steps
    assert short.gpu_load_max is None
    assert short.gpu_load_avg is None
    assert short.ram_max_bytes is None
    assert short.devices == ()


def test_waiting_is_not_work() -> None:
    """A lazy node's wait belongs to whoever ran meanwhile."""
    waiting = replace(
        step("1", (0.0, 1.0), (3.0, 4.0)),
        segments=(Segment("run", 0.0, 1.0), Segment("lazy", 1.0, 3.0), Segment("run", 3.0, 4.0)),
    )
    memory = instants("vram_bytes", (0.5, 10), (2.0, 99), (3.5, 20), device="cuda:0")
    load = averages("gpu_load_percent", (0.0, 1.0, 10), (1.0, 3.0, 100), (3.0, 4.0, 30), device="cuda:0")
    lazy, other = attributed(waiting, step("2", (1.0, 3.0)), series=(memory, load)).steps
    assert (lazy.vram_max, other.vram_max) == (20, 99)
    assert lazy.gpu_load_avg == pytest.approx(20.0)
    assert other.gpu_load_avg == pytest.approx(100.0)
    assert not lazy.shared
    assert not other.shared


def test_a_sample_never_lowers_an_exact_peak_and_raises_a_lower_one() -> None:
    rows = (StepDevice(device="cuda:0", vram_start=1, vram_max=50, vram_end=1),)
    exact = replace(step("1", (0.0, 1.0)), vram_max=50, devices=rows)
    low = instants("vram_bytes", (0.5, 40), device="cuda:0")
    high = instants("vram_bytes", (0.5, 60), device="cuda:0")
    (kept,) = attributed(exact, series=(low,)).steps
    (raised,) = attributed(exact, series=(high,)).steps
    assert (kept.vram_max, kept.devices[0].vram_max) == (50, 50)
    assert (raised.vram_max, raised.devices[0].vram_max) == (60, 60)
    assert raised.devices[0].vram_start == 1


@pytest.mark.parametrize(("method", "expected"), [("exact: high-water mark", 70), ("sampled", 80)])
def test_ram_peak_is_left_alone_where_it_is_exact(method: str, expected: int) -> None:
    one = replace(step("1", (0.0, 1.0)), ram_max_bytes=70)
    metrics = (Metric(name="ram_max_bytes", unit="B", method=method),)
    (found,) = attributed(one, series=(instants("ram_bytes", (0.5, 80)),), metrics=metrics).steps
    assert found.ram_max_bytes == expected


def test_cpu_maximum_comes_from_samples_or_from_exact_time() -> None:
    series = (averages("cpu_percent", (0.0, 0.05, 30), (0.05, 0.1, 180), (0.1, 0.15, 50)),)
    sampled = replace(step("1", (0.0, 0.1)), cpu_seconds=0.01)
    short = replace(step("2", (0.1, 0.11)), cpu_seconds=0.03)
    blink = replace(step("3", (0.11, 0.1105)), cpu_seconds=0.01)
    first, second, third = attributed(sampled, short, blink, series=series).steps
    assert first.cpu_max == 180
    assert second.cpu_max == pytest.approx(300.0)
    assert third.cpu_max is None


def test_steps_at_work_at_the_same_time_are_shared() -> None:
    steps = (
        step("async", (0.0, 10.0), kind="async"),
        step("within", (2.0, 3.0)),
        step("after", (10.0, 11.0)),
        step("report", (0.0, 12.0), kind="async", role="profiler"),
        step("last", (11.0, 12.0)),
    )
    assert [s.node_id for s in attributed(*steps).steps if s.shared] == ["async", "within"]


def test_a_step_does_not_share_with_itself() -> None:
    both = replace(step("1", (0.0, 1.0)), segments=(Segment("run", 0.0, 1.0), Segment("async", 0.5, 2.0)))
    assert not attributed(both, step("2", (2.0, 3.0))).steps[0].shared


def test_energy_per_run_always_and_per_step_from_five_seconds() -> None:
    joules = instants("energy_joules", (0.0, 1000), (4.0, 1400), (12.0, 3000), device="cuda:0")
    run = attributed(step("1", (0.0, 4.0)), step("2", (4.0, 12.0)), series=(joules,))
    assert run.energy_joules == 2000
    assert run.steps[0].energy_joules is None
    assert run.steps[1].energy_joules == pytest.approx(1600)


def test_energy_from_power_where_there_is_no_counter() -> None:
    watts = instants("power_watts", (0.0, 100), (5.0, 100), (10.0, 300), device="cuda:0")
    run = attributed(step("1", (0.0, 5.0)), step("2", (5.0, 10.0)), series=(watts,))
    assert run.energy_joules == pytest.approx(500 + 1000)
    assert run.steps[1].energy_joules == pytest.approx(1000)


def test_a_counter_that_starts_over_is_not_believed() -> None:
    joules = instants("energy_joules", (0.0, 900), (5.0, 10), (10.0, 20), device="cuda:0")
    assert attributed(step("1", (0.0, 10.0)), series=(joules,)).energy_joules is None


def test_a_counter_that_dies_after_two_seconds_does_not_stand_for_the_run() -> None:
    """Of 20 s at 300 W the counter has seen 600 J; the power readings know of all 6,000."""
    counter = instants("energy_joules", (0.0, 50), (1.0, 350), (2.0, 650), device="cuda:0")
    power = instants("power_watts", *((float(t), 300) for t in range(21)), device="cuda:0")
    metric = Metric(name="energy_joules", unit="J", method="counter", device="cuda:0")
    whole = step("1", (0.0, 20.0))
    run = attributed(whole, series=(counter, power), metrics=(metric,))
    assert run.energy_joules == pytest.approx(6000)
    assert run.steps[0].energy_joules == pytest.approx(6000)
    assert run.metrics[0].method is not None
    assert "power" in run.metrics[0].method
    run = attributed(whole, series=(counter,), metrics=(metric,))
    assert (run.energy_joules, run.steps[0].energy_joules) == (None, None)
    assert run.metrics[0].reason == "its readings ended early and cover only 10% of the run"


def test_shares_of_overlapping_asynchronous_nodes_add_up_to_the_time_in_which_any_was_at_work() -> None:
    """Three waits of 8 s side by side in a run of 10 s were 243 % of it together."""
    waits = [step(str(number), (1.0, 9.0), kind="async") for number in range(3)]
    run = attributed(*waits, step("last", (9.0, 9.5)), total_time=10.0)
    shares = [each.time_share for each in run.steps]
    assert shares == pytest.approx([0.8 / 3] * 3 + [0.05])


def test_a_share_is_divided_only_while_others_are_at_work_and_the_pack_takes_none() -> None:
    report = replace(step("report", (0.0, 10.0)), role="profiler")
    run = attributed(report, step("a", (0.0, 4.0)), step("b", (2.0, 10.0)), total_time=10.0)
    assert [each.time_share for each in run.steps] == [None, pytest.approx(0.3), pytest.approx(0.7)]


def test_shares_never_add_up_to_more_than_the_run() -> None:
    for seed in range(50):
        random = Random(seed)
        spans = [sorted(random.uniform(0, 20) for _ in range(2)) for _ in range(30)]
        run = attributed(*(step(str(n), (a, b)) for n, (a, b) in enumerate(spans)), total_time=20.0)
        shares = [each.time_share for each in run.steps]
        assert all(share is not None and 0 <= share <= 1 for share in shares)
        assert sum(share or 0 for share in shares) <= 1 + 1e-9


def test_each_device_has_its_row_and_only_used_ones_cost_energy() -> None:
    used = replace(
        step("1", (0.0, 10.0)), devices=(StepDevice(device="cuda:0", vram_start=1, vram_max=1, vram_end=1),)
    )
    series = (
        averages("gpu_load_percent", (0.0, 10.0, 80), device="cuda:0"),
        averages("gpu_load_percent", (0.0, 10.0, 5), device="cuda:1"),
        instants("device_vram_bytes", (1.0, 7), device="cuda:1"),
        instants("energy_joules", (0.0, 0), (10.0, 500), device="cuda:0"),
        instants("energy_joules", (0.0, 0), (10.0, 90), device="cuda:1"),
    )
    run = attributed(used, series=series, devices=(GPU, SECOND))
    first, second = run.steps[0].devices
    assert (first.device, first.gpu_load_avg, first.energy_joules) == ("cuda:0", 80, 500)
    assert (second.device, second.gpu_load_avg, second.device_vram_max_bytes) == ("cuda:1", 5, 7)
    assert run.steps[0].gpu_load_avg == 80
    assert run.energy_joules == run.steps[0].energy_joules == 500


def test_nothing_sampled_changes_nothing() -> None:
    cached = Step(node_id="1", node_type="Any", status="cached")
    run = Run(timestamp="", steps=(cached, step("2", (0.0, 1.0))))
    assert attribute(run) == run
    assert attribute(Run(timestamp="")) == Run(timestamp="")
