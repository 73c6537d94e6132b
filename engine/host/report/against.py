"""One line about a run against its baseline, or against the run of its workflow before it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from ...analysis import compare
from ...language import t
from ...model import Run
from ...render import comparison_words
from ...store.history import History
from ..evidence import for_comparison

LOOKED_AT = 50
"""How many of a workflow's newest runs are looked through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """``text``: such as ``1.2 s slower than run 7: VAE Decode +0.9 s``; empty with nothing to compare with.

    ``run_ids`` are the other run and this one. ``changes`` are seconds of active time by node id.
    """

    text: str = ""
    verdict: str = "unknown"
    run_ids: tuple[int, ...] = ()
    changes: dict[str, float] = field(default_factory=dict)


def against(history: History, run: Run, *, is_kept: bool) -> Against:
    """``run`` against the newest pinned one, else the newest before it that executed as many nodes, else the
    newest before it, by the nodes that ran in both.

    ``is_kept``: whether the run is read from the history; else it goes on and is in memory.
    Blocks; raises ``StoreError``.
    """
    workflow = run.workflow_id or run.workflow_hash
    if workflow is None or run.status not in ("success", "partial") or run.pinned or not run.steps:
        return Against()
    rows, _ = history.list_runs(
        run.user_id, limit=LOOKED_AT, workflow=workflow, status=("success", "partial"), profiled=True
    )
    others = [row for row in rows if row["id"] != run.id]
    cached = sum(step.status in ("cached", "skipped") for step in run.measured_steps)
    executed = len(run.measured_steps) - cached
    before = [row for row in others if row["timestamp"] < run.timestamp]
    alike = (row for row in before if _executed(row) == executed)
    other = next((row for row in others if row["pinned"]), None) or next(alike, before[0] if before else None)
    if other is None or not executed:
        return Against()
    run_id = run.id or 0
    current = None if is_kept else replace(run, id=run_id)
    evidence = for_comparison(history, [other["id"]], [run_id], run.user_id, current)
    found = compare.compare([other["id"]], [run_id], evidence)
    changes = ((node.node_id, node.deltas["exec_time"].change) for node in found.nodes)
    in_words = comparison_words.against if _executed(other) == executed else comparison_words.in_both
    return Against(
        text=in_words(found, _name(other)),
        verdict=found.totals["total_time"].verdict,
        run_ids=(other["id"], run_id),
        changes={node_id: change for node_id, change in changes if change is not None},
    )


def _executed(row: dict[str, Any]) -> int:
    return (row["node_count"] or 0) - (row["cached_count"] or 0)


def _name(row: dict[str, Any]) -> str:
    number = t("run {id}", id=row["id"])
    name = t("“{name}” ({run})", name=row["name"], run=number) if row["name"] else number
    return t("the baseline, {run}", run=name) if row["pinned"] else name
