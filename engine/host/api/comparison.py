"""Runs against runs."""

from __future__ import annotations

from dataclasses import asdict

from ...analysis import compare
from .call import Answer, Call, RefusedError


def compare_runs(call: Call) -> Answer:
    """Two or more runs node by node; of several runs on a side the median counts."""
    ids = list(dict.fromkeys(call.query["ids"]))
    baseline_ids = list(dict.fromkeys(call.query.get("baseline") or ()))
    strangers = [run_id for run_id in baseline_ids if run_id not in ids]
    if strangers:
        raise RefusedError(
            400, "invalid_request", f"query.baseline: run {strangers[0]} is not one of query.ids."
        )
    if len(ids) < 2 or len(baseline_ids) == len(ids):
        raise RefusedError(
            400, "invalid_request", "query.ids: choose at least two different runs to compare."
        )
    history = call.history
    rows = {run_id: history.run_row(run_id, call.user_id) for run_id in ids}
    if not baseline_ids:
        pinned = [run_id for run_id in ids if rows[run_id].get("pinned")]
        baseline_ids = pinned if 0 < len(pinned) < len(ids) else ids[:1]
    candidate_ids = [run_id for run_id in ids if run_id not in baseline_ids]
    runs = {run_id: history.load_run(run_id, with_series=False, user_id=call.user_id) for run_id in ids}
    found = compare.compare([runs[i] for i in baseline_ids], [runs[i] for i in candidate_ids])
    return {
        "runs": [rows[run_id] for run_id in (*baseline_ids, *candidate_ids)],
        **asdict(found),
        "environment": [{**asdict(change), "text": change.text} for change in found.environment],
    }
