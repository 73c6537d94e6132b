"""Rows as JSON wants them: collections decoded, usable values where another program left none."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

from . import codec, rows
from .rows import RawRow

Row = dict[str, Any]
"""A row as JSON wants it: the table's column names; a ``<field>_json`` column comes
decoded as ``<field>``, except ``inputs_json``, which stays text under its own name."""


USABLE_STEP: dict[str, Any] = {
    "node_id": "",
    "role": "node",
    "status": "ok",
    "shared": False,
    "node_title": "",
    "node_type": "",
    "step_comment": "",
}
"""What a step's column says where another program left it empty."""


def json_row(row: RawRow) -> Row:
    """A run's, step's or group's row."""
    result: Row = dict(row)
    for name in _packed(tuple(result)):
        value = result.pop(name)
        if name == "segments_json":
            segments = codec.unpack_segments(value, row["start_s"], row["end_s"])
            result["segments"] = [[each.kind, each.start_s, each.end_s] for each in segments]
        elif name == "models_json":
            result["models"] = [codec.record(each) for each in codec.unpack_models(value)]
        elif name in ("settings_json", "sizes_json"):
            result[name[:-5]] = dict(_decoded(value))
        elif name == "overhead_json":
            result[name[:-5]] = codec.from_json(value, {})
        elif name != "workflow_values_json":  # which only the store reads
            result[name[:-5]] = codec.from_json(value, [])
    return result


@lru_cache(maxsize=256)
def _decoded(text: Any) -> dict[str, Any]:
    """The object in a text that many runs share."""
    found: Any = codec.from_json(text, {})
    return found if isinstance(found, dict) else {}


@cache
def _packed(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if name.endswith("_json") and name != "inputs_json")


def run_row(row: RawRow) -> Row:
    """A run's row, without what only the store reads."""
    result = json_row(row)
    result["timestamp"] = rows.iso_timestamp(result["timestamp"])
    result["status"] = result["status"] or "success"
    for name in ("pinned", "forced"):
        result[name] = bool(result[name])
    for name in ("name", "global_comment", "workflow_name"):
        result[name] = result[name] or ""
    result["profiled"] = result["profiled"] in (None, True)
    time_s, frames = result["total_time"], result["frame_count"]
    result["frame_time_s"] = time_s / frames if time_s is not None and frames else None
    return result


def step_row(row: RawRow) -> Row:
    """A step's row."""
    result = json_row(row)
    for name, otherwise in USABLE_STEP.items():
        if result[name] is None:
            result[name] = otherwise
    result["node_id"] = str(result["node_id"])
    return result
