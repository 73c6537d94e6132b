"""The real executions of nodes over several runs, as arrays: one row a node, one column a run. Pure.

The one place that decides what counts as a node's value in a run. Only real
executions count: a cached, skipped, failed or interrupted node has no value there.
Of a node that was executed several times in one run (a loop, a list, an expansion
under one id), times and energy add up and peaks are the highest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..model import Group, Run
from ..workflow.groups import Node, resolve

Matrix = npt.NDArray[np.float64]
Vector = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Columns = Mapping[str, Sequence[Any]]
"""The steps of many runs, one sequence a column of the history, all of one length."""

SUMMED = (
    "exec_time",
    "self_time_s",
    "cpu_seconds",
    "gpu_time_s",
    "energy_joules",
    "load_time_s",
)
HIGHEST = ("vram_max", "ram_max_bytes", "wall_time_s", "gpu_load_avg")
WHO = ("run_id", "node_id", "node_type", "node_title", "role", "status")
COLUMNS = (*WHO, "exec_time", "vram_max", "ram_max_bytes", "energy_joules", "load_time_s")
"""The columns that every analysis over runs reads."""


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

    def row_of(self, node_id: str) -> int | None:
        """The first row of a node's id, or ``None``."""
        return next((row for row, node in enumerate(self.nodes) if node.node_id == node_id), None)


def executions(
    run_ids: Sequence[int],
    columns: Columns,
    metrics: Sequence[str] = ("exec_time", "vram_max", "ram_max_bytes", "energy_joules"),
    aliases: Aliases | None = None,
) -> Executions:
    """The executions of every ordinary node in ``run_ids``; steps of other runs are ignored.

    Each of ``metrics`` must be a column. The rows are sorted by first appearance in the
    newest run (the last of ``run_ids``), then in those before it.
    """
    place = {run_id: column for column, run_id in enumerate(run_ids)}
    kept = [
        index
        for index, (run_id, role) in enumerate(zip(columns["run_id"], columns["role"], strict=True))
        if run_id in place and (role == "node" or role is None)
    ]
    whole = len(kept) == len(columns["run_id"])

    def column(name: str) -> Sequence[Any]:
        return columns[name] if whole else [columns[name][index] for index in kept]

    ran_in = column("run_id")
    # Plain tuples, which equal keys: a hundred thousand named ones take their time.
    keys: Iterable[tuple[str, str]] = zip(_texts(column("node_id")), _texts(column("node_type")), strict=True)
    if aliases:
        nothing: Mapping[NodeKey, NodeKey] = {}
        keys = [
            aliases.get(run_id, nothing).get(NodeKey(*key), NodeKey(*key))
            for run_id, key in zip(ran_in, keys, strict=True)
        ]
    run_at = np.fromiter((place[run_id] for run_id in ran_in), dtype=np.int64, count=len(ran_in))
    nodes, titles, row_at = _rows(keys, run_at, column("node_title"))
    shape = (len(nodes), len(run_ids))
    flat = row_at * len(run_ids) + run_at
    states = column("status")
    real = np.array([state == "ok" or state is None for state in states], dtype=np.bool_)
    from_cache = np.array([state == "cached" for state in states], dtype=np.bool_)
    values = {
        name: _gathered(flat, np.where(real, np.array(column(name), dtype=np.float64), np.nan), shape, name)
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


def columns_of_run(run: Run, run_id: int, names: Iterable[str]) -> dict[str, list[Any]]:
    """The steps of a run in memory as the columns ``names``, under the id ``run_id``."""
    found = {name: [getattr(step, name, None) for step in run.steps] for name in names if name != "run_id"}
    return {"run_id": [run_id] * len(run.steps), **found}


def joined(parts: Iterable[Columns]) -> dict[str, list[Any]]:
    """Several sets of the same columns below each other."""
    whole: dict[str, list[Any]] = {}
    for part in parts:
        for name, values in part.items():
            whole.setdefault(name, []).extend(values)
    return whole


def _texts(values: Sequence[Any]) -> Iterable[str]:
    return values if set(map(type, values)) <= {str} else map(_text, values)


def _text(value: object) -> str:
    return value if type(value) is str else "" if value is None else str(value)


def _rows(
    keys: Iterable[tuple[str, str]], run_at: npt.NDArray[np.int64], titles: Sequence[Any]
) -> tuple[tuple[NodeKey, ...], tuple[str, ...], npt.NDArray[np.int64]]:
    """The distinct nodes, newest run first, their newest titles, and each step's row."""
    codes: dict[tuple[str, str], int] = {}
    code_at = np.array([codes.setdefault(key, len(codes)) for key in keys], dtype=np.int64)
    # The newest run in which a node appears decides its place and its title.
    order = np.argsort(-run_at, kind="stable")
    _, first = np.unique(code_at[order], return_index=True)
    newest = order[first]
    ranked = np.argsort(np.argsort(first, kind="stable"), kind="stable")
    by_code = [NodeKey(*key) for key in codes]
    nodes: list[NodeKey] = [by_code[0]] * len(by_code) if by_code else []
    names = [""] * len(by_code)
    for code, row in enumerate(ranked):
        nodes[row] = by_code[code]
        names[row] = _text(titles[newest[code]]).strip() or by_code[code].node_type or by_code[code].node_id
    return tuple(nodes), tuple(names), ranked[code_at] if by_code else code_at


def _gathered(flat: npt.NDArray[np.int64], values: Matrix, shape: tuple[int, int], name: str) -> Matrix:
    known = np.isfinite(values)
    flat, values = flat[known], values[known]
    result = np.full(shape[0] * shape[1], np.nan)
    if name in SUMMED:
        total = np.bincount(flat, weights=values, minlength=result.size)
        result[flat] = total[flat]
    else:
        order = np.argsort(values, kind="stable")
        result[flat[order]] = values[order]  # of several, the last written is the highest
    return result.reshape(shape)


def _marked(flat: npt.NDArray[np.int64], shape: tuple[int, int]) -> Mask:
    marked = np.zeros(shape[0] * shape[1], dtype=np.bool_)
    marked[flat] = True
    return marked.reshape(shape)
