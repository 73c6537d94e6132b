"""The real executions of nodes over several runs, as arrays: one row a node, one column a run. Pure.

The one place that decides what counts as a node's value in a run. Only real
executions count: a cached, skipped, failed or interrupted node has no value there.
Of a node that was executed several times in one run (a loop, a list, an expansion
under one id), times and energy add up and peaks are the highest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..model import Group
from ..workflow.groups import Node, resolve
from .columns import Columns, Mask, Matrix, Places

SUMMED = (
    "exec_time",
    "self_time_s",
    "cpu_seconds",
    "gpu_time_s",
    "energy_joules",
    "load_time_s",
)


class NodeKey(NamedTuple):
    """What identifies a node within one version of a workflow."""

    node_id: str
    node_type: str


Aliases = Mapping[int, Mapping[NodeKey, NodeKey]]
"""For some runs, by id: which node of the newest version an older node is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Executions:
    """Nodes x runs. ``values[metric]`` is ``[node, run]``, NaN where there is no value.

    ``executed`` and ``cached`` are true where the node really ran, or came from the
    cache, in that run; both are false where the run has no such node or it failed.
    ``first_seen`` is the node's place in the order in which nodes ran.
    """

    run_ids: tuple[int, ...]
    nodes: tuple[NodeKey, ...]
    titles: tuple[str, ...]
    values: Mapping[str, Matrix]
    executed: Mask
    cached: Mask
    present: Mask

    def columns_of(self, run_ids: Iterable[int]) -> list[int]:
        """The columns of these runs, in their order; runs that are not here are left out."""
        place = {run_id: column for column, run_id in enumerate(self.run_ids)}
        return [place[run_id] for run_id in run_ids if run_id in place]


def executions(
    run_ids: Sequence[int],
    columns: Columns,
    metrics: Sequence[str] = ("exec_time", "vram_max", "ram_max_bytes", "energy_joules"),
    aliases: Aliases | None = None,
) -> Executions:
    """The executions of every node in ``run_ids``; steps of other runs are ignored.

    ``columns`` have those of :data:`columns.CODED` and each of ``metrics``. The rows are sorted by first
    appearance in the newest run (the last of ``run_ids``), then in those before it.
    """
    place = {run_id: column for column, run_id in enumerate(run_ids)}
    run_of, found_runs = columns.coded("run_id")
    run_places = _whole_numbers(place.get(run_id, -1) for run_id in found_runs)[run_of]
    kept = np.flatnonzero(run_places >= 0)
    run_at = run_places[kept]
    nodes, titles, row_at = _rows(columns, kept, run_at, [(aliases or {}).get(i) for i in run_ids])
    shape = (len(nodes), len(run_ids))
    flat = row_at * len(run_ids) + run_at
    real, from_cache = (columns.marked("status", states)[kept] for states in (("ok", None), ("cached",)))
    values = {
        name: _gathered(flat, np.where(real, columns.numbers(name)[kept], np.nan), shape, name)
        for name in metrics
    }
    return Executions(
        run_ids=tuple(run_ids),
        nodes=nodes,
        titles=titles,
        values=values,
        executed=_marked(flat[real], shape),
        cached=_marked(flat[from_cache], shape) & ~_marked(flat[real], shape),
        present=_marked(flat, shape),
    )


def rows_of_groups(groups: Sequence[Group], measured: Executions) -> list[tuple[Group, list[int]]]:
    """Each group that has nodes among ``measured``, and their rows."""
    nodes = [
        Node(node.node_id, title, node.node_type)
        for node, title in zip(measured.nodes, measured.titles, strict=True)
    ]
    found = []
    for group in resolve(groups, nodes):
        members = frozenset(group.members)
        rows = [row for row, node in enumerate(nodes) if node.node_id in members]
        if rows:
            found.append((group, rows))
    return found


def _whole_numbers(values: Iterable[int]) -> Places:
    return np.array(list(values), dtype=np.int64)


def _text(value: object) -> str:
    return value if type(value) is str else "" if value is None else str(value)


def _rows(
    columns: Columns, kept: Places, run_at: Places, renamed: Sequence[Mapping[NodeKey, NodeKey] | None]
) -> tuple[tuple[NodeKey, ...], tuple[str, ...], Places]:
    """The distinct nodes of the steps ``kept``, newest run first, their newest titles, each step's row.

    ``run_at`` is the run of each of these steps, ``renamed`` the new names of its nodes by run.
    """
    ids, types = columns.coded("node_id"), columns.coded("node_type")
    # Runs of one version share their new names.
    names_of = {id(names): names or {} for names in renamed}
    versions = list(names_of.values())
    version_at = {key: place for place, key in enumerate(names_of)}
    version_of = _whole_numbers(version_at[id(names)] for names in renamed)
    combined = (version_of[run_at] * len(ids[1]) + ids[0][kept]) * len(types[1]) + types[0][kept]
    known, known_at = _distinct(combined, len(versions) * len(ids[1]) * len(types[1]))
    codes: dict[NodeKey, int] = {}
    code_of = []
    for number in known.tolist():
        number, kind = divmod(number, len(types[1]))
        version, node = divmod(number, len(ids[1]))
        key = NodeKey(_text(ids[1][node]), _text(types[1][kind]))
        key = versions[version].get(key, key)
        code_of.append(codes.setdefault(key, len(codes)))
    if not codes:
        return (), (), run_at
    code_at = _whole_numbers(code_of)[known_at]
    # The newest run in which a node appears decides its place, the newest whose titles are known its title.
    newest, first = np.empty((2, len(codes)), dtype=np.int64)
    by_run = np.argsort(run_at, kind="stable")
    newest[code_at[by_run]] = run_at[by_run]
    there = np.flatnonzero(run_at == newest[code_at])[::-1]
    first[code_at[there]] = there
    order = np.lexsort((first, -newest))
    row_of = np.empty(len(codes), dtype=np.int64)
    row_of[order] = np.arange(len(codes))
    by_code = list(codes)
    nodes = [by_code[code] for code in order.tolist()]
    title_of, texts = columns.coded("node_title")
    titled = by_run[np.array([text is not None for text in texts], dtype=np.bool_)[title_of[kept[by_run]]]]
    last = np.full(len(codes), -1)
    last[code_at[titled]] = title_of[kept[titled]]
    titles = [_text(texts[code]).strip() if code >= 0 else "" for code in last[order].tolist()]
    names = [title or key.node_type or key.node_id for title, key in zip(titles, nodes, strict=True)]
    return tuple(nodes), tuple(names), row_of[code_at]


def _distinct(values: Places, limit: int) -> tuple[Places, Places]:
    """The distinct ``values``, all of them in 0 to ``limit``, in order, and the place of each among them."""
    if limit > 4 * len(values):
        return np.unique(values, return_inverse=True)
    known = np.flatnonzero(np.bincount(values, minlength=limit))
    place = np.empty(limit, dtype=np.int64)
    place[known] = np.arange(len(known))
    return known, place[values]


def _gathered(flat: Places, values: Matrix, shape: tuple[int, int], name: str) -> Matrix:
    known = np.isfinite(values)
    flat, values = flat[known], values[known]
    result = np.full(shape[0] * shape[1], np.nan)
    if name in SUMMED:
        total = np.bincount(flat, weights=values, minlength=result.size)
        result[flat] = total[flat]
    else:
        np.fmax.at(result, flat, values)
    return result.reshape(shape)


def _marked(flat: Places, shape: tuple[int, int]) -> Mask:
    marked = np.zeros(shape[0] * shape[1], dtype=np.bool_)
    marked[flat] = True
    return marked.reshape(shape)
