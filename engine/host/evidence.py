"""What analyses over several runs need, read from the history. Reads, never decides.

Blocks for as long as the database takes; call it on a thread of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..analysis import compare, leaks, trends
from ..analysis.executions import WHO
from ..store.history import History

HISTORY_RUNS = 30
"""Earlier runs of the workflow that show what single runs differ by."""


def for_comparison(
    history: History, baseline: Sequence[int], candidate: Sequence[int], user_id: str | None = None
) -> compare.Evidence:
    """Everything that comparing these runs reads. Raises ``NotInHistory`` for an unknown run."""
    chosen = [*baseline, *candidate]
    runs = history.run_rows(chosen, user_id)
    newest = runs[candidate[-1]]
    workflow = newest.get("workflow_id") or newest.get("workflow_hash")
    earlier: list[int] = []
    if workflow:
        around, _ = history.list_runs(
            user_id, limit=HISTORY_RUNS + len(chosen), workflow=workflow, status=("success", "partial")
        )
        rows = [run for run in around if run["id"] not in runs and run["id"] < max(chosen)]
        earlier = sorted(run["id"] for run in rows[:HISTORY_RUNS])
        runs |= history.run_rows(earlier, user_id)
    ids = [*earlier, *chosen]
    return compare.Evidence(
        runs=runs,
        columns=history.step_columns(ids, compare.STEP_COLUMNS),
        history=earlier,
        environments=history.environments(),
        prompts=_Prompts(history, ids, user_id),
        groups=history.groups_for(workflow, user_id) if workflow else (),
    )


def for_trends(history: History, workflow: str, *, last: int, user_id: str | None = None) -> trends.Evidence:
    """Everything that the trend of a workflow's ``last`` runs reads."""
    runs, _ = history.list_runs(user_id, limit=last, workflow=workflow)
    ids = sorted(run["id"] for run in runs if run["status"] in ("success", "partial"))
    return trends.Evidence(
        runs=runs,
        columns=history.step_columns(ids, trends.STEP_COLUMNS),
        memory=history.step_columns(ids[-leaks.MOST_RUNS :], (*WHO, *leaks.COLUMNS)),
        environments=history.environments(),
        prompts=_Prompts(history, ids, user_id),
        groups=history.groups_for(workflow, user_id),
    )


class _Prompts(Mapping[int, Any]):
    """The prompts of runs, each read when it is asked for: a trend wants only those around its changes."""

    def __init__(self, history: History, ids: Sequence[int], user_id: str | None) -> None:
        self._history = history
        self._ids = frozenset(ids)
        self._user_id = user_id
        self._known: dict[int, Any] = {}

    def __getitem__(self, run_id: int) -> Any:
        if run_id not in self._ids:
            raise KeyError(run_id)
        if run_id not in self._known:
            self._known[run_id] = self._history.workflow_of(run_id, self._user_id)["prompt"]
        return self._known[run_id]

    def __iter__(self) -> Iterator[int]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)
