"""The reference snapshot of a workflow: stored by "Update nodes", compared by "check"."""

from __future__ import annotations

from dataclasses import asdict

from ...workflow import fingerprint
from .call import Answer, Call, RefusedError


def update_nodes(call: Call) -> Answer:
    """Make the workflow as it is now the reference of its later runs."""
    current = fingerprint.take(call.body["prompt"], call.body.get("workflow"))
    if not current.nodes:
        raise RefusedError(
            422, "empty_workflow", "This workflow has no node of its own to compare later runs with."
        )
    call.history.store_reference(current, call.user_id)
    call.changed("reference", current.workflow_id)
    nodes = [
        {"node_id": node.node_id, "title": node.title or node.node_type, "node_type": node.node_type}
        for node in current.nodes
    ]
    return {"workflow_id": current.workflow_id, "hash": current.hash, "nodes": nodes}


def check(call: Call) -> Answer:
    """Whether the workflow is still what its reference says, and what changed."""
    current = fingerprint.take(call.body["prompt"], call.body.get("workflow"))
    reference = call.history.reference(current, call.user_id)
    changes = fingerprint.diff(reference, current) if reference else ()
    return {
        "match": reference is not None and not changes,
        "has_reference": reference is not None,
        "workflow_id": current.workflow_id,
        "hash": current.hash,
        "changes": [asdict(change) for change in changes],
    }
