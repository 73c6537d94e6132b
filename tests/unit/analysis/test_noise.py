"""What runs differ by: known parameters come back, few rows say nothing, changes do not count."""

from __future__ import annotations

import numpy as np
import pytest

from engine.analysis.columns import Vector
from engine.analysis.noise import CAUTION, FREEDOM_MAX, noise_of, usual_variance


def estimated(chance: np.random.Generator, true: Vector, freedom: int) -> Vector:
    """Variances as they would be estimated with so many degrees of freedom."""
    found: Vector = true * chance.chisquare(freedom, len(true)) / freedom
    return found


@pytest.mark.parametrize("worth", [4.0, 12.0])
def test_the_parameters_of_a_known_scatter_come_back(worth: float) -> None:
    chance = np.random.default_rng(1)
    true = 0.0025 * worth / chance.chisquare(worth, 20_000)
    usual, found = usual_variance(estimated(chance, true, 8), np.full(20_000, 8.0))
    assert usual == pytest.approx(0.0025, rel=0.05)
    assert found == pytest.approx(CAUTION * worth, rel=0.15)


def test_noise_that_is_alike_counts_for_as_much_as_is_allowed() -> None:
    chance = np.random.default_rng(2)
    usual, worth = usual_variance(estimated(chance, np.full(2_000, 0.0025), 8), np.full(2_000, 8.0))
    assert usual == pytest.approx(0.0025, rel=0.05)
    assert worth > FREEDOM_MAX / 2


def test_a_few_rows_and_rows_without_noise_say_nothing() -> None:
    assert usual_variance(np.full(9, 0.0025), np.full(9, 8.0)) == (0.0, 0.0)
    assert usual_variance(np.array([0.0, np.nan] * 20), np.full(40, 8.0)) == (0.0, 0.0)


def test_noise_does_not_count_a_lasting_change_or_an_outlier() -> None:
    chance = np.random.default_rng(5)
    lines = np.exp(0.05 * chance.standard_normal((400, 30)))
    lines[:, 15:] *= 2.0
    lines[:, 7] *= 5.0
    assert np.median(np.sqrt(noise_of(lines).variance)) == pytest.approx(0.05, rel=0.35)
