"""Runs: listed by the page, shown, renamed, pinned, deleted, brought back; events in the one that goes on."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ...analysis.groups import GroupTotal, total
from ...analysis.soundness import sound
from ...language import stored
from .call import Answer, Call, RefusedError


def list_runs(call: Call) -> Answer:
    """One page of the user's runs, newest first unless asked otherwise."""
    wanted = call.query
    runs, total = call.history.list_runs(call.user_id, **wanted)
    return {"runs": runs, "total": total, "limit": wanted["limit"], "offset": wanted["offset"]}


def list_workflows(call: Call) -> Answer:
    """The workflows that have runs, with what they are called; newest run first."""
    return _page(call, "workflows", call.history.workflows(call.user_id))


def list_tags(call: Call) -> Answer:
    """The tags that runs have, and how many have each."""
    found = call.history.tags(call.user_id)
    return _page(call, "tags", [{"tag": tag, "run_count": count} for tag, count in found.items()])


def _page(call: Call, name: str, found: list[dict[str, Any]]) -> Answer:
    offset, limit = call.query["offset"], call.query["limit"]
    return {name: found[offset : offset + limit], "total": len(found), "limit": limit, "offset": offset}


def get_run(call: Call) -> Answer:
    """A run, its steps in execution order, and what its groups come to: the numbers of its report."""
    run_id = call.path["run_id"]
    history = call.history
    run = sound(history.load_run(run_id, with_series=False, user_id=call.user_id))
    totals = zip(run.groups, total(run, run.groups), strict=True)
    row = history.run_row(run_id, call.user_id)
    texts = {
        "warnings": [stored(str(text)) for text in row.get("warnings") or ()],
        "error_message": stored(row.get("error_message") or "") or None,
    }
    return {
        "run": {**row, **texts},
        "steps": history.step_rows(run_id, call.user_id),
        "groups": [_group_total(group.id, entry) for group, entry in totals if entry.node_ids],
    }


def _group_total(group_id: int | None, entry: GroupTotal) -> dict[str, Any]:
    found = {**asdict(entry), "group_id": group_id, "step_count": entry.node_count, "members": entry.node_ids}
    return {name: value for name, value in found.items() if name not in ("node_count", "node_ids")}


def get_inside(call: Call) -> Answer:
    """What was seen inside a run's nodes: call trees, time by owner, operators."""
    return call.history.inside_of(call.path["run_id"], call.user_id)


def edit_run(call: Call) -> Answer:
    """Rename, comment, tag or pin a run."""
    run = call.history.update_run(call.path["run_id"], user_id=call.user_id, **call.body)
    call.changed("run", call.path["run_id"])
    return {"run": run}


def delete_run(call: Call) -> Answer:
    """Take a run out of the history. It can be restored."""
    run = call.history.delete_run(call.path["run_id"], user_id=call.user_id)
    call.changed("run", call.path["run_id"], "deleted")
    return {"run": run, "restore": f"/holaf/profiler/runs/{call.path['run_id']}/restore"}


def restore_run(call: Call) -> Answer:
    """Undo a deletion."""
    run = call.history.restore_run(call.path["run_id"], user_id=call.user_id)
    call.changed("run", call.path["run_id"], "restored")
    return {"run": run}


def get_workflow(call: Call) -> Answer:
    """The workflow that a run was made with, in both formats as far as they were kept."""
    run_id = call.path["run_id"]
    kept: dict[str, Any] = call.history.workflow_of(run_id, call.user_id)
    if kept.get("prompt") is None and kept.get("workflow") is None:
        raise RefusedError(404, "not_found", f"No workflow was kept with run {run_id}.")
    return {"prompt": kept.get("prompt"), "workflow": kept.get("workflow")}


def record_event(call: Call) -> Answer:
    """Mark this moment in the run that goes on, with a text."""
    event = call.host.record_event(call.body["text"], call.user_id)
    if event is None:
        raise RefusedError(
            409, "no_run", "No profiled run of yours goes on now, or it holds too many events."
        )
    return {"event": asdict(event)}


def edit_step(call: Call) -> Answer:
    """Write a step's comment."""
    step = call.history.update_step(call.path["step_id"], user_id=call.user_id, **call.body)
    call.changed("run", step.get("run_id"))
    return {"step": step}
