"""Runs: listed by the page, shown, renamed, pinned, deleted and brought back."""

from __future__ import annotations

from typing import Any

from . import schemas
from .call import Answer, Call, RefusedError, Route

_STATUS = ("running", "success", "partial", "failed", "interrupted", "crashed")


def list_runs(call: Call) -> Answer:
    """One page of the user's runs, newest first unless asked otherwise."""
    wanted = dict(call.query)
    for status in wanted.get("status", ()):
        if status not in _STATUS:
            raise RefusedError(
                400, "invalid_request", f"query.status is {status!r}, must be one of {', '.join(_STATUS)}."
            )
    runs, total = call.history.list_runs(
        call.user_id, **{k: v for k, v in wanted.items() if v not in ("", [])}
    )
    return {"runs": runs, "total": total, "limit": wanted["limit"], "offset": wanted["offset"]}


def get_run(call: Call) -> Answer:
    """A run, its steps in execution order, and what each group comes to as groups are now."""
    run_id = call.path["run_id"]
    history = call.history
    run = history.run_row(run_id, call.user_id)
    own = {group["id"] for group in history.list_groups(user_id=call.user_id)}
    groups = [total for total in history.group_totals(run_id) if total["group_id"] in own]
    total_time = run.get("total_time")
    for group in groups:
        spent = group.get("exec_time")
        group["share"] = spent / total_time if spent is not None and total_time else None
    return {"run": run, "steps": history.step_rows(run_id, call.user_id), "groups": groups}


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


_RUN = schemas.answer(run=schemas.RUN)
_TIME = {"type": "number", "minimum": 0, "maximum": 1e12, "description": "seconds"}


def edit_step(call: Call) -> Answer:
    """Write a step's comment."""
    step = call.history.update_step(call.path["step_id"], user_id=call.user_id, **call.body)
    call.changed("run", step.get("run_id"))
    return {"step": step}


ROUTES = (
    Route(
        method="GET",
        path="runs",
        handler=list_runs,
        summary="List recorded runs",
        tag="runs",
        query={
            "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 50},
            "offset": {"type": "integer", "minimum": 0, "maximum": 2**31, "default": 0},
            "sort": {
                "type": "string",
                "default": "-timestamp",
                "maxLength": 60,
                "pattern": "^-?[a-z][a-z_]*$",
                "description": "a column's name, with - in front for descending",
            },
            "q": {
                "type": "string",
                "maxLength": 200,
                "description": "text in name, comment, workflow or status",
            },
            "status": {
                "type": "array",
                "items": {"type": "string"},
                "maxItems": 6,
                "description": f"one or more of {', '.join(_STATUS)}, separated by commas",
            },
            "workflow": schemas.WORKFLOW_ID,
            "since": schemas.WHEN,
            "until": schemas.WHEN,
            "min_time": _TIME,
            "max_time": _TIME,
            "pinned": {"type": "boolean"},
        },
        answer=schemas.answer(
            runs=schemas.listing(schemas.RUN),
            total={"type": "integer"},
            limit={"type": "integer"},
            offset={"type": "integer"},
        ),
    ),
    Route(
        method="GET",
        path="runs/{run_id}",
        handler=get_run,
        summary="One run with its steps and group totals",
        tag="runs",
        path_parameters=schemas.RUN_PATH,
        answer=schemas.answer(
            run=schemas.RUN,
            steps=schemas.listing(schemas.STEP),
            groups=schemas.listing({"$ref": "#/components/schemas/GroupTotal"}),
        ),
    ),
    Route(
        method="PATCH",
        path="runs/{run_id}",
        handler=edit_run,
        summary="Rename, comment or pin a run",
        tag="runs",
        path_parameters=schemas.RUN_PATH,
        body={
            "type": "object",
            "additionalProperties": False,
            "minProperties": 1,
            "properties": {
                "name": schemas.NAME,
                "global_comment": schemas.COMMENT,
                "pinned": {"type": "boolean"},
            },
        },
        answer=_RUN,
    ),
    Route(
        method="DELETE",
        path="runs/{run_id}",
        handler=delete_run,
        summary="Delete a run; it can be restored",
        tag="runs",
        path_parameters=schemas.RUN_PATH,
        answer=schemas.answer(run=schemas.RUN, restore={"type": "string"}),
    ),
    Route(
        method="POST",
        path="runs/{run_id}/restore",
        handler=restore_run,
        summary="Undo the deletion of a run",
        tag="runs",
        path_parameters=schemas.RUN_PATH,
        answer=_RUN,
    ),
    Route(
        method="GET",
        path="runs/{run_id}/workflow",
        handler=get_workflow,
        summary="The workflow that a run was made with",
        tag="runs",
        path_parameters=schemas.RUN_PATH,
        answer=schemas.answer(prompt={"type": ["object", "null"]}, workflow={"type": ["object", "null"]}),
    ),
    Route(
        method="PATCH",
        path="steps/{step_id}",
        handler=edit_step,
        summary="Comment one step",
        tag="runs",
        path_parameters={"step_id": schemas.ID},
        body={
            "type": "object",
            "additionalProperties": False,
            "required": ["step_comment"],
            "properties": {"step_comment": schemas.COMMENT},
        },
        answer=schemas.answer(step=schemas.STEP),
    ),
)
