"""Seconds per sampler step from progress updates."""

from __future__ import annotations

import pytest

from engine.capture.sampler_steps import step_times


def test_median_and_spread() -> None:
    # Steps of 1, 1, 2, 3 and 1 seconds after the first.
    times = [0.0, 1.0, 2.0, 4.0, 7.0, 8.0]
    found = step_times([(t, i + 1, 6) for i, t in enumerate(times)])
    assert found == (6, 1.0, 1.0)


def test_two_passes_are_two_bars() -> None:
    first = [(0.0, 1, 2), (1.0, 2, 2)]
    second = [(10.0, 1, 3), (11.0, 2, 3), (12.0, 3, 3)]
    assert step_times(first + second) == (5, 1.0, 0.0)


def test_skipped_and_repeated_values() -> None:
    assert step_times([(0.0, 0, 10), (4.0, 2, 10), (4.5, 2, 10), (6.0, 3, 10)]) == pytest.approx(
        (3, 2.0, 0.0)
    )


def test_no_progress_and_a_single_update() -> None:
    assert step_times([]) == (None, None, None)
    assert step_times([(0.0, 1, 1)]) == (1, None, None)
