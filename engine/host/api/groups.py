"""Groups: named sets of nodes, edited before or after a run. Totals follow by themselves."""

from __future__ import annotations

from . import schemas
from .call import Answer, Call, Route


def list_groups(call: Call) -> Answer:
    """The user's groups: all, or those that count for one workflow."""
    return {"groups": call.history.list_groups(call.query.get("workflow") or None, call.user_id)}


def create_group(call: Call) -> Answer:
    """Make a group."""
    group = call.history.create_group(user_id=call.user_id, **call.body)
    call.changed("group", group.get("id"), "created")
    return {"group": group}


def edit_group(call: Call) -> Answer:
    """Change what was given of a group; ``members`` replaces them all."""
    group = call.history.update_group(call.path["group_id"], user_id=call.user_id, **call.body)
    call.changed("group", call.path["group_id"])
    return {"group": group}


def delete_group(call: Call) -> Answer:
    """Remove a group. The answer holds what it was, so that it can be made again."""
    group = call.history.delete_group(call.path["group_id"], user_id=call.user_id)
    call.changed("group", call.path["group_id"], "deleted")
    return {"group": group}


_FIELDS = {
    "name": {**schemas.NAME, "minLength": 1},
    "color": schemas.COLOR,
    "description": schemas.COMMENT,
    "members": schemas.MEMBERS,
    "workflow_id": {"type": ["string", "null"], "maxLength": 200},
}
_ANSWER = schemas.answer(group=schemas.GROUP)
_PATH = {"group_id": schemas.ID}

ROUTES = (
    Route(
        method="GET",
        path="groups",
        handler=list_groups,
        summary="List groups",
        tag="groups",
        query={"workflow": schemas.WORKFLOW_ID},
        answer=schemas.answer(groups=schemas.listing(schemas.GROUP)),
    ),
    Route(
        method="POST",
        path="groups",
        handler=create_group,
        summary="Make a group",
        tag="groups",
        body={"type": "object", "additionalProperties": False, "required": ["name"], "properties": _FIELDS},
        answer=_ANSWER,
    ),
    Route(
        method="PATCH",
        path="groups/{group_id}",
        handler=edit_group,
        summary="Change a group",
        tag="groups",
        path_parameters=_PATH,
        body={"type": "object", "additionalProperties": False, "minProperties": 1, "properties": _FIELDS},
        answer=_ANSWER,
    ),
    Route(
        method="DELETE",
        path="groups/{group_id}",
        handler=delete_group,
        summary="Remove a group",
        tag="groups",
        path_parameters=_PATH,
        answer=_ANSWER,
    ),
)
