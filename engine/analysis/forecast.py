"""What the next run will take, with a band that holds nine of ten. Pure.

Student's prediction interval on the logarithms of the runs of one kind since the last
lasting change; on a line through them where they drift. For other settings (resolution,
frames, batch, steps) a power law through the runs that varied them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..language import plain, t, tn
from .columns import Matrix, Vector
from .comparable import Row
from .drift import slope

BAND = 0.90
LEAST_RUNS = 5
MOST_RUNS = 50
"""Older runs than the last fifty say little about the next."""
LEAST_RUNS_FOR_SETTINGS = 8
METRICS = ("total_time", "vram_max", "ram_max_bytes")
"""What is forecast for other sizes."""
_SIDES, _RESOLUTION = ("width", "height"), "resolution"
REACH = 2.0
"""A setting is forecast up to so many times beyond what was tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """``expected`` with its 90 % band, fitted on ``run_count`` runs; ``None`` and why where unknown."""

    expected: float | None = None
    low: float | None = None
    high: float | None = None
    run_count: int = 0
    reason: str | None = None


def next_run(values: Vector) -> Forecast:
    """The next value of a series of one level (oldest first; NaN where unknown)."""
    known = values[np.isfinite(values)][-MOST_RUNS:]
    if len(known) < LEAST_RUNS or (known <= 0).any():
        return _unknown(len(known), LEAST_RUNS)
    logs = np.log(known)
    x = np.arange(len(logs), dtype=np.float64)
    design = np.ones((len(logs), 1))
    target = np.ones(1)
    # One false drift in a thousand.
    if len(logs) >= 2 * LEAST_RUNS and slope(x, logs).p_value < 0.001:
        design = np.column_stack([np.ones(len(logs)), x])
        target = np.array([1.0, float(len(logs))])
    return _predicted(design, logs, target)


def for_settings(
    values: Sequence[float], settings: Sequence[Mapping[str, float]], wanted: Mapping[str, float]
) -> Forecast:
    """A run with other settings: ``value = c * setting1 ** a * setting2 ** b ...``, fitted to past runs.

    ``settings`` are those of each run, ``wanted`` those asked for. What is wanted must have
    varied, and lie within :data:`REACH` times what was tried; what did not vary must be as it was.
    """
    count = len(values)
    if count < LEAST_RUNS_FOR_SETTINGS:
        return _unknown(count, LEAST_RUNS_FOR_SETTINGS)
    varied = []
    for name, value in wanted.items():
        tried = np.array([each.get(name, math.nan) for each in settings])
        if not np.isfinite(tried).all() or value <= 0 or (tried <= 0).any():
            return Forecast(run_count=count, reason=t("{name} is not known for every run", name=name))
        if value > REACH * tried.max() or value < tried.min() / REACH:
            return Forecast(
                run_count=count,
                reason=t("{name} {value} is far from what was tried", name=name, value=plain(value)),
            )
        if len(np.unique(tried)) >= 3:
            varied.append((np.log(tried), math.log(value)))
        elif not np.isclose(tried, value).all():
            return Forecast(
                run_count=count, reason=t("{name} was tried with fewer than three values", name=name)
            )
    design = np.column_stack([np.ones(count), *(tried for tried, _ in varied)])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return Forecast(run_count=count, reason=t("the settings always changed together"))
    target = np.array([1.0, *(value for _, value in varied)])
    return _predicted(design, np.log(np.asarray(values, dtype=np.float64)), target)


def tried(runs: Sequence[Row]) -> dict[str, tuple[int, int, int]]:
    """What the prompts of runs, oldest first, asked for: ``{name: (newest, lowest, highest)}``."""
    values: dict[str, list[int]] = {}
    for run in runs:
        for name, value in (run.get("sizes") or {}).items():
            values.setdefault(name, []).append(value)
    return {name: (known[-1], min(known), max(known)) for name, known in values.items()}


def for_sizes(runs: Sequence[Row], wanted: Mapping[str, int]) -> dict[str, Forecast]:
    """What a run of other sizes (see ``workflow.sizes``) will take: a forecast for each of :data:`METRICS`.

    ``runs`` are alike, oldest first; what is not in ``wanted`` stays as in the newest of them. Width and
    height count as one, the resolution: they mostly change together.
    """
    known = [run for run in runs if run.get("sizes")]
    target = _terms({**(known[-1]["sizes"] if known else {}), **wanted})
    asked = {_RESOLUTION if name in _SIDES else name for name in wanted}
    settings = [_terms(run["sizes"]) for run in known]
    used = {
        name: target.get(name, 0.0)
        for name in (*target, *asked)
        if name in asked or all(name in each for each in settings)
    }
    found = {}
    for metric in METRICS:
        rows = [number for number, run in enumerate(known) if (run.get(metric) or 0) > 0]
        values = [float(known[number][metric]) for number in rows]
        found[metric] = for_settings(values, [settings[number] for number in rows], used)
    return found


def _terms(sizes: Mapping[str, int]) -> dict[str, float]:
    terms = {name: float(value) for name, value in sizes.items() if name not in _SIDES}
    if all(side in sizes for side in _SIDES):
        terms[_RESOLUTION] = float(sizes["width"]) * float(sizes["height"])
    return terms


def _unknown(have: int, need: int) -> Forecast:
    return Forecast(
        run_count=have,
        reason=tn(
            "{n} comparable run so far; a forecast takes {need}"
            "|{n} comparable runs so far; a forecast takes {need}",
            have,
            need=need,
        ),
    )


def _predicted(design: Matrix, logs: Vector, target: Vector) -> Forecast:
    """Least squares and its prediction interval: s sqrt(1 + x' (X'X)^-1 x) times Student's quantile."""
    from scipy.special import stdtrit

    inverse = np.linalg.pinv(design.T @ design)
    weights = inverse @ design.T @ logs
    freedom = len(logs) - design.shape[1]
    spread = math.sqrt(float(np.sum((logs - design @ weights) ** 2)) / freedom)
    error = spread * math.sqrt(1.0 + float(target @ inverse @ target))
    middle = float(target @ weights)
    half = float(stdtrit(freedom, 0.5 + BAND / 2)) * error
    return Forecast(
        expected=math.exp(middle),
        low=math.exp(middle - half),
        high=math.exp(middle + half),
        run_count=len(logs),
    )
