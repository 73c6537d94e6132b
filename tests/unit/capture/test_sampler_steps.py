"""Seconds per sampler step from progress updates."""

from __future__ import annotations

import pytest

from engine.capture.sampler_steps import step_times


def test_median_and_spread() -> None:
    # Steps of 1, 1, 2, 3 and 1 seconds after the first.
    times = [0.0, 1.0, 2.0, 4.0, 7.0, 8.0]
    found = step_times([(t, i + 1, 6) for i, t in enumerate(times)])
    assert found[:3] == (6, 1.0, 1.0)
    assert found.spans == ((0.0, 1.0), (1.0, 2.0), (2.0, 4.0), (4.0, 7.0), (7.0, 8.0))


def test_two_passes_are_two_bars() -> None:
    first = [(0.0, 1, 2), (1.0, 2, 2)]
    second = [(10.0, 1, 3), (11.0, 2, 3), (12.0, 3, 3)]
    found = step_times(first + second)
    assert found[:3] == (5, 1.0, 0.0)
    assert found.spans == ((0.0, 1.0), (10.0, 11.0), (11.0, 12.0)), "the pause is no step"


def test_skipped_and_repeated_values() -> None:
    found = step_times([(0.0, 0, 10), (4.0, 2, 10), (4.5, 2, 10), (6.0, 3, 10)])
    assert found[:3] == pytest.approx((3, 2.0, 0.0))
    assert found.spans == ((0.0, 2.0), (2.0, 4.0), (4.0, 6.0))


def test_steps_that_nobody_could_see_apart_are_counted_and_not_kept() -> None:
    found = step_times([(t / 10, t, 5000) for t in range(5000)])
    assert (found.steps, found.spans) == (4999, ())


def test_no_progress_and_a_single_update() -> None:
    assert step_times([]) == (None, None, None, ())
    assert step_times([(0.0, 1, 1)]) == (1, None, None, ())
