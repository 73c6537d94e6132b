"""What the next run takes: bands that hold what they promise, and silence where nothing is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.analysis.forecast import for_settings, for_sizes, next_run, tried
from tests.planted.trends import band_holds


@pytest.mark.parametrize("runs", [5, 12, 40])
def test_the_band_holds_nine_of_ten_runs(runs: int) -> None:
    assert 0.85 <= band_holds(runs, workflows=250, runs=runs) <= 0.95


def test_the_band_is_that_of_the_newest_level() -> None:
    assert 0.83 <= band_holds(4, workflows=250, runs=40, step=0.4) <= 0.95


def test_too_few_runs_are_said_to_be_too_few() -> None:
    found = next_run(np.array([1.0, np.nan, 1.1]))
    assert (found.expected, found.run_count) == (None, 2)
    assert found.reason == "2 comparable runs so far; a forecast takes 5"


def test_a_drift_goes_on() -> None:
    found = next_run(np.array([10.0 * 1.05**number for number in range(20)]))
    assert found.expected == pytest.approx(10.0 * 1.05**20, rel=0.01)


def test_other_settings_are_forecast_by_a_power_law() -> None:
    chance = np.random.default_rng(1)
    held = 0
    for _ in range(200):
        settings = [{"pixels": p, "steps": s} for p in (0.5, 1.0, 2.0) for s in (10.0, 20.0, 30.0)]
        times = [
            3.0 * one["pixels"] ** 1.2 * one["steps"] * np.exp(0.05 * chance.standard_normal())
            for one in settings
        ]
        found = for_settings(times, settings, {"pixels": 3.0, "steps": 25.0})
        truth = 3.0 * 3.0**1.2 * 25.0 * np.exp(0.05 * chance.standard_normal())
        assert found.low is not None
        assert found.high is not None
        held += found.low <= truth <= found.high
    assert 0.85 <= held / 200 <= 0.95


@pytest.mark.parametrize(
    ("settings", "wanted", "why"),
    [
        ([{"steps": 20.0}] * 9, {"steps": 30.0}, "fewer than three values"),
        ([{"steps": float(n)} for n in range(1, 10)], {"steps": 90.0}, "far from what was tried"),
        (
            [{"steps": float(n), "pixels": float(n)} for n in range(1, 10)],
            {"steps": 5.0, "pixels": 5.0},
            "together",
        ),
        ([{}] * 9, {"steps": 5.0}, "not known"),
        ([{"steps": 1.0}] * 3, {"steps": 1.0}, "a forecast takes 8"),
    ],
)
def test_what_the_history_does_not_hold_is_not_guessed(
    settings: list[dict[str, float]], wanted: dict[str, float], why: str
) -> None:
    found = for_settings([1.0 + n for n in range(len(settings))], settings, wanted)
    assert found.expected is None
    assert why in str(found.reason)


def sized(count: int, seed: int = 3, noise: float = 0.03) -> list[dict[str, Any]]:
    """Runs whose time grows with the resolution and the frames: four resolutions, three lengths."""
    random = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        side, frames = (512, 640, 768, 1024)[number % 4], (41, 81, 121)[number % 3]
        time_s = 1e-5 * side * side * frames**1.2 * float(np.exp(random.normal(0.0, noise)))
        sizes = {"width": side, "height": side, "frames": frames, "steps": 20}
        rows.append({"id": number, "total_time": time_s, "vram_max": None, "sizes": sizes})
    return rows


def test_other_sizes_are_forecast_from_the_runs_that_varied_them() -> None:
    """What is not asked about stays as in the newest run, and nine of ten bands hold the truth."""
    held = 0
    for seed in range(100):
        rows = sized(24, seed)
        found = for_sizes(rows, {"width": 896, "height": 896})["total_time"]
        newest = rows[-1]["sizes"]["frames"]
        truth = (
            1e-5 * 896 * 896 * newest**1.2 * float(np.exp(np.random.default_rng(9000 + seed).normal(0, 0.03)))
        )
        assert found.run_count == 24
        assert found.low is not None
        assert found.high is not None
        held += found.low <= truth <= found.high
    assert 83 <= held <= 97


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({"steps": 30}, "steps was tried with fewer than three values"),
        ({"width": 4096, "height": 4096}, "resolution 16,777,216 is far from what was tried"),
        ({"batch_size": 4}, "batch_size is not known for every run"),
    ],
)
def test_sizes_that_the_history_does_not_hold_are_not_guessed(wanted: dict[str, int], why: str) -> None:
    found = for_sizes(sized(24), wanted)
    assert (found["total_time"].expected, found["total_time"].reason) == (None, why)
    assert found["vram_max"].expected is None, "never measured"


def test_without_runs_nothing_is_known_of_sizes() -> None:
    assert for_sizes([], {"steps": 3})["total_time"].reason == "0 comparable runs so far; a forecast takes 8"
    assert tried([]) == {}


def test_what_was_tried_is_told() -> None:
    assert tried(sized(5))["width"] == (512, 512, 1024)
