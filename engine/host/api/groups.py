"""Groups: named sets of nodes, edited before or after a run. Totals follow by themselves."""

from __future__ import annotations

from .call import Answer, Call


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
