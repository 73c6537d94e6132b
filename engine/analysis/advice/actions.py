"""What can be done about a finding with one click, where that is safe: nothing here changes a result."""

from __future__ import annotations

from collections.abc import Iterable

from ...model import Run
from .entry import Action, Advice

_WORTH_A_GROUP = frozenset(("dominates", "model_loading", "offloading", "outputs_cost", "sampling"))
"""Findings about nodes whose time is worth following over runs."""


def actions(entry: Advice, run: Run) -> tuple[Action, ...]:
    """Those of ``entry``, in the order in which they are of use."""
    return tuple(_found(entry, run))


def _found(entry: Advice, run: Run) -> Iterable[Action]:
    if entry.node_ids:
        yield Action(kind="select_nodes", node_ids=entry.node_ids)
    if entry.kind in _WORTH_A_GROUP and not _is_grouped(entry.node_ids, run):
        yield Action(kind="add_to_group", node_ids=entry.node_ids)
    if entry.run_id is not None and entry.run_id != run.id:
        yield Action(kind="compare_with", run_id=entry.run_id)
        if entry.kind == "slower":
            yield Action(kind="pin_baseline", run_id=entry.run_id)


def _is_grouped(node_ids: tuple[str, ...], run: Run) -> bool:
    return any(set(node_ids) <= set(group.members) for group in run.groups)
