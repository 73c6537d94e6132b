"""Steps: a user's comment on one node of one run."""

from __future__ import annotations

from . import shapes
from .call import Answer, Call, Route


def edit_step(call: Call) -> Answer:
    """Write a step's comment."""
    step = call.history.update_step(call.path["step_id"], user_id=call.user_id, **call.body)
    call.changed("run", step.get("run_id"))
    return {"step": step}


ROUTES = (
    Route(
        method="PATCH",
        path="steps/{step_id}",
        handler=edit_step,
        summary="Comment one step",
        tag="runs",
        path_parameters={"step_id": shapes.ID},
        body={
            "type": "object",
            "additionalProperties": False,
            "required": ["step_comment"],
            "properties": {"step_comment": shapes.COMMENT},
        },
        answer=shapes.answer(step=shapes.STEP),
    ),
)
