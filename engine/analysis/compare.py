"""Two sides of runs, set against each other node by node. Pure; never decides which side is better.

A side is one run or several; of several the median counts. Nodes belong together
when id and class are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from ..model import Run, Step
from .environment_changes import EnvironmentChange, diff
from .labels import step_title
from .spread import known, median
from .summary import duration_s

Presence = Literal["both", "baseline", "candidate"]

_STEP_FIELDS = (
    "exec_time",
    "self_time_s",
    "wall_time_s",
    "vram_max",
    "ram_max_bytes",
    "cpu_seconds",
    "gpu_load_avg",
    "gpu_time_s",
    "energy_joules",
    "load_time_s",
)
_SUMMED = ("exec_time", "self_time_s", "cpu_seconds", "gpu_time_s", "energy_joules", "load_time_s")
_PEAKS = ("vram_max", "ram_max_bytes")
NOISE_SHARE = 0.03
NOISE_S = 0.01
"""A difference smaller than 3 % and one smaller than 10 ms say nothing without repetitions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """One quantity on both sides. ``change`` is candidate minus baseline, ``ratio`` candidate by baseline.

    ``is_noise``: the difference is no larger than what repetitions on one side differ by,
    or than what single runs usually do; ``None`` where there is no difference to judge.
    """

    baseline: float | None
    candidate: float | None
    change: float | None = None
    ratio: float | None = None
    is_noise: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeComparison:
    """One node on both sides.

    ``exec_times`` has one entry a run, in the order of the comparison's ``run_ids``; ``None``
    where the node did not run there. ``statuses`` likewise.
    """

    node_id: str
    node_type: str
    node_title: str
    presence: Presence
    deltas: dict[str, Delta]
    exec_times: tuple[float | None, ...]
    statuses: tuple[str | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A setting that is not the same on both sides."""

    name: str
    baseline: str | None
    candidate: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Everything that two sides of runs differ in.

    ``totals`` has ``total_time`` and the run's peaks. ``nodes`` stand largest change of
    time first. ``notes`` are sentences about what makes the comparison less fair.
    """

    baseline_ids: tuple[int | None, ...]
    candidate_ids: tuple[int | None, ...]
    totals: dict[str, Delta]
    nodes: tuple[NodeComparison, ...]
    environment: tuple[EnvironmentChange, ...]
    settings: tuple[Difference, ...]
    notes: tuple[str, ...]

    @property
    def run_ids(self) -> tuple[int | None, ...]:
        """All runs, the baseline's first."""
        return self.baseline_ids + self.candidate_ids


def compare(baseline: Sequence[Run], candidate: Sequence[Run]) -> Comparison:
    """``candidate`` set against ``baseline``. Raises ``ValueError`` for a side without runs."""
    if not baseline or not candidate:
        raise ValueError("both sides need a run")
    runs = (*baseline, *candidate)
    steps = [_by_node(run) for run in runs]
    keys = dict.fromkeys(key for found in steps for key in found)
    nodes = [_compare_node(key, [found.get(key) for found in steps], len(baseline)) for key in keys]
    nodes.sort(key=lambda node: abs(node.deltas["exec_time"].change or 0.0), reverse=True)
    return Comparison(
        baseline_ids=tuple(run.id for run in baseline),
        candidate_ids=tuple(run.id for run in candidate),
        totals={
            name: _delta([read(run) for run in baseline], [read(run) for run in candidate])
            for name, read in _TOTALS.items()
        },
        nodes=tuple(nodes),
        environment=diff(_environment(baseline), _environment(candidate)),
        settings=_settings(baseline, candidate),
        notes=tuple(_notes(baseline, candidate)),
    )


def _peak(run: Run, name: str) -> float | None:
    return max(known(getattr(step, name) for step in run.measured_steps), default=None)


_TOTALS: Mapping[str, Callable[[Run], float | None]] = {
    "total_time": duration_s,
    "vram_max": lambda run: _peak(run, "vram_max"),
    "ram_max_bytes": lambda run: _peak(run, "ram_max_bytes"),
    "energy_joules": lambda run: run.energy_joules,
}


def _compare_node(key: tuple[str, str], steps: Sequence[Step | None], border: int) -> NodeComparison:
    found = [step for step in steps if step is not None]
    before = [step for step in steps[:border] if step is not None]
    after = [step for step in steps[border:] if step is not None]
    presence: Presence = "both" if before and after else "baseline" if before else "candidate"
    return NodeComparison(
        node_id=key[0],
        node_type=key[1],
        node_title=step_title(found[-1]),
        presence=presence,
        deltas={name: _delta(_values(before, name), _values(after, name)) for name in _STEP_FIELDS},
        exec_times=tuple(None if step is None else step.exec_time for step in steps),
        statuses=tuple(None if step is None else step.status for step in steps),
    )


def _by_node(run: Run) -> dict[tuple[str, str], Step]:
    """The steps by id and class; of a node that ran several times, all of them as one."""
    found: dict[tuple[str, str], list[Step]] = {}
    for step in run.measured_steps:
        found.setdefault((step.node_id, step.node_type), []).append(step)
    return {key: steps[0] if len(steps) == 1 else _together(steps) for key, steps in found.items()}


def _together(found: Sequence[Step]) -> Step:
    values = {name: known(getattr(step, name) for step in found) for name in (*_SUMMED, *_PEAKS)}
    together: dict[str, Any] = {name: sum(values[name]) for name in _SUMMED if values[name]}
    together |= {name: int(max(values[name])) for name in _PEAKS if values[name]}
    return replace(found[-1], **together)


def _values(steps: Sequence[Step], name: str) -> list[float | None]:
    # A cached node has no time of its own: it is not "0 s faster".
    return [None if step.status in ("cached", "skipped") else getattr(step, name) for step in steps]


def _delta(before: Sequence[float | None], after: Sequence[float | None]) -> Delta:
    old, new = median(before), median(after)
    if old is None or new is None:
        return Delta(baseline=old, candidate=new)
    change = new - old
    return Delta(
        baseline=old,
        candidate=new,
        change=change,
        ratio=new / old if old else None,
        is_noise=abs(change) <= _noise(before, after, old),
    )


def _noise(before: Sequence[float | None], after: Sequence[float | None], level: float) -> float:
    """Half the range of the side that scatters more; for single runs a rule of thumb."""
    ranges = [max(values) - min(values) for values in (known(before), known(after)) if len(values) > 1]
    if ranges:
        return max(ranges) / 2
    return max(NOISE_SHARE * abs(level), NOISE_S)


def _environment(runs: Sequence[Run]) -> dict[str, str]:
    """One environment for a side: values that differ within it stand side by side."""
    names = {name for run in runs for name in run.environment}
    values = ((name, _joined([run.environment.get(name) for run in runs])) for name in names)
    return {name: value for name, value in values if value is not None}


def _settings(baseline: Sequence[Run], candidate: Sequence[Run]) -> tuple[Difference, ...]:
    def row(name: str, read: Callable[[Run], str | None]) -> Difference:
        return Difference(
            name=name,
            baseline=_joined([read(run) for run in baseline]),
            candidate=_joined([read(run) for run in candidate]),
        )

    rows = (
        row("timing", lambda run: run.settings.timing),
        row("interval_ms", lambda run: str(run.settings.interval_ms)),
        row("cache", lambda run: run.settings.cache),
        row("start", lambda run: None if run.cold is None else "cold" if run.cold else "warm"),
        row("workflow", lambda run: (run.workflow_hash or "")[:12] or None),
        row("status", lambda run: run.status),
        row("devices", lambda run: ", ".join(device.name for device in run.devices) or None),
    )
    return tuple(entry for entry in rows if entry.baseline != entry.candidate)


def _joined(values: Sequence[str | None]) -> str | None:
    found = list(dict.fromkeys(value for value in values if value is not None))
    return ", ".join(found) if found else None


def _notes(baseline: Sequence[Run], candidate: Sequence[Run]) -> list[str]:
    runs = (*baseline, *candidate)
    notes = []
    forced = [str(run.id) for run in runs if run.forced]
    if forced:
        notes.append(f"Forced although the workflow had changed: run {', '.join(forced)}.")
    broken = [str(run.id) for run in runs if run.status not in ("success", "partial")]
    if broken:
        notes.append(f"Did not run to its end, so its total says little: run {', '.join(broken)}.")
    if len({run.workflow_hash for run in runs if run.workflow_hash}) > 1:
        notes.append("The runs were made with different versions of the workflow.")
    if len({run.workflow_id for run in runs if run.workflow_id}) > 1:
        notes.append("The runs belong to different workflows.")
    if len({run.cold for run in runs if run.cold is not None}) > 1:
        notes.append("Some runs had to load models first, others found them loaded.")
    if len({run.settings.timing for run in runs}) > 1:
        notes.append("Precise and light timing bill GPU work to different nodes.")
    cached = {run.id: sum(step.status == "cached" for step in run.measured_steps) for run in runs}
    if len(set(cached.values())) > 1:
        notes.append("Not as many nodes came from the cache in each run; compare nodes, not totals.")
    if len(runs) == 2:
        notes.append(
            "One run a side: differences of a few percent may be chance. Compare several runs a side."
        )
    return notes
