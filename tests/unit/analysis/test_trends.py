"""One workflow over time, and memory that stays behind."""

from __future__ import annotations

import random
from typing import Any

import pytest

from engine.analysis.trends import trends

MB = 1 << 20


def history(count: int, **per_run: Any) -> tuple[list[dict[str, Any]], dict[int, list[dict[str, Any]]]]:
    """Rows of ``count`` runs of one process. ``per_run`` maps a node's id to ``f(number) -> step fields``."""
    runs: list[dict[str, Any]] = [
        {
            "id": number + 1,
            "timestamp": f"2026-01-01T00:{number:02d}:00.000Z",
            "status": "success",
            "total_time": 10.0,
            "worker_pid": 1,
        }
        for number in range(count)
    ]
    steps = {
        run["id"]: [
            {
                "node_id": node_id.strip("n"),
                "node_type": "T",
                "role": "node",
                "status": "ok",
                **fields(number),
            }
            for node_id, fields in per_run.items()
        ]
        for number, run in enumerate(runs)
    }
    return runs, steps


def test_slopes_are_per_run_in_order_of_time() -> None:
    runs, steps = history(10, n1=lambda number: {"exec_time": 2.0 + 0.1 * number})
    for number, run in enumerate(runs):
        run["total_time"] = 5.0 + number
    found = trends(reversed(runs), steps)
    assert [run["id"] for run in found.runs] == list(range(1, 11))
    assert found.total_time.slope_per_run == pytest.approx(1.0)
    assert found.total_time.change_share == pytest.approx(9 / 5)
    assert found.total_time.is_certain
    assert found.nodes[0].exec_time.slope_per_run == pytest.approx(0.1)


def test_runs_that_broke_off_and_cached_nodes_are_left_out() -> None:
    runs, steps = history(4, n1=lambda number: {"exec_time": 1.0})
    runs[1]["status"] = "interrupted"
    steps[3][0] |= {"status": "cached", "exec_time": None}
    found = trends(runs, steps)
    assert [run["id"] for run in found.runs] == [1, 3, 4]
    assert found.nodes[0].exec_time.values == (1.0, None, 1.0)


def leaky(start: int, per_run: int, kept: int) -> Any:
    """Memory that begins higher by ``per_run`` each run, and a node that keeps ``kept``."""
    return lambda number: {
        "vram_start": start + number * per_run,
        "vram_end": start + number * per_run + kept,
    }


def test_a_leak_is_found_where_it_is() -> None:
    runs, steps = history(8, n1=leaky(100 * MB, 10 * MB, 0), n2=leaky(100 * MB, 10 * MB, 10 * MB))
    found = trends(runs, steps)
    assert [(leak.kind, leak.node_id) for leak in found.leaks] == [("vram", "2")]
    assert found.leaks[0].bytes_per_run == pytest.approx(10 * MB)
    assert found.leaks[0].run_ids == (2, 3, 4, 5, 6, 7, 8)


def test_memory_that_is_given_back_is_no_leak() -> None:
    runs, steps = history(8, n1=leaky(100 * MB, 0, 500 * MB))
    assert trends(runs, steps).leaks == ()


def test_the_first_load_of_a_model_is_no_leak() -> None:
    def loader(number: int) -> dict[str, Any]:
        return {"vram_start": 0 if number == 0 else 500 * MB, "vram_end": 500 * MB}

    runs, steps = history(6, n1=loader)
    assert trends(runs, steps).leaks == ()


def test_noise_is_no_leak() -> None:
    chance = random.Random(3)

    def noisy(_number: int) -> dict[str, Any]:
        base = 100 * MB + chance.randrange(20 * MB)
        return {"ram_start_bytes": base, "ram_end_bytes": base + chance.randrange(-8 * MB, 8 * MB)}

    runs, steps = history(20, n1=noisy)
    assert trends(runs, steps).leaks == ()


def test_growth_over_restarts_is_no_leak() -> None:
    runs, steps = history(8, n1=leaky(100 * MB, 10 * MB, 10 * MB))
    for run in runs:
        run["worker_pid"] = run["id"] // 2
    assert trends(runs, steps).leaks == ()


def test_nothing_in_nothing_out() -> None:
    found = trends([], {})
    assert (found.runs, found.nodes, found.leaks, found.total_time.median) == ((), (), (), None)
