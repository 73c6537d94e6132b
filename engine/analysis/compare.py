"""Runs against runs: what got faster, slower, larger or smaller, and how sure that is. Pure.

Takes rows as the history gives them. Which runs may go into one number says
``comparable``; which node is which says ``pairing``; how sure a change is says
``effect``. This module puts them together and says in words what limits the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..language import msg, t
from ..model import Group, OwnerTime
from . import comparable
from .columns import CODED, Columns, Matrix
from .comparable import Kind, Row
from .effect import Delta, deltas
from .executions import Executions, NodeKey, executions, rows_of_groups
from .noise import noise_of
from .pairing import Pair, Pairing, pair
from .stacks import OwnerChange, owner_changes
from .versions import Prompts, graph_of, version_key, versions
from .what_changed import WhatChanged, what_changed

METRICS = ("exec_time", "vram_max", "ram_max_bytes", "energy_joules")
"""What is compared of a node."""
STEP_COLUMNS = (*CODED, *METRICS)
"""The columns of steps that a comparison reads."""
TOTALS = ("total_time", "vram_max", "ram_max_bytes", "energy_joules")
GROUP_METRICS = ("exec_time", "vram_max", "energy_joules")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a comparison is made from.

    ``runs`` are all runs by id, those of ``history`` too: earlier runs that are on neither
    side and show what single runs differ by, oldest first. ``columns`` are their steps,
    with :data:`STEP_COLUMNS`. ``environments`` are by ``environment_id``, ``prompts`` by
    run id, as far as kept; ``owner_times`` of the runs that were looked into.
    """

    runs: Mapping[int, Row]
    columns: Columns
    history: Sequence[int] = ()
    environments: Mapping[int, Mapping[str, str]]
    prompts: Prompts
    groups: Sequence[Group] = ()
    owner_times: Mapping[int, Sequence[OwnerTime]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeComparison:
    """One node on both sides. ``pairing`` says how it was recognised, or on which side alone it is.

    ``exec_times`` and ``statuses`` have one entry a run, in the order of the comparison's
    runs: seconds or ``None``, and ``ok``, ``cached`` or ``None``. ``previous_id`` is the
    node's id on the baseline where that is another.
    """

    node_id: str
    node_type: str
    node_title: str
    pairing: Pairing
    previous_id: str | None
    deltas: Mapping[str, Delta]
    exec_times: tuple[float | None, ...]
    statuses: tuple[str | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupComparison:
    """One group of nodes on both sides; times add up, the peak is the highest of its nodes."""

    name: str
    color: str
    node_count: int
    deltas: Mapping[str, Delta]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Everything that two sides of runs differ in.

    ``counted_ids`` are the runs whose totals were compared: those of one kind. ``kinds``
    are all runs by kind. ``nodes`` stand largest change of time first, ``changes`` at nodes
    whose time stands out before others; ``notes`` say what limits the answer.
    """

    baseline_ids: tuple[int, ...]
    candidate_ids: tuple[int, ...]
    counted_ids: tuple[int, ...]
    kinds: tuple[Kind, ...]
    totals: Mapping[str, Delta]
    nodes: tuple[NodeComparison, ...]
    groups: tuple[GroupComparison, ...]
    changes: tuple[WhatChanged, ...]
    notes: tuple[str, ...]
    owners: tuple[OwnerChange, ...]


def compare(baseline: Sequence[int], candidate: Sequence[int], evidence: Evidence) -> Comparison:
    """The runs ``candidate`` against the runs ``baseline``, by their ids.

    Raises ``ValueError`` for a side without runs, and for a run on both sides.
    """
    if not baseline or not candidate:
        raise ValueError("both sides need a run")
    if set(baseline) & set(candidate):
        raise ValueError("a run cannot be on both sides")
    ids = (*evidence.history, *baseline, *candidate)
    ordered = [evidence.runs[run_id] for run_id in ids]
    found = versions(ordered, evidence.columns, evidence.prompts)
    measured = executions(ids, evidence.columns, METRICS, found.aliases)
    conditions = comparable.conditions_of(ordered, measured)
    sides = {run_id: conditions[run_id] for run_id in (*baseline, *candidate)}
    whole = comparable.shared(sides, baseline, candidate)
    alike = comparable.like_for_nodes(sides, baseline, candidate)
    earlier = _earlier(evidence, conditions, whole[1] or list(candidate))
    nodes = _nodes(measured, (baseline, candidate), alike, earlier, _pairings(found.pairs, baseline))
    stands_out = {
        node.node_id: rank for rank, node in enumerate(nodes) if _stands_out(node.deltas["exec_time"])
    }
    changes = sorted(
        _changes(evidence, found.pairs, baseline[-1], candidate[-1]),
        key=lambda one: stands_out.get(one.node_id or "", len(nodes)),
    )
    totals = _totals(evidence.runs, whole, (baseline, candidate), earlier)
    return Comparison(
        baseline_ids=tuple(baseline),
        candidate_ids=tuple(candidate),
        counted_ids=tuple(whole[0] + whole[1]),
        kinds=comparable.kinds(sides),
        totals=totals,
        nodes=nodes,
        groups=_groups(evidence.groups, measured, whole if whole[0] else (baseline, candidate), earlier),
        changes=tuple(changes),
        notes=tuple(_notes(evidence.runs, sides, (baseline, candidate), whole)),
        owners=owner_changes(evidence.owner_times, baseline, candidate),
    )


def _stands_out(delta: Delta) -> bool:
    """Whether a change surely is one, or is at least beyond what single runs usually differ by."""
    return delta.verdict in ("faster", "slower") or delta.is_unusual


def _earlier(evidence: Evidence, conditions: Mapping[int, Any], like: Sequence[int]) -> list[int]:
    """The earlier runs of the conditions that most of the candidate's runs have."""
    if not like:
        return []
    wanted = conditions[like[-1]]
    return [run_id for run_id in evidence.history if conditions[run_id] == wanted]


def _totals(
    runs: Mapping[int, Row],
    whole: tuple[list[int], list[int]],
    sides: tuple[Sequence[int], Sequence[int]],
    earlier: Sequence[int],
) -> dict[str, Delta]:
    used = whole if whole[0] else sides
    result = {}
    for name in TOTALS:

        def values(ids: Iterable[int], name: str = name) -> Matrix:
            return np.array([[runs[run_id].get(name) for run_id in ids]], dtype=np.float64)

        noise = noise_of(values(earlier))
        delta = deltas(name, values(used[0]), values(used[1]), noise, [*used[0], *used[1]])[0]
        result[name] = delta if whole[0] else _unjudged(delta)
    return result


def _unjudged(delta: Delta) -> Delta:
    """The numbers without a verdict: the two sides did not measure the same thing."""
    return replace(delta, verdict="unknown", low=None, high=None, runs_needed=None)


def _nodes(
    measured: Executions,
    sides: tuple[Sequence[int], Sequence[int]],
    alike: tuple[list[int], list[int]],
    earlier: Sequence[int],
    pairings: Mapping[NodeKey, tuple[Pairing, str | None]],
) -> tuple[NodeComparison, ...]:
    old, new = (measured.columns_of(ids) for ids in sides)
    every = [*old, *new]
    rows = [int(row) for row in np.flatnonzero(measured.present[:, every].any(axis=1))]
    judged = bool(alike[0])
    counted = alike if judged else sides
    used = [measured.columns_of(ids) for ids in counted]
    before = measured.columns_of(earlier)
    by_metric = {}
    for name in METRICS:
        values = measured.values[name][rows]
        noise = noise_of(values[:, before]) if before else None
        found = deltas(name, values[:, used[0]], values[:, used[1]], noise, [*counted[0], *counted[1]])
        by_metric[name] = found if judged else [_unjudged(delta) for delta in found]
    times = measured.values["exec_time"]
    made = []
    for place, row in enumerate(rows):
        node = measured.nodes[row]
        pairing, previous = pairings.get(node, ("id", None))
        if not measured.present[row, new].any():
            pairing, previous = "baseline only", None
        elif not measured.present[row, old].any():
            pairing, previous = "candidate only", None
        made.append(
            NodeComparison(
                node_id=node.node_id,
                node_type=node.node_type,
                node_title=measured.titles[row],
                pairing=pairing,
                previous_id=previous,
                deltas={name: by_metric[name][place] for name in METRICS},
                exec_times=tuple(None if value != value else value for value in times[row, every].tolist()),
                statuses=tuple(_state(measured, row, column) for column in every),
            )
        )
    made.sort(key=lambda node: abs(node.deltas["exec_time"].change or 0.0), reverse=True)
    return tuple(made)


def _state(measured: Executions, row: int, column: int) -> str | None:
    if measured.executed[row, column]:
        return "ok"
    return "cached" if measured.cached[row, column] else None


def _pairings(
    pairs: Mapping[int, Sequence[Pair]], baseline: Sequence[int]
) -> dict[NodeKey, tuple[Pairing, str | None]]:
    """For each node of the newest version how it was recognised in the newest baseline run."""
    found: dict[NodeKey, tuple[Pairing, str | None]] = {}
    for made in pairs.get(baseline[-1], ()):
        if made.baseline and made.candidate:
            moved = made.baseline.node_id != made.candidate.node_id
            found[made.candidate.key] = (made.pairing, made.baseline.node_id if moved else None)
    return found


def _groups(
    groups: Sequence[Group],
    measured: Executions,
    used: tuple[Sequence[int], Sequence[int]],
    earlier: Sequence[int],
) -> tuple[GroupComparison, ...]:
    made = []
    for group, rows in rows_of_groups(groups, measured):
        found = {}
        for name in GROUP_METRICS:
            values = _combined(measured.values[name][rows], name)
            before, after, history = (values[:, measured.columns_of(ids)] for ids in (*used, earlier))
            found[name] = deltas(name, before, after, noise_of(history), [*used[0], *used[1]])[0]
        made.append(GroupComparison(name=group.name, color=group.color, node_count=len(rows), deltas=found))
    return tuple(made)


def _combined(values: Matrix, name: str) -> Matrix:
    """Several rows as one: the highest of peaks, the sum of all else; NaN where no row has a value."""
    known = np.isfinite(values).any(axis=0)
    whole = np.where(np.isfinite(values), values, 0.0)
    combined = whole.max(axis=0) if name == "vram_max" else whole.sum(axis=0)
    result: Matrix = np.where(known, combined, np.nan)[None, :]
    return result


def _changes(
    evidence: Evidence, pairs: Mapping[int, Sequence[Pair]], before_id: int, after_id: int
) -> tuple[WhatChanged, ...]:
    """What differs between the newest run of each side."""
    before, after = evidence.runs[before_id], evidence.runs[after_id]
    prompts = (evidence.prompts.get(before_id), evidence.prompts.get(after_id))
    made = tuple(pairs.get(before_id, ()))
    if not made:
        changed = version_key(before) != version_key(after)
        made = pair(*(graph_of(prompt, with_places=changed) for prompt in prompts))
    environments = tuple(
        evidence.environments.get(run.get("environment_id") or 0, {}) for run in (before, after)
    )
    return what_changed(
        before, after, environments=(environments[0], environments[1]), prompts=prompts, pairs=made
    )


def _notes(
    runs: Mapping[int, Row],
    sides: Mapping[int, comparable.Conditions],
    chosen: tuple[Sequence[int], Sequence[int]],
    whole: tuple[list[int], list[int]],
) -> Iterable[str]:
    mixed = comparable.mixture(sides.values())
    left_out = [run_id for run_id in sides if run_id not in (*whole[0], *whole[1])]
    if mixed and not whole[0]:
        yield t("No verdict on totals: no runs of the two sides are alike ({why}).", why="; ".join(mixed))
    elif left_out:
        yield comparable.left_out_note(mixed, left_out)
    forms = (
        msg("The baseline mixes runs of different {what}."),
        msg("The candidate mixes runs of different {what}."),
    )
    for form, ids in zip(forms, chosen, strict=True):
        every = {comparable.version(runs[run_id]) for run_id in ids}
        if len(every) > 1:
            parts = [
                word
                for place, word in enumerate((t("workflows"), t("environments"), t("devices")))
                if len({one[place] for one in every}) > 1
            ]
            yield t(form, what=", ".join(parts))
    forced = [str(run_id) for run_id in sides if runs[run_id].get("forced")]
    if forced:
        yield t("Forced although the workflow had changed: run {ids}.", ids=", ".join(forced))
    if len(chosen[0]) == len(chosen[1]) == 1:
        yield t("One run a side: whether a change is more than chance takes several runs a side.")
