"""What to try next for a run."""

from __future__ import annotations

from dataclasses import asdict

from ...analysis import advice, trends
from .. import settings as preferences
from ..evidence import for_trends
from .call import Answer, Call, RefusedError

EARLIER = 4
"""Runs before the advised one that are looked at for repeated work."""
RUNS_OF_TREND = 50


def get_recommendations(call: Call) -> Answer:
    """What to try next for one run; without a run's id, for the newest one."""
    run_id = call.query.get("run") or _latest_run(call)
    if run_id is None:
        return {"run_id": None, "recommendations": [], "dismissed": 0}
    history = call.history
    run = history.load_run(run_id, user_id=call.user_id)
    earlier = []
    found = None
    if run.workflow_id:
        evidence = for_trends(history, run.workflow_id, last=RUNS_OF_TREND, user_id=call.user_id)
        found = trends.trends(evidence)
        ids = [row["id"] for row in found.runs if row["id"] < run_id][-EARLIER:]
        earlier = [history.load_run(i, with_series=False, user_id=call.user_id) for i in reversed(ids)]
    settings, _ = preferences.read(call.host.settings_file(call.user_id))
    limits = advice.Thresholds(**settings["advice"])
    workflow = run.workflow_id or run.workflow_hash or ""
    entries = [
        {**asdict(entry), "key": f"{workflow}:{entry.kind}"}
        for entry in advice.advise(run, earlier, found, limits)
    ]
    dismissed = frozenset(settings["dismissed_advice"])
    shown = [entry for entry in entries if entry["key"] not in dismissed]
    return {"run_id": run_id, "recommendations": shown, "dismissed": len(entries) - len(shown)}


def _latest_run(call: Call) -> int | None:
    filters = {"workflow": call.query["workflow"]} if call.query.get("workflow") else {}
    runs = call.history.newest_runs(call.user_id, limit=1, profiled=True, **filters)
    if not runs and filters:
        raise RefusedError(404, "not_found", "No run of this workflow is recorded.")
    return runs[0]["id"] if runs else None
