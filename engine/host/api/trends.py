"""How a workflow's runs developed."""

from __future__ import annotations

from ...analysis import trends
from ...analysis.forecast import for_sizes, tried
from ...render import trend_words
from ...workflow.sizes import NAMES
from ..evidence import for_trends
from .call import Answer, Call, plain

_TRIED = ("newest", "lowest", "highest")
_RUN_FIELDS = (
    "id",
    "timestamp",
    "name",
    "status",
    "total_time",
    "cold",
    "forced",
    "pinned",
    "workflow_hash",
    "sizes",
    "frame_count",
    "frame_time_s",
)


def get_trends(call: Call) -> Answer:
    """How one workflow's runs developed: levels, changes and their causes, leaks, what comes next."""
    history = call.history
    workflow = call.query.get("workflow") or _newest_workflow(call)
    if workflow is None:
        nothing: Answer = {name: [] for name in ("nodes", "leaks", "runs", "change_points", "lines")}
        nothing |= {name: {} for name in ("totals", "forecast", "sizes", "forecast_for")}
        return {"workflow": None, "headline": "", "total": 0, **nothing}
    evidence = for_trends(history, workflow, last=call.query["last"], user_id=call.user_id)
    found = trends.trends(evidence, call.query.get("kind"))
    node_id = call.query.get("node_id")
    nodes = [node for node in found.nodes if not node_id or node.node_id == node_id]
    nodes.sort(key=lambda node: -(node.exec_time.median or 0.0))
    metric = call.query.get("metric")
    points = [point for point in found.change_points if not metric or point.metric == metric]
    offset, limit = call.query["offset"], call.query["limit"]
    kind_of = {run_id: kind.label for kind in found.kinds for run_id in kind.run_ids}
    counted = frozenset(found.counted_ids)
    alike = [run for run in found.runs if run["id"] in counted]
    total = trend_words.select(found, "total", "time")
    assert total is not None
    sizes = {name: call.query[name] for name in NAMES if name in call.query}
    return {
        **plain(found, without=("runs", "nodes")),
        "sizes": {name: dict(zip(_TRIED, each, strict=True)) for name, each in tried(alike).items()},
        "forecast_for": plain(for_sizes(alike, sizes)) if sizes else {},
        "headline": trend_words.headline(found, total),
        "lines": trend_words.standing(found, total),
        "workflow": workflow,
        "runs": [
            {**{name: run.get(name) for name in _RUN_FIELDS}, "kind": kind_of.get(run["id"])}
            for run in found.runs
        ],
        "nodes": [plain(node) for node in nodes[offset : offset + limit]],
        "change_points": plain(points),
        "total": len(nodes),
        "limit": limit,
        "offset": offset,
    }


def _newest_workflow(call: Call) -> str | None:
    runs = call.history.newest_runs(call.user_id, limit=1, profiled=True)
    return (runs[0].get("workflow_id") or runs[0].get("workflow_hash")) if runs else None
