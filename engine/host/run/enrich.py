"""What the history adds to a run: its groups, and the earlier times of nodes that were cached."""

from __future__ import annotations

from dataclasses import replace

from ...analysis.crowding import crowding_sentence, others_cpu_share
from ...model import Group, Run
from ...store.history import History
from ...workflow.groups import groups_of, nodes_of


def recall(run: Run, history: History) -> Run:
    """``run`` with its groups, and with what ``history`` knows. Blocks; raises ``StoreError``."""
    return with_groups(with_previous_times(run, history), history)


def with_crowding(run: Run) -> Run:
    """``run`` with a warning, kept with it, where other programs kept the machine from it."""
    share = others_cpu_share(run, run.total_time)
    warning = None if share is None else crowding_sentence(share)
    if warning is None or warning in run.warnings:
        return run
    return replace(run, warnings=(*run.warnings, warning))


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
