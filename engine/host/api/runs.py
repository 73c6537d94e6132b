"""Runs: listed by the page, shown, renamed, pinned, deleted and brought back."""

from __future__ import annotations

from typing import Any

from .call import Answer, Call, RefusedError


def list_runs(call: Call) -> Answer:
    """One page of the user's runs, newest first unless asked otherwise."""
    wanted = call.query
    runs, total = call.history.list_runs(call.user_id, **wanted)
    return {"runs": runs, "total": total, "limit": wanted["limit"], "offset": wanted["offset"]}


def get_run(call: Call) -> Answer:
    """A run, its steps in execution order, and what each group comes to as groups are now."""
    run_id = call.path["run_id"]
    history = call.history
    run = history.run_row(run_id, call.user_id)
    own = {group["id"]: group for group in history.list_groups(user_id=call.user_id)}
    groups = [total for total in history.group_totals(run_id) if total["group_id"] in own]
    total_time = run.get("total_time")
    for group in groups:
        spent = group.get("exec_time")
        group["members"] = own[group["group_id"]]["members"]
        group["share"] = spent / total_time if spent is not None and total_time else None
    return {"run": run, "steps": history.step_rows(run_id, call.user_id), "groups": groups}


def get_inside(call: Call) -> Answer:
    """What was seen inside a run's nodes: call trees, time by owner, operators."""
    return call.history.inside_of(call.path["run_id"], call.user_id)


def edit_run(call: Call) -> Answer:
    """Rename, comment or pin a run."""
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


def edit_step(call: Call) -> Answer:
    """Write a step's comment."""
    step = call.history.update_step(call.path["step_id"], user_id=call.user_id, **call.body)
    call.changed("run", step.get("run_id"))
    return {"step": step}
