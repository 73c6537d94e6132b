"""What analyses over several runs need, read from the history. Reads, never decides.

Blocks for as long as the database takes; call it on a thread of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..analysis import compare
from ..analysis.versions import representatives
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
    prompts = {*representatives(runs[run_id] for run_id in ids), baseline[-1], candidate[-1]}
    return compare.Evidence(
        runs=runs,
        columns=history.step_columns(ids, compare.STEP_COLUMNS),
        history=earlier,
        environments=history.environments(),
        prompts=history.prompts_of(sorted(prompts), user_id),
        groups=history.groups_for(workflow, user_id) if workflow else (),
    )
