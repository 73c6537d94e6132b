"""What the history adds to a run: its groups, and the earlier times of nodes that were cached."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ...analysis.contention import contention_kinds, contention_sentences, find_contention
from ...model import Group, Run
from ...store.history import History
from ...store.queries import run_list
from ...store.queries.run_list import RunFilter
from ...workflow.groups import groups_of, nodes_of

RETRY_WITHIN_S = 60.0
"""The same workflow again so soon after a failure is another try."""


def with_history(run: Run, history: History) -> Run:
    """``run`` with its groups, and with what ``history`` knows. Blocks; raises ``StoreError``."""
    return with_groups(with_attempt(with_previous_times(run, history), history), history)


def with_attempt(run: Run, history: History) -> Run:
    """``run`` with its number among tries: it follows a failure of the same workflow within a minute."""
    workflow = run.workflow_id or run.workflow_hash
    if workflow is None:
        return run
    wanted = RunFilter(user_id=run.user_id, workflow=workflow)
    with history.database.read() as connection:
        before = run_list.run_before(connection, wanted, run.timestamp)
    if before is None or before["status"] not in ("failed", "crashed"):
        return replace(run, attempt=1)
    gap = _moment(run.timestamp) - _moment(before["timestamp"])
    if not 0.0 <= gap.total_seconds() - (before["total_time"] or 0.0) <= RETRY_WITHIN_S:
        return replace(run, attempt=1)
    return replace(run, attempt=(before["attempt"] or 1) + 1, retry_of=before["id"])


def _moment(timestamp: str) -> datetime:
    return datetime.fromisoformat(timestamp.replace("Z", "+00:00"))


def with_contention(run: Run) -> Run:
    """``run`` with what was kept from it, and a warning for each of that."""
    found = find_contention(run, run.total_time)
    warnings = tuple(dict.fromkeys((*run.warnings, *contention_sentences(found))))
    return replace(run, warnings=warnings, contention=contention_kinds(found))


def with_groups(run: Run, history: History | None = None) -> Run:
    """``run`` with its Profiler Groups and those that ``history`` has for its workflow, members looked up."""
    stored: tuple[Group, ...] = ()
    if history is not None and run.workflow_id is not None:
        stored = history.groups_for(run.workflow_id, run.user_id)
    return replace(run, groups=groups_of(run.prompt, run.workflow, nodes_of(run), stored))


def with_previous_times(run: Run, history: History) -> Run:
    """Each cached step with the time it took when it last really ran with the same inputs."""
    wanted = {step.inputs_hash for step in run.steps if step.status == "cached" and step.inputs_hash}
    if not wanted:
        return run
    known = history.previous_times(wanted, run.user_id)
    steps = []
    for step in run.steps:
        previous = known.get(step.inputs_hash or "") if step.status == "cached" else None
        if previous is not None:
            step = replace(step, previous_run_id=previous[0], previous_exec_time_s=previous[1])
        steps.append(step)
    return replace(run, steps=tuple(steps))
