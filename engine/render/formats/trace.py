"""Chrome's trace event JSON, which ui.perfetto.dev and chrome://tracing open.

Nodes are slices, those that overlap on tracks of their own; memory and load are
counters. The format: "Trace Event Format", the Chromium project's document.
Times are microseconds since the run started.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from ...analysis.labels import clean, step_title
from ...analysis.ranking import did_not_run
from ...model import Run, Series, Step
from ..chart.timeline import arrange
from ..plain import summary_json, to_json
from ..report import Report
from ..stack_slices import stack_slices

SUFFIX = ".trace.json"
MIME = "application/json"

_PROCESS = 1
_FUNCTIONS_TRACK = 1000
_COUNTERS = {
    "vram_bytes": ("VRAM", 1024.0**2, "MB"),
    "device_vram_bytes": ("VRAM, whole device", 1024.0**2, "MB"),
    "ram_bytes": ("RAM", 1024.0**2, "MB"),
    "gpu_load_percent": ("GPU load", 1.0, "%"),
    "cpu_percent": ("CPU load, this process", 1.0, "%"),
    "machine_cpu_percent": ("CPU load, whole machine", 1.0, "%"),
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
        "traceEvents": [*_tracks(run, report.name, total_s), *_functions(run), *_counters(run)],
        "otherData": summary_json(report),
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False).encode("utf-8")


def _tracks(run: Run, title: str, total_s: float) -> Iterator[dict[str, Any]]:
    yield _meta("process_name", 0, name=to_json(title or "ComfyUI run"))
    bars, _ = arrange(run.steps, total_s, most_rows=10_000, tolerance_s=0.0)
    rows = max((bar.row for bar in bars), default=0) + 1
    for row in range(rows):
        yield _meta("thread_name", row + 1, name="nodes" if row == 0 else f"nodes that overlap {row}")
        yield _meta("thread_sort_index", row + 1, sort_index=row)
    for bar in bars:
        slice_of_node = {
            "ph": "X",
            "name": to_json(step_title(bar.step)),
            "cat": bar.step.role,
            "pid": _PROCESS,
            "tid": bar.row + 1,
            "ts": _micros(bar.start_s),
            "dur": max(_micros(bar.end_s) - _micros(bar.start_s), 0.0),
            "args": _args(bar.step),
        }
        yield slice_of_node
        for part in bar.step.segments:
            if part.kind in _WAITS:
                start, end = _micros(part.start_s), _micros(part.end_s)
                inner = {"name": _WAITS[part.kind], "cat": "wait", "ts": start, "dur": max(end - start, 0.0)}
                yield {"ph": "X", "pid": _PROCESS, "tid": bar.row + 1, **inner}
        if bar.step.status in ("error", "interrupted"):
            mark = {"ph": "i", "s": "p", "name": f"{bar.step.status}: {step_title(bar.step)}"}
            yield to_json({**mark, "pid": _PROCESS, "tid": bar.row + 1, "ts": _micros(bar.end_s)})
    cached = [step_title(step) for step in run.steps if did_not_run(step)]
    if cached:
        mark = {"ph": "i", "s": "p", "name": f"{len(cached)} nodes did not run"}
        yield to_json({**mark, "pid": _PROCESS, "tid": 1, "ts": 0.0, "args": {"nodes": cached}})


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
        yield _meta("thread_name", _FUNCTIONS_TRACK + row, name=name)
        yield _meta("thread_sort_index", _FUNCTIONS_TRACK + row, sort_index=_FUNCTIONS_TRACK + row)
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
