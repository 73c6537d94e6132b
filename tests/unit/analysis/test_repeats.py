"""A series of repeated runs against truths planted in many random series."""

from __future__ import annotations

import math
import random

import pytest

from engine.analysis.repeats import is_narrow_enough, summarize_repeats

SERIES = 1_000


def series(seed: int, count: int, noise: float, truth_s: float = 10.0) -> list[float]:
    """``count`` times around ``truth_s``, log-normal with ``noise`` as relative spread."""
    source = random.Random(seed)
    return [truth_s * math.exp(source.gauss(0.0, noise)) for _ in range(count)]


def test_no_run_says_nothing_and_one_run_has_no_interval() -> None:
    assert summarize_repeats([]) is None
    one = summarize_repeats([2.0])
    assert one is not None
    assert (one.median_s, one.low_s, one.high_s) == (pytest.approx(2.0), None, None)


@pytest.mark.parametrize("count", [3, 5, 10])
def test_the_interval_holds_the_truth_as_often_as_it_says(count: int) -> None:
    held = 0
    for seed in range(SERIES):
        found = summarize_repeats(series(seed, count, 0.05))
        assert found is not None
        assert found.low_s is not None
        assert found.high_s is not None
        held += found.low_s <= 10.0 <= found.high_s
    # 95 % asked for; leaving out a good run as an outlier now and then costs a little
    assert 0.92 <= held / SERIES <= 0.98


def test_one_slow_run_of_ten_is_marked_and_moves_nothing() -> None:
    marked = moved = 0
    for seed in range(SERIES):
        times = series(seed, 10, 0.05)
        clean = summarize_repeats(times)
        times[seed % 10] = 20.0
        found = summarize_repeats(times)
        assert clean is not None
        assert found is not None
        marked += seed % 10 in found.outliers
        moved += abs(found.median_s / clean.median_s - 1.0) > 0.03
    assert marked / SERIES >= 0.98
    assert moved / SERIES <= 0.02


def test_a_quiet_series_loses_few_runs() -> None:
    lost = sum(len(summarize_repeats(series(seed, 10, 0.05)).outliers) for seed in range(SERIES))  # type: ignore[union-attr]
    assert lost / (10 * SERIES) <= 0.03


def test_runs_that_agree_to_a_millisecond_have_no_outlier() -> None:
    found = summarize_repeats([1.0, 1.0, 1.0, 1.0, 1.001])
    assert found is not None
    assert found.outliers == ()


def test_a_series_that_ends_early_still_holds_the_truth() -> None:
    """Looking after every run makes intervals too narrow; the rate is stated here."""
    held = ended_early = 0
    for seed in range(SERIES):
        times = series(seed, 20, 0.05)
        count = next((n for n in range(1, 21) if is_narrow_enough(times[:n], 0.05)), 20)
        ended_early += count < 20
        found = summarize_repeats(times[:count])
        assert found is not None
        assert found.low_s is not None
        assert found.high_s is not None
        held += found.low_s <= 10.0 <= found.high_s
    assert ended_early / SERIES >= 0.95
    assert held / SERIES >= 0.90


def test_three_runs_that_happen_to_agree_do_not_end_a_series() -> None:
    assert not is_narrow_enough([1.0, 1.0, 1.0], 0.05)
    assert is_narrow_enough([1.0, 1.01, 0.99, 1.0, 1.0], 0.05)
