"""Runs as plain JSON values, under the field names of the model."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from ..analysis.ranking import rank
from ..model import Peak
from .report import Report

SCHEMA = "holaf_profile/1"
SUMMARY_KEY = "holaf_profile"
"""Under which a picture carries the summary of its run."""


def to_json(value: Any) -> Any:
    """``value`` as JSON can hold it: not measured and not a number become ``None``.

    Lone surrogates in text become question marks, so that the result always encodes.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {entry.name: to_json(getattr(value, entry.name)) for entry in fields(value)}
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {to_json(str(key)): to_json(entry) for key, entry in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return [to_json(entry) for entry in value]
    if hasattr(value, "tolist"):  # numpy's numbers and arrays
        return to_json(value.tolist())
    return str(value)


def summary_json(report: Report) -> dict[str, Any]:
    """A small summary of a run: what a picture carries under the key ``holaf_profile``.

    Seconds, bytes, percent; at most ten steps, without series, inputs or prompts.
    """
    run, summary = report.run, report.summary
    found: dict[str, Any] = {
        "schema": SCHEMA,
        "run_id": run.id,
        "timestamp": run.timestamp,
        "name": run.name,
        "status": run.status,
        "total_time": summary.total_time,
        "cold": run.cold,
        "forced": run.forced,
        "workflow_id": run.workflow_id,
        "workflow_hash": run.workflow_hash,
        "headline": summary.headline,
        "detail": summary.detail,
        "against": report.against,
        "node_count": summary.node_count,
        "executed_count": summary.executed_count,
        "cached_count": summary.cached_count,
        "error_count": summary.error_count,
        "vram_peak": _peak(summary.vram_peak),
        "ram_peak": _peak(summary.ram_peak),
        "gpu_idle_percent": None if summary.idle is None else summary.idle.share * 100,
        "energy_joules": run.energy_joules,
        "timing": run.settings.timing,
        "overhead_s": summary.overhead_s,
        "sync_s": summary.sync_s,
        "steps": [
            {
                "node_id": step.node_id,
                "node_title": step.node_title,
                "node_type": step.node_type,
                "status": step.status,
                "exec_time": step.exec_time,
                "vram_max": step.vram_max,
                "ram_max_bytes": step.ram_max_bytes,
            }
            for step in rank(run.measured_steps)[:10]
            if step.exec_time is not None
        ],
        "groups": [
            {
                "name": entry.name,
                "exec_time": entry.exec_time,
                "wall_time_s": entry.wall_time_s,
                "vram_max": entry.vram_max,
            }
            for entry in report.totals[:20]
        ],
        "environment": {
            key: run.environment[key]
            for key in ("comfyui.version", "torch.version", "python.version")
            if key in run.environment
        },
    }
    if run.error_type or run.error_message:
        found["error_type"], found["error_message"] = run.error_type, run.error_message
        found["error_node_id"] = run.error_node_id
    result: dict[str, Any] = to_json(found)
    return result


def _peak(peak: Peak | None) -> dict[str, Any] | None:
    if peak is None:
        return None
    return {
        "value_bytes": peak.value_bytes,
        "capacity_bytes": peak.capacity_bytes,
        "device": peak.device,
        "node_id": peak.node_id,
    }
