"""What the history teaches: statistics of node classes, trends of a workflow, advice."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ...analysis import advice, statistics, trends
from .call import Answer, Call, RefusedError

EARLIER = 4
"""Runs before the advised one that are looked at for repeated work."""

_RUN_FIELDS = ("id", "timestamp", "name", "status", "total_time", "cold", "forced", "pinned", "workflow_hash")


def get_statistics(call: Call) -> Answer:
    """What each class of node costs, over the newest runs that fit."""
    runs, total = _runs(call)
    steps = call.history.steps_of([run["id"] for run in runs])
    found = statistics.by_type(runs, steps)
    wanted = call.query.get("node_type")
    types = [asdict(entry) for entry in found if not wanted or entry.node_type == wanted]
    offset, limit = call.query["offset"], call.query["limit"]
    return {
        "types": types[offset : offset + limit],
        "total": len(types),
        "limit": limit,
        "offset": offset,
        "run_count": len(runs),
        "runs_left_out": total - len(runs),
    }


def get_trends(call: Call) -> Answer:
    """How one workflow's runs developed, and which node keeps memory."""
    workflow = call.query.get("workflow") or _latest_workflow(call)
    if workflow is None:
        return {"workflow": None, "runs": [], "totals": {}, "nodes": [], "total": 0, "leaks": []}
    found = _trends(call, workflow, call.query["last"])
    node_id = call.query.get("node_id")
    nodes = [asdict(node) for node in found.nodes if not node_id or node.node_id == node_id]
    nodes.sort(key=lambda node: -(node["exec_time"]["median"] or 0.0))
    offset, limit = call.query["offset"], call.query["limit"]
    return {
        "workflow": workflow,
        "runs": [{name: run.get(name) for name in _RUN_FIELDS} for run in found.runs],
        "totals": {
            "total_time": asdict(found.total_time),
            "vram_max": asdict(found.vram_max),
            "ram_max_bytes": asdict(found.ram_max_bytes),
        },
        "nodes": nodes[offset : offset + limit],
        "total": len(nodes),
        "limit": limit,
        "offset": offset,
        "leaks": [asdict(leak) for leak in found.leaks],
    }


def get_recommendations(call: Call) -> Answer:
    """What to try next for one run; without a run's id, for the newest one."""
    run_id = call.query.get("run") or _latest_run(call)
    if run_id is None:
        return {"run_id": None, "recommendations": []}
    history = call.history
    run = history.load_run(run_id, user_id=call.user_id)
    earlier = []
    found = None
    if run.workflow_id:
        found = _trends(call, run.workflow_id, 50)
        ids = [row["id"] for row in found.runs if row["id"] < run_id][-EARLIER:]
        earlier = [history.load_run(i, with_series=False, user_id=call.user_id) for i in reversed(ids)]
    return {
        "run_id": run_id,
        "recommendations": [asdict(entry) for entry in advice.advise(run, earlier, found)],
    }


def _runs(call: Call) -> tuple[list[dict[str, Any]], int]:
    filters = {name: call.query[name] for name in ("workflow", "since", "until") if call.query.get(name)}
    return call.history.list_runs(call.user_id, limit=call.query["last"], **filters)


def _trends(call: Call, workflow: str, last: int) -> trends.Trends:
    runs, _ = call.history.list_runs(call.user_id, limit=last, workflow=workflow)
    return trends.trends(runs, call.history.steps_of([run["id"] for run in runs]))


def _latest_workflow(call: Call) -> str | None:
    runs, _ = call.history.list_runs(call.user_id, limit=1)
    return (runs[0].get("workflow_id") or runs[0].get("workflow_hash")) if runs else None


def _latest_run(call: Call) -> int | None:
    filters = {"workflow": call.query["workflow"]} if call.query.get("workflow") else {}
    runs, _ = call.history.list_runs(call.user_id, limit=1, **filters)
    if not runs and filters:
        raise RefusedError(404, "not_found", "No run of this workflow is recorded.")
    return runs[0]["id"] if runs else None
