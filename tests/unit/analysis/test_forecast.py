"""What the next run takes: bands that hold what they promise, and silence where nothing is known."""

from __future__ import annotations

import numpy as np
import pytest

from engine.analysis.forecast import for_settings, next_run
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
