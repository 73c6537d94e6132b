"""One workflow over its runs: levels, lasting changes and their causes, drift, what comes next. Pure.

Takes rows as the history gives them. Only runs of one kind (see ``comparable``) go into
a series; the others are named and can be asked for. How many series are looked at is
allowed for: of a hundred quiet workflows one has a false change, all nodes together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..language import t
from ..model import Group
from . import comparable, forecast, leaks
from .change_points import shifts
from .columns import CODED, Columns, Matrix, Vector
from .comparable import ENDED_WELL, Kind, Row
from .effect import Delta, deltas
from .executions import Executions, executions, rows_of_groups
from .forecast import Forecast
from .leaks import Leak
from .outliers import medians
from .pairing import Pair, pair
from .trend_lines import Trend, trend_lines
from .versions import Prompts, graph_of, newest_of_versions, versions
from .what_changed import WhatChanged, what_changed

METRICS = ("exec_time", "vram_max")
STEP_COLUMNS = (*(name for name in CODED if name != "node_title"), *METRICS)
"""The columns of steps that a trend reads of every run."""
DETAILS = ("node_title", *leaks.COLUMNS)
"""Those that it reads of the runs that :func:`looked_into` names."""
TOTALS = ("total_time", "vram_max", "ram_max_bytes", "energy_joules", "frame_time_s")
FALSE_CHANGES = 0.008
"""The share of quiet workflows in which any change may be found: half of it for the total time."""
LEAST_SHARE = 0.01
"""Nodes that take less of the workflow's time than this are not searched for changes."""
CAUSES_MAX = 8
NEAR = 3
"""A change is dated within so many runs: its cause is looked for around it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a trend is made from. ``runs`` are one workflow's, in any order, those that failed too.

    ``columns`` are the steps with :data:`STEP_COLUMNS`, and with :data:`DETAILS` where they are
    wanted. ``environments`` are by ``environment_id``, ``prompts`` by run id.
    """

    runs: Sequence[Row]
    columns: Columns
    environments: Mapping[int, Mapping[str, str]]
    prompts: Prompts
    groups: Sequence[Group] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeTrend:
    """One node's time and memory over the runs."""

    node_id: str
    node_type: str
    node_title: str
    exec_time: Trend
    vram_max: Trend


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTrend:
    """The time of a group's nodes together."""

    name: str
    color: str
    exec_time: Trend


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePoint:
    """From ``run_id`` on ``metric`` has another level. ``node_id`` is ``None`` for the whole run.

    ``share`` is the change as a share of ``before``; ``causes`` is what changed around there.
    """

    metric: str
    node_id: str | None
    node_title: str | None
    run_id: int
    timestamp: str
    before: float
    after: float
    share: float
    causes: tuple[WhatChanged, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """From ``run_id`` on the environment was another."""

    run_id: int
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trends:
    """A workflow's history. ``runs`` are those that ended well, oldest first, of all kinds.

    ``counted_ids`` are those of the kind that the series show. ``success_rate`` is the share of
    the ``finished_count`` runs; the last ``failed_in_a_row`` failed. ``against_pinned`` sets
    the newest runs against the pinned ones.
    """

    runs: tuple[Row, ...]
    counted_ids: tuple[int, ...]
    kinds: tuple[Kind, ...]
    success_rate: float | None
    finished_count: int
    failed_in_a_row: int
    totals: Mapping[str, Trend]
    nodes: tuple[NodeTrend, ...]
    groups: tuple[GroupTrend, ...]
    change_points: tuple[ChangePoint, ...]
    environment_changes: tuple[Mark, ...]
    leaks: tuple[Leak, ...]
    forecast: Mapping[str, Forecast]
    against_pinned: Delta | None
    notes: tuple[str, ...]


def looked_into(runs: Iterable[Row]) -> set[int]:
    """The runs whose steps are read with :data:`DETAILS`: the newest, and the newest of each version."""
    ended = [run for run in _oldest_first(runs) if comparable.ended_well(run)]
    return {*newest_of_versions(ended).values(), *(int(run["id"]) for run in ended[-leaks.MOST_RUNS :])}


def _oldest_first(runs: Iterable[Row]) -> list[Row]:
    return sorted(runs, key=lambda run: (str(run.get("timestamp") or ""), run["id"]))


def trends(evidence: Evidence, kind: str | None = None) -> Trends:
    """How one workflow's runs developed. ``kind``: the label of the kind to show; else that of most runs."""
    every = _oldest_first(evidence.runs)
    runs = [run for run in every if comparable.ended_well(run)]
    ids = [int(run["id"]) for run in runs]
    found = versions(runs, evidence.columns, evidence.prompts)
    measured = executions(ids, evidence.columns, METRICS, found.aliases)
    conditions = comparable.conditions_of(runs, measured)
    kinds = comparable.kinds(conditions)
    chosen = next((one for one in kinds if one.label == kind), kinds[0] if kinds else None)
    counted = set(chosen.run_ids if chosen else ())
    like = _like_nodes(conditions, counted)
    series = _Series(runs, measured, [i in counted for i in ids], [i in like for i in ids])
    points = _change_points(series, evidence)
    newest_memory = [i for i in ids if i in like][-leaks.MOST_RUNS :]
    memory = executions(newest_memory, evidence.columns, leaks.COLUMNS, found.aliases)
    by_id = {int(run["id"]): run for run in runs}
    totals = trend_lines(
        np.stack([series.totals[name] for name in TOTALS]),
        [_since(points, name, None, ids) for name in TOTALS],
    )
    return Trends(
        runs=tuple(runs),
        counted_ids=tuple(i for i in ids if i in counted),
        kinds=kinds,
        success_rate=_success_rate(every),
        finished_count=sum(run.get("status") != "running" for run in every),
        failed_in_a_row=_failed_in_a_row(every),
        totals=dict(zip(TOTALS, totals, strict=True)),
        nodes=tuple(_node_trends(series, points, ids)),
        groups=tuple(_group_trends(evidence.groups, series)),
        change_points=points,
        environment_changes=tuple(_marks(runs, evidence.environments)),
        leaks=leaks.leaks([by_id[i] for i in newest_memory], memory),
        forecast={
            name: forecast.next_run(series.totals[name][_since(points, name, None, ids) :])
            for name in (*forecast.METRICS, "frame_time_s")
            if name != "frame_time_s" or np.isfinite(series.totals[name]).any()
        },
        against_pinned=_against_pinned(runs, counted),
        notes=tuple(_notes(kinds, chosen)),
    )


class _Series:
    """The numbers of all series: totals by name, and the node arrays with other kinds blanked out."""

    def __init__(
        self, runs: Sequence[Row], measured: Executions, counted: Sequence[bool], like: Sequence[bool]
    ) -> None:
        mask = np.array(counted, dtype=np.bool_)
        self.runs = runs
        self.measured = measured
        self.totals: dict[str, Vector] = {}
        for name in TOTALS:
            values = np.array([run.get(name) for run in runs], dtype=np.float64)
            self.totals[name] = np.where(mask, values, np.nan)
        blank = np.array(like, dtype=np.bool_)[None, :]
        self.nodes: dict[str, Matrix] = {
            name: np.where(blank, values, np.nan) for name, values in measured.values.items()
        }
        # A group's time is comparable only where the same of its nodes ran.
        self.whole: dict[str, Matrix] = {
            name: np.where(mask[None, :], values, np.nan) for name, values in measured.values.items()
        }


def _like_nodes(conditions: Mapping[int, comparable.Conditions], counted: set[int]) -> set[int]:
    """The runs of the counted kind whatever came from the cache: what counts for single nodes."""
    wanted = {conditions[run_id]._replace(from_cache="") for run_id in counted}
    return {run_id for run_id, one in conditions.items() if one._replace(from_cache="") in wanted}


def _change_points(series: _Series, evidence: Evidence) -> tuple[ChangePoint, ...]:
    times = medians(series.nodes["exec_time"]) if len(series.measured.nodes) else np.zeros(0)
    typical = np.nansum(times) if len(times) else 0.0
    wanted = [int(row) for row in np.flatnonzero(times >= LEAST_SHARE * typical)]
    looked_at = len(TOTALS) - 1 + len(wanted) * len(METRICS)
    found = []
    changed: dict[int, set[str]] = {}

    def look(metric: str, values: Vector, level: float, row: int | None) -> None:
        for shift in shifts(metric, values, level):
            node = series.measured.nodes[row] if row is not None else None
            run = series.runs[shift.at]
            if node:
                changed.setdefault(shift.at, set()).add(node.node_id)
            near = range(shift.at - NEAR, shift.at + NEAR + 1)
            suspects = {node.node_id} if node else {one for at in near for one in changed.get(at, ())}
            found.append(
                ChangePoint(
                    metric=metric,
                    node_id=node.node_id if node else None,
                    node_title=series.measured.titles[row] if row is not None else None,
                    run_id=int(run["id"]),
                    timestamp=str(run.get("timestamp") or ""),
                    before=shift.before,
                    after=shift.after,
                    share=shift.after / shift.before - 1.0,
                    causes=_causes(series, evidence, shift.at, suspects),
                )
            )

    for row in wanted:
        for name in METRICS:
            look(name, series.nodes[name][row], FALSE_CHANGES * 0.5 / looked_at, row)
    for name in TOTALS:
        share = 0.5 if name == "total_time" else 0.5 / looked_at
        look(name, series.totals[name], FALSE_CHANGES * share, None)
    return tuple(sorted(found, key=lambda point: (point.timestamp, point.run_id, point.node_id or "")))


def _causes(
    series: _Series, evidence: Evidence, at: int, suspects: Collection[str]
) -> tuple[WhatChanged, ...]:
    """What differs between the runs just before and just after, changes to the nodes ``suspects`` first."""
    before = series.runs[max(0, at - NEAR)]
    after = series.runs[min(len(series.runs) - 1, at + NEAR - 1)]
    prompts = (evidence.prompts.get(int(before["id"])), evidence.prompts.get(int(after["id"])))
    pairs: tuple[Pair, ...] = pair(graph_of(prompts[0]), graph_of(prompts[1]))
    environments = [evidence.environments.get(run.get("environment_id") or 0, {}) for run in (before, after)]
    found = what_changed(
        before, after, environments=(environments[0], environments[1]), prompts=prompts, pairs=pairs
    )
    return tuple(sorted(found, key=lambda cause: cause.node_id not in suspects)[:CAUSES_MAX])


def _since(points: Iterable[ChangePoint], metric: str, node_id: str | None, ids: Sequence[int]) -> int:
    """The place at which a series' newest level begins."""
    found = [point.run_id for point in points if point.metric == metric and point.node_id == node_id]
    return ids.index(found[-1]) if found else 0


def _node_trends(series: _Series, points: Sequence[ChangePoint], ids: Sequence[int]) -> Iterable[NodeTrend]:
    nodes = series.measured.nodes
    times, memory = (
        trend_lines(series.nodes[name], [_since(points, name, node.node_id, ids) for node in nodes])
        for name in METRICS
    )
    for node, title, exec_time, vram_max in zip(nodes, series.measured.titles, times, memory, strict=True):
        yield NodeTrend(
            node_id=node.node_id,
            node_type=node.node_type,
            node_title=title,
            exec_time=exec_time,
            vram_max=vram_max,
        )


def _group_trends(groups: Sequence[Group], series: _Series) -> Iterable[GroupTrend]:
    for group, rows in rows_of_groups(groups, series.measured):
        times = series.whole["exec_time"][rows]
        total = np.where(np.isfinite(times).any(axis=0), np.nansum(times, axis=0), np.nan)
        (line,) = trend_lines(total[None, :], [0])
        yield GroupTrend(name=group.name, color=group.color, exec_time=line)


def _success_rate(runs: Sequence[Row]) -> float | None:
    ended = [run for run in runs if run.get("status") != "running"]
    good = sum(run.get("status") in ENDED_WELL for run in ended)
    return good / len(ended) if ended else None


def _failed_in_a_row(runs: Sequence[Row]) -> int:
    """How many of the newest runs failed or crashed; runs that the user stopped do not count."""
    count = 0
    for run in reversed(runs):
        if run.get("status") in ("failed", "crashed"):
            count += 1
        elif run.get("status") in ENDED_WELL:
            break
    return count


def _marks(runs: Sequence[Row], environments: Mapping[int, Mapping[str, str]]) -> Iterable[Mark]:
    for before, after in pairwise(runs):
        if before.get("environment_id") != after.get("environment_id"):
            sides = [environments.get(run.get("environment_id") or 0, {}) for run in (before, after)]
            changes = what_changed({}, {}, environments=(sides[0], sides[1]))
            if changes:
                yield Mark(run_id=int(after["id"]), details=tuple(change.detail for change in changes))


def _against_pinned(runs: Sequence[Row], counted: set[int]) -> Delta | None:
    """The last five runs of the kind against its pinned runs."""
    alike = [run for run in runs if run["id"] in counted and run.get("total_time") is not None]
    pinned = [run["total_time"] for run in alike if run.get("pinned")]
    others = [run for run in alike if not run.get("pinned")][-5:]
    if not pinned or not others:
        return None
    sides = [
        np.array([values], dtype=np.float64) for values in (pinned, [run["total_time"] for run in others])
    ]
    return deltas("total_time", sides[0], sides[1])[0]


def _notes(kinds: Sequence[Kind], chosen: Kind | None) -> Iterable[str]:
    if chosen is not None and len(kinds) > 1:
        others = "; ".join(f"{len(one.run_ids)} {one.label}" for one in kinds if one is not chosen)
        yield t(
            "Shows the {n} runs that are {kind}. Of another kind: {others}.",
            n=len(chosen.run_ids),
            kind=chosen.label,
            others=others,
        )
