"""What each class of node costs."""

from __future__ import annotations

from dataclasses import asdict

from ...analysis import statistics
from ...analysis.columns import Columns
from ...analysis.stacks import owner_statistics
from ...store import upkeep
from .call import Answer, Call


def get_statistics(call: Call) -> Answer:
    """What all runs that fit come to, and what each class of node costs over the newest of them."""
    filters = {name: call.query[name] for name in ("workflow", "since", "until") if call.query.get(name)}
    runs, total = call.history.list_runs(
        call.user_id, limit=call.query["last"], profiled=True, names=("id", "cold"), **filters
    )
    columns = Columns(statistics.STEP_COLUMNS)
    call.history.read_steps([run["id"] for run in runs], columns.names, columns.add)
    times = call.history.owner_times_of([run["id"] for run in runs])
    wanted = call.query.get("node_type")
    types = [entry for entry in statistics.by_type(runs, columns) if not wanted or entry.node_type == wanted]
    offset, limit = call.query["offset"], call.query["limit"]
    return {
        "totals": {
            **call.history.totals(call.user_id, **filters),
            "size_bytes": upkeep.size(call.history.database),
        },
        "types": [asdict(entry) for entry in types[offset : offset + limit]],
        "total": len(types),
        "limit": limit,
        "offset": offset,
        "owners": [asdict(entry) for entry in owner_statistics(times)],
        "run_count": len(runs),
        "runs_left_out": total - len(runs),
    }
