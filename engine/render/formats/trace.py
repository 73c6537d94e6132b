"""Chrome's trace event JSON, which ui.perfetto.dev and chrome://tracing open.

One track a kind of work: nodes (those that overlap on tracks of their own), model
loading, sampler steps, groups, the profiler's own nodes; memory and load are counters.
The format: "Trace Event Format", the Chromium project's document.
Times are microseconds since the run started.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

from ...analysis.labels import clean, step_title
from ...analysis.ranking import did_not_run
from ...model import Run, Series, Step
from ...model.step import merged
from ..chart.timeline import arrange
from ..plain import summary_json, to_json
from ..report import Report
from ..stack_slices import stack_slices

SUFFIX = ".trace.json"
MIME = "application/json"

_PROCESS = 1
_NODES_TRACK, _LOADING_TRACK, _SAMPLER_TRACK = 1, 501, 502
_GROUPS_TRACK, _PROFILER_TRACK, _FUNCTIONS_TRACK = 600, 900, 1000
_COUNTERS = {
    "vram_bytes": ("VRAM", 1024.0**2, "MB"),
    "device_vram_bytes": ("VRAM, whole device", 1024.0**2, "MB"),
    "ram_bytes": ("RAM", 1024.0**2, "MB"),
    "gpu_load_percent": ("GPU load", 1.0, "%"),
    "cpu_percent": ("CPU load, this process", 1.0, "%"),
    "machine_cpu_percent": ("CPU load, whole machine", 1.0, "%"),
    "cpu_wait_percent": ("waiting for a core", 1.0, "%"),
    "gpu_others_percent": ("GPU load, other programs", 1.0, "%"),
    "gpu_slowed_percent": ("GPU slowed down", 1.0, "%"),
    "power_watts": ("power", 1.0, "W"),
}
_WAITS = {"lazy": "waits for an input", "expand": "waits for the nodes inside"}
_FACTS = (
    "node_id",
    "node_type",
    "role",
    "status",
    "exec_time",
    "self_time_s",
    "vram_start",
    "vram_max",
    "vram_end",
    "ram_max_bytes",
    "cpu_seconds",
    "gpu_load_avg",
    "gpu_time_s",
    "load_time_s",
    "energy_joules",
    "shared",
    "parent_node_id",
    "error_type",
    "error_message",
)


def render(report: Report) -> bytes:
    """One JSON object with ``traceEvents`` as UTF-8."""
    run, total_s = report.run, report.summary.total_time or 0.0
    document = {
        "displayTimeUnit": "ms",
        "traceEvents": [*_tracks(report, total_s), *_functions(run), *_counters(run)],
        "otherData": summary_json(report),
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False).encode("utf-8")


def _tracks(report: Report, total_s: float) -> Iterator[dict[str, Any]]:
    run = report.run
    yield _meta("process_name", 0, name=to_json(report.name or "ComfyUI run"))
    yield from _nodes(run.measured_steps, total_s, _NODES_TRACK, "nodes")
    others = [step for step in run.steps if step.role != "node"]
    yield from _nodes(others, total_s, _PROFILER_TRACK, "profiler nodes and what waits for the Report")
    yield from _inner_work(run)
    for number, entry in enumerate(report.totals):
        members = frozenset(entry.node_ids)
        spans = [span for step in run.steps if step.node_id in members for span in step.work]
        track = _GROUPS_TRACK + number
        if spans:
            yield from _named(track, f"group {entry.name}")
        for start_s, end_s in merged(spans):
            yield _slice(track, entry.name, "group", start_s, end_s)
    for event in run.events:
        instant = {"ph": "i", "s": "g", "name": event.text, "cat": "event"}
        yield to_json({**instant, "pid": _PROCESS, "tid": _NODES_TRACK, "ts": _micros(event.t_s)})
    cached = [step_title(step) for step in run.steps if did_not_run(step)]
    if cached:
        mark = {"ph": "i", "s": "p", "name": f"{len(cached)} nodes did not run"}
        yield to_json({**mark, "pid": _PROCESS, "tid": _NODES_TRACK, "ts": 0.0, "args": {"nodes": cached}})


def _nodes(steps: Sequence[Step], total_s: float, track: int, name: str) -> Iterator[dict[str, Any]]:
    """The nodes as slices with their waits inside; those that overlap on tracks of their own."""
    bars, _ = arrange(steps, total_s, most_rows=10_000, tolerance_s=0.0)
    for row in range(max((bar.row for bar in bars), default=-1) + 1):
        yield from _named(track + row, name if row == 0 else f"{name} that overlap {row}")
    for bar in bars:
        title, row = step_title(bar.step), track + bar.row
        yield {**_slice(row, title, bar.step.role, bar.start_s, bar.end_s), "args": _args(bar.step)}
        for part in bar.step.segments:
            if part.kind in _WAITS:
                yield _slice(row, _WAITS[part.kind], "wait", part.start_s, part.end_s)
        if bar.step.status in ("error", "interrupted"):
            mark = {"ph": "i", "s": "p", "name": f"{bar.step.status}: {title}"}
            yield to_json({**mark, "pid": _PROCESS, "tid": row, "ts": _micros(bar.end_s)})


def _inner_work(run: Run) -> Iterator[dict[str, Any]]:
    """Loading models, and sampling step by step. When the first step of a bar began, nobody knows."""
    loads, samples = [], []
    for step in run.measured_steps:
        title = f"models of {step_title(step)}"
        loads += [_slice(_LOADING_TRACK, title, "load", *span) for span in step.load_spans]
        title = f"a step of {step_title(step)}"
        samples += [_slice(_SAMPLER_TRACK, title, "sampling", *span) for span in step.sampler_step_spans]
    for track, name, slices in (
        (_LOADING_TRACK, "model loading", loads),
        (_SAMPLER_TRACK, "sampler steps", samples),
    ):
        if slices:
            yield from _named(track, name)
        ended = 0.0
        for one in sorted(slices, key=lambda entry: entry["ts"]):
            if one["ts"] >= ended:  # of nodes that overlap, the first: slices of a track nest or follow
                yield one
                ended = one["ts"] + one["dur"]


def _slice(track: int, name: str, kind: str, start_s: float, end_s: float) -> dict[str, Any]:
    start, end = _micros(start_s), _micros(end_s)
    place = {"pid": _PROCESS, "tid": track, "ts": start, "dur": max(end - start, 0.0)}
    return {"ph": "X", "name": to_json(clean(name)), "cat": kind, **place}


def _named(track: int, name: str) -> Iterator[dict[str, Any]]:
    yield _meta("thread_name", track, name=to_json(clean(name)))
    yield _meta("thread_sort_index", track, sort_index=track)


def _functions(run: Run) -> Iterator[dict[str, Any]]:
    """What the nodes' functions took, merged: each within its node, but not at its true moment."""
    rows: dict[str, int] = {}
    ends: list[float] = []
    slices = list(stack_slices(run))
    steps = {step.node_id: step for step in run.steps}
    for node_id in dict.fromkeys(entry.node_id for entry in slices):
        start_s, end_s = steps[node_id].start_s or 0.0, steps[node_id].end_s or 0.0
        row = next((row for row, free_s in enumerate(ends) if free_s <= start_s), len(ends))
        ends[row : row + 1] = [max(end_s, start_s)]
        rows[node_id] = _FUNCTIONS_TRACK + row
    for row in range(len(ends)):
        name = "functions (merged, the longest first)" if row == 0 else f"functions that overlap {row}"
        yield from _named(_FUNCTIONS_TRACK + row, name)
    for entry in slices:
        function = entry.function
        where = {"file": clean(function.file), "line": function.line, "owner": clean(entry.owner.name)}
        yield {
            "ph": "X",
            "name": clean(function.name),
            "cat": entry.owner.kind,
            "pid": _PROCESS,
            "tid": rows[entry.node_id],
            "ts": _micros(entry.start_s),
            "dur": _micros(entry.seconds),
            "args": where,
        }


def _counters(run: Run) -> Iterator[dict[str, Any]]:
    for series in run.series:
        name, factor, unit = _COUNTERS.get(series.metric, (series.metric, 1.0, series.unit or "value"))
        label = f"{name} {series.device}" if series.device and len(run.devices) > 1 else name
        for t_s, value in _points(series):
            if math.isfinite(value):
                args = {unit: round(value / factor, 3)}
                yield {"ph": "C", "pid": _PROCESS, "name": label, "ts": _micros(t_s), "args": args}


def _points(series: Series) -> Iterator[tuple[float, float]]:
    """A counter holds its value until the next: an average begins where its interval does."""
    starts = series.start_s if len(series.start_s) == len(series.t_s) else series.t_s
    return zip(starts, series.value, strict=False)


def _args(step: Step) -> dict[str, Any]:
    found = {name: to_json(getattr(step, name)) for name in _FACTS}
    return {name: value for name, value in found.items() if value not in (None, "", False)}


def _meta(kind: str, thread: int, **args: Any) -> dict[str, Any]:
    return {"ph": "M", "pid": _PROCESS, "tid": thread, "name": kind, "args": args}


def _micros(t_s: float) -> float:
    return round(t_s * 1e6, 3)
