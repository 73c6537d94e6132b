"""What the history adds to a run: its groups, and the earlier times of nodes that were cached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...analysis.groups import resolve
from ...model import Group, Run
from ...store.history import History
from ...workflow.canvas import group_members
from ...workflow.prompt import GroupNode, group_nodes


def recall(run: Run, history: History) -> Run:
    """``run`` with groups and previous times from the history. Blocks; raises ``StoreError``."""
    return replace(with_previous_times(run, history), groups=stored_groups(run, history))


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


def prompt_groups(run: Run) -> tuple[Group, ...]:
    """The prompt's Profiler Groups with their members looked up among the run's nodes."""
    prompt: Mapping[str, Any] = run.prompt or {}
    groups = [_group(node, run) for node in group_nodes(prompt)]
    rows = [(step.node_id, step.node_title, step.node_type) for step in run.measured_steps]
    return resolve(groups, rows)


def stored_groups(run: Run, history: History) -> tuple[Group, ...]:
    """The prompt's groups, now in the history, then the workflow's other groups from there."""
    own = prompt_groups(run)
    if run.workflow_id is None:
        return own
    stored = history.upsert_run_groups(run.workflow_id, own, run.user_id) if own else ()
    unmatched = {group.source_node_id: group.unmatched for group in own}
    mine = tuple(replace(group, unmatched=unmatched.get(group.source_node_id, ())) for group in stored)
    ids = {group.id for group in mine}
    others = history.groups_for(run.workflow_id, run.user_id)
    return mine + tuple(group for group in others if group.id not in ids)


def _group(node: GroupNode, run: Run) -> Group:
    drawn = group_members(run.workflow or {}, node.canvas_group) if node.canvas_group else ()
    nodes = frozenset(step.node_id for step in run.measured_steps)
    missing = (f"canvas group “{node.canvas_group}”",) if node.canvas_group and not drawn else ()
    return Group(
        name=node.name,
        color=node.color,
        description=node.description,
        members=tuple(member for member in drawn if _runs(member, nodes)),
        patterns=node.members,
        unmatched=missing,
        workflow_id=run.workflow_id,
        source_node_id=node.node_id,
    )


def _runs(member: str, nodes: frozenset[str]) -> bool:
    """Whether a canvas node, or a node inside it, is part of the run."""
    return member in nodes or any(node.startswith(f"{member}:") for node in nodes)
