"""Several sets of runs, each against each: totals in a square, nodes in a row. Pure.

Like is compared with like as between two sides (see ``compare``); verdicts are corrected for
the number of pairs, so that among many equal sets a difference is not found sooner.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..language import t
from . import comparable
from .columns import Matrix as Values
from .comparable import Conditions
from .compare import TOTALS, Evidence
from .effect import Delta, deltas
from .executions import executions
from .noise import Noise, noise_of
from .versions import versions

SETS_MAX = 8
NODES_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSet:
    """One set: its runs, and those of them whose totals count because all sets have their kind."""

    run_ids: tuple[int, ...]
    counted_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Square:
    """One total: the median of each set, and ``deltas[row][column]``, set ``row`` against set ``column``.

    The diagonal is ``None``.
    """

    medians: tuple[float | None, ...]
    deltas: tuple[tuple[Delta | None, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRow:
    """One node's active time: the median of each set, and its change against the first set."""

    node_id: str
    node_type: str
    node_title: str
    medians: tuple[float | None, ...]
    deltas: tuple[Delta | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Sets of runs against each other. ``nodes`` are those with the largest differences."""

    sets: tuple[RunSet, ...]
    totals: Mapping[str, Square]
    nodes: tuple[NodeRow, ...]
    notes: tuple[str, ...]


def matrix(sets: Sequence[Sequence[int]], evidence: Evidence) -> Matrix:
    """``sets`` of run ids against each other. Raises ``ValueError`` for an empty or a shared one."""
    chosen = [run_id for ids in sets for run_id in ids]
    if len(sets) < 2 or not all(sets) or len(set(chosen)) < len(chosen):
        raise ValueError("at least two sets of different runs are needed")
    ids = (*evidence.history, *chosen)
    runs = [evidence.runs[run_id] for run_id in ids]
    found = versions(runs, evidence.columns, evidence.prompts)
    measured = executions(ids, evidence.columns, ("exec_time",), found.aliases)
    conditions = comparable.conditions_of(runs, measured)
    best = _most_shared([[conditions[run_id] for run_id in each] for each in sets])
    counted = [[run_id for run_id in each if conditions[run_id] == best] for each in sets]
    earlier = [run_id for run_id in evidence.history if conditions[run_id] == best]
    used = [own or list(every) for own, every in zip(counted, sets, strict=True)]
    judged = [bool(own) for own in counted]
    totals = {}
    for name in TOTALS:
        values = [
            np.array([evidence.runs[run_id].get(name) for run_id in each], dtype=np.float64) for each in used
        ]
        history = np.array([[evidence.runs[run_id].get(name) for run_id in earlier]], dtype=np.float64)
        totals[name] = _square(name, values, noise_of(history), judged)
    wanted = best._replace(from_cache="") if best else None
    like = [[r for r in each if conditions[r]._replace(from_cache="") == wanted] or each for each in sets]
    times = [measured.values["exec_time"][:, measured.columns_of(each)] for each in like]
    before = measured.values["exec_time"][:, measured.columns_of(earlier)]
    keys = list(zip(measured.nodes, measured.titles, strict=True))
    rows = [
        NodeRow(node_id=key.node_id, node_type=key.node_type, node_title=title, medians=median, deltas=row)
        for (key, title), median, row in zip(
            keys, _medians_by_row(times), _against_first(times, noise_of(before), judged), strict=True
        )
        if any(value is not None for value in median)
    ]
    rows.sort(key=lambda row: -_range(row.medians))
    return Matrix(
        sets=tuple(
            RunSet(run_ids=tuple(every), counted_ids=tuple(own))
            for every, own in zip(sets, counted, strict=True)
        ),
        totals=totals,
        nodes=tuple(rows[:NODES_MAX]),
        notes=tuple(_notes(sets, counted, conditions)),
    )


def _most_shared(sets: Sequence[Sequence[Conditions]]) -> Conditions | None:
    """The conditions that most sets have; among those, those of most runs."""
    in_sets = Counter(one for each in sets for one in set(each) if one.ended_well)
    runs = Counter(one for each in sets for one in each)
    return max(in_sets, key=lambda one: (in_sets[one], runs[one]), default=None)


def _square(name: str, values: Sequence[Values], noise: Noise, judged: Sequence[bool]) -> Square:
    """All ordered pairs in one go: their verdicts are corrected for one another."""
    count = len(values)
    width = max(len(each) for each in values)
    padded = np.full((count, width), np.nan)
    for row, each in enumerate(values):
        padded[row, : len(each)] = each
    pairs = [(row, column) for row in range(count) for column in range(count) if row != column]
    repeated = Noise(np.repeat(noise.variance, len(pairs)), np.repeat(noise.freedom, len(pairs)))
    after, before = padded[[row for row, _ in pairs]], padded[[column for _, column in pairs]]
    found = dict(zip(pairs, deltas(name, before, after, repeated, independent=False), strict=True))
    medians: list[float | None] = [None] * count
    square: list[list[Delta | None]] = [[None] * count for _ in range(count)]
    for (row, column), delta in found.items():
        square[row][column] = delta if judged[row] and judged[column] else _unjudged(delta)
        medians[row] = delta.candidate if medians[row] is None else medians[row]
    return Square(medians=tuple(medians), deltas=tuple(map(tuple, square)))


def _against_first(
    times: Sequence[Values], noise: Noise, judged: Sequence[bool]
) -> list[tuple[Delta | None, ...]]:
    """For each node the deltas of every set against the first, corrected for all of them together."""
    count, others = len(times[0]), len(times) - 1
    width = max(each.shape[1] for each in times)

    def padded(each: Values) -> Values:
        return np.pad(each, ((0, 0), (0, width - each.shape[1])), constant_values=np.nan)

    before = np.concatenate([padded(times[0])] * others)
    after = np.concatenate([padded(each) for each in times[1:]])
    repeated = Noise(np.tile(noise.variance, others), np.tile(noise.freedom, others))
    found = deltas("exec_time", before, after, repeated, independent=False)
    return [
        (
            None,
            *(
                one if judged[0] and judged[number + 1] else _unjudged(one)
                for number, one in enumerate(found[row::count])
            ),
        )
        for row in range(count)
    ]


def _medians_by_row(times: Sequence[Values]) -> list[tuple[float | None, ...]]:
    columns = [
        [float(np.median(known)) if len(known := row[np.isfinite(row)]) else None for row in each]
        for each in times
    ]
    return list(zip(*columns, strict=True))


def _unjudged(delta: Delta) -> Delta:
    return replace(delta, verdict="unknown", low=None, high=None, runs_needed=None)


def _range(medians: Iterable[float | None]) -> float:
    known = [value for value in medians if value is not None]
    return max(known) - min(known)


def _notes(
    sets: Sequence[Sequence[int]], counted: Sequence[Sequence[int]], conditions: Mapping[int, Conditions]
) -> Iterable[str]:
    mixed = comparable.mixture([conditions[run_id] for each in sets for run_id in each])
    alone = [str(number + 1) for number, own in enumerate(counted) if not own]
    left_out = [
        run_id for each, own in zip(sets, counted, strict=True) if own for run_id in each if run_id not in own
    ]
    if alone:
        yield t(
            "No verdict for set {sets}: its runs are not like those of the others ({why}).",
            sets=", ".join(alone),
            why="; ".join(mixed),
        )
    if left_out:
        yield comparable.left_out_note(mixed, left_out)
