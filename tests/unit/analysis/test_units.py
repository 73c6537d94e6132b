"""Numbers as people read them."""

from __future__ import annotations

import math

import pytest

from engine.analysis import units


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "n/a"),
        (math.nan, "n/a"),
        (0, "0 s"),
        (0.00001, "<0.1 ms"),
        (0.0012, "1.2 ms"),
        (0.7496, "750 ms"),
        (0.9996, "1.0 s"),
        (41.23, "41.2 s"),
        (59.96, "1 min"),
        (119.6, "2 min"),
        (123.4, "2 min 3 s"),
        (3599.7, "1 h"),
        (7384, "2 h 3 min"),
    ],
)
def test_seconds(seconds: float | None, text: str) -> None:
    assert units.format_seconds(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(None, "n/a"), (0, "0 B"), (1536, "2 KB"), (512 * 1024**2, "512 MB"), (18.3 * 1024**3, "18.3 GB")],
)
def test_bytes(count: float | None, text: str) -> None:
    assert units.format_bytes(count) == text


def test_capacity_is_said_in_one_unit() -> None:
    assert units.format_capacity(18.3 * 1024**3, 24564 * 1024**2) == "18.3 of 24 GB"
    assert units.format_capacity(15 * 1024**2, 8 * 1024**3) == "15 MB of 8 GB"


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (0.0004, "<0.1 %"), (0.004, "0.4 %"), (0.782, "78 %"), (0.9961, "99.6 %"), (1.0, "100 %")],
)
def test_percent_never_rounds_up_to_all_or_down_to_nothing(share: float, text: str) -> None:
    assert units.format_percent(share) == text


def test_change_has_a_sign() -> None:
    assert units.format_change(-(1024**3)) == "−1.0 GB"
    assert units.format_change(1024**3) == "+1.0 GB"
    assert units.format_change(1000) == "±0"
