"""The whole chain without ComfyUI (boundaries, recorder, sampler, attribution) against known truths.

The truth of a node's time is what its own code sees on the clock. Any single comparison can be spoilt by the
machine taking the processor away between two stamps; a wrong reading would be wrong every time. So the best
of a few rounds counts.
"""

from __future__ import annotations

import time

import numpy as np
import pytest

from metrics.measured import run_nodes

MIB = 1024 * 1024
ROUNDS = 3


@pytest.mark.parametrize("seconds", [0.001, 0.01, 0.1, 1.0])
def test_nodes_are_billed_what_they_took(seconds: float) -> None:
    truths: list[float] = []

    def work() -> None:
        began_s = time.perf_counter()
        time.sleep(seconds)
        truths.append(time.perf_counter() - began_s)

    errors = []
    for _ in range(ROUNDS if seconds < 1.0 else 1):
        measured = run_nodes([("before", lambda: None), ("node", work), ("after", lambda: None)])
        billed_s = measured.step("node").exec_time
        assert billed_s is not None
        errors.append((billed_s - truths[-1]) / (0.001 + 0.01 * truths[-1]))
    assert min(errors, key=abs) == pytest.approx(0.0, abs=1.0)
    assert min(errors) >= 0.0


def test_a_nodes_memory_and_cpu_are_its_own() -> None:
    """What one node does shows in its step and not in its neighbours'."""
    kept: list[object] = []
    spent: list[float] = []

    def transient() -> None:
        block = np.ones(200 * MIB, dtype=np.uint8)
        del block

    def busy() -> None:
        until = time.process_time() + 0.1
        while time.process_time() < until:
            pass
        spent.append(time.process_time() - until + 0.1)

    def keep() -> None:
        kept.append(np.ones(50 * MIB, dtype=np.uint8))

    measured = run_nodes(
        [("idle", lambda: time.sleep(0.01)), ("transient", transient), ("busy", busy), ("keep", keep)]
    )
    peaks = {}
    for step in measured.run.steps:
        assert step.ram_max_bytes is not None
        assert step.ram_start_bytes is not None
        peaks[step.node_id] = (step.ram_max_bytes - step.ram_start_bytes) / MIB
    exact = measured.run.metric("ram_max_bytes")
    assert exact is not None
    if (exact.method or "").startswith("exact"):
        assert peaks["transient"] == pytest.approx(200, rel=0.05)
    assert peaks["idle"] < 20
    assert peaks["busy"] < 20
    assert peaks["keep"] == pytest.approx(50, abs=5)
    idle, work = measured.step("idle"), measured.step("busy")
    assert work.cpu_seconds is not None
    assert idle.cpu_seconds is not None
    assert spent[0] <= work.cpu_seconds <= spent[0] + 0.05
    assert idle.cpu_seconds < 0.05
    assert work.cpu_max is not None
    assert work.cpu_max > 0


def test_a_run_tells_how_everything_was_measured_and_what_it_cost() -> None:
    run = run_nodes([("node", lambda: time.sleep(0.01))]).run
    for metric in run.metrics:
        assert (metric.method is None) != (metric.reason is None)
    names = {series.metric for series in run.series}
    assert {"ram_bytes"} <= names
    for name in names:
        assert run.metric(name) is not None
    assert run.overhead.boundary_count == 1
    assert 0.0 < run.overhead.boundary_s < 0.5
    assert run.overhead.sampler_s is not None
