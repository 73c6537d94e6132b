"""What analyses over several runs need, read from the history. Reads, never decides.

Blocks for as long as the database takes; call it on a thread of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..analysis import compare, trends
from ..analysis.columns import Columns
from ..model import Run
from ..store.history import History

HISTORY_RUNS = 30
"""Earlier runs of the workflow that show what single runs differ by."""


def for_comparison(
    history: History,
    baseline: Sequence[int],
    candidate: Sequence[int],
    user_id: str | None = None,
    current: Run | None = None,
) -> compare.Evidence:
    """Everything that comparing these runs reads. Raises ``NotInHistory`` for an unknown run.

    ``current`` is one of them that goes on: it is read from memory.
    """
    chosen = [*baseline, *candidate]
    runs = history.run_rows([run_id for run_id in chosen if current is None or run_id != current.id], user_id)
    if current is not None:
        runs[current.id or 0] = _row(current)
    newest = runs[candidate[-1]]
    workflow = newest.get("workflow_id") or newest.get("workflow_hash")
    earlier: list[int] = []
    newest_id = max(chosen) if current is None or current.id else 2**63
    if workflow:
        around = history.newest_runs(
            user_id,
            limit=HISTORY_RUNS + len(chosen),
            workflow=workflow,
            status=("success", "partial"),
            profiled=True,
        )
        rows = [run for run in around if run["id"] not in runs and run["id"] < newest_id][:HISTORY_RUNS]
        earlier = sorted(run["id"] for run in rows)
        runs |= {run["id"]: run for run in rows}
    ids = [*earlier, *chosen]
    columns = Columns(compare.STEP_COLUMNS)
    _read(history, ids, current, columns, columns.names)
    owner_times = history.owner_times_of(
        [run_id for run_id in chosen if current is None or run_id != current.id]
    )
    if current is not None and current.owner_times:
        owner_times[current.id or 0] = current.owner_times
    return compare.Evidence(
        runs=runs,
        columns=columns,
        history=earlier,
        environments=_environments(history, current),
        prompts=_Prompts(history, ids, user_id, current),
        groups=history.groups_for(workflow, user_id) if workflow else (),
        owner_times=owner_times,
    )


def for_trends(
    history: History,
    workflow: str,
    *,
    last: int,
    user_id: str | None = None,
    current: Run | None = None,
) -> trends.Evidence:
    """Everything that the trend of a workflow's ``last`` runs reads; ``current`` goes on and is in memory."""
    runs = history.newest_runs(user_id, limit=last, workflow=workflow, profiled=True)
    if current is not None:
        runs = [*(run for run in runs if run["id"] != current.id), _row(current)]
    ids = sorted(run["id"] for run in runs if run["status"] in ("success", "partial"))
    columns = Columns((*trends.STEP_COLUMNS, *trends.DETAILS))
    closely = trends.looked_into(runs)
    _read(history, [i for i in ids if i not in closely], current, columns, trends.STEP_COLUMNS)
    _read(history, [i for i in ids if i in closely], current, columns, columns.names)
    return trends.Evidence(
        runs=runs,
        columns=columns,
        environments=_environments(history, current),
        prompts=_Prompts(history, ids, user_id, current),
        groups=history.groups_for(workflow, user_id),
    )


_CURRENT = -1
"""The environment's id of a run that is not in the history yet."""


def _row(run: Run) -> dict[str, Any]:
    """A run in memory as the history would list it."""
    peaks = {
        name: max(
            (value for step in run.measured_steps if (value := getattr(step, name)) is not None),
            default=None,
        )
        for name in ("vram_max", "ram_max_bytes")
    }
    same = ("timestamp", "name", "status", "total_time", "cold", "pinned", "forced", "energy_joules", "sizes")
    return {
        "id": run.id or 0,
        **{name: getattr(run, name) for name in (*same, "workflow_id", "workflow_hash", "frame_time_s")},
        **peaks,
        "timing": run.settings.timing,
        "cache": run.settings.cache,
        "interval_ms": run.settings.interval_ms,
        "settings": {"inside": run.settings.inside},
        "devices": [{"name": device.name} for device in run.devices],
        "environment_id": _CURRENT,
    }


def _read(
    history: History, ids: Sequence[int], current: Run | None, columns: Columns, names: Sequence[str]
) -> None:
    """Read ``names``, the first of the names of ``columns``, of the steps of ``ids``."""
    here = current.id or 0 if current is not None else None
    history.read_steps([run_id for run_id in ids if run_id != here], names, columns.add)
    if current is not None and here in ids:
        columns.add_run(current, here or 0)


def _environments(history: History, current: Run | None) -> Mapping[int, Mapping[str, str]]:
    known = history.environments()
    return {**known, _CURRENT: current.environment} if current is not None else known


class _Prompts(Mapping[int, Any]):
    """The prompts of runs, each read when it is asked for: a trend wants only those around its changes."""

    def __init__(
        self, history: History, ids: Sequence[int], user_id: str | None, current: Run | None
    ) -> None:
        self._history = history
        self._ids = frozenset(ids)
        self._user_id = user_id
        self._known: dict[int, Any] = {current.id or 0: current.prompt} if current is not None else {}

    def __getitem__(self, run_id: int) -> Any:
        if run_id not in self._ids:
            raise KeyError(run_id)
        if run_id not in self._known:
            self._known[run_id] = self._history.prompt_of(run_id, self._user_id)
        return self._known[run_id]

    def __iter__(self) -> Iterator[int]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)
