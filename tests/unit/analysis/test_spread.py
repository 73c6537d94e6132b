"""Statistics against values worked out by hand or with numpy."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.analysis.spread import line, percentile, spread


def test_spread_of_known_values() -> None:
    found = spread([4.0, None, 2.0, float("nan"), 9.0, 1.0])
    assert found is not None
    assert (found.count, found.mean, found.median, found.minimum, found.maximum) == (4, 4.0, 3.0, 1.0, 9.0)
    assert found.std == pytest.approx(math.sqrt(38 / 3))
    assert spread([None, float("inf")]) is None
    single = spread([5.0])
    assert single is not None
    assert single.std is None


@pytest.mark.parametrize("count", [1, 2, 7, 100])
def test_percentiles_are_numpys(count: int) -> None:
    values = list(np.random.default_rng(count).normal(size=count))
    for share in (0.0, 0.25, 0.95, 1.0):
        assert percentile(values, share) == pytest.approx(np.quantile(values, share))


def test_a_line_is_found_again() -> None:
    exact = line([3.0 + 0.5 * n for n in range(10)])
    assert exact is not None
    assert [exact.slope, exact.intercept] == pytest.approx([0.5, 3.0])
    assert exact.is_certain
    values = list(np.random.default_rng(1).normal(size=50))
    found = line(values)
    assert found is not None
    assert [found.slope, found.intercept] == pytest.approx(list(np.polyfit(range(50), values, 1)))
    covariance = np.polyfit(range(50), values, 1, cov=True)[1]
    assert found.slope_error == pytest.approx(math.sqrt(covariance[0][0]))


def test_too_few_points_make_no_certain_line() -> None:
    assert line([1.0]) is None
    two = line([1.0, 2.0])
    assert two is not None
    assert two.slope == 1.0
    assert not two.is_certain
    flat = line([2.0] * 5)
    assert flat is not None
    assert not flat.is_certain
