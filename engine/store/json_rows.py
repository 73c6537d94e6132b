"""Rows as JSON wants them: collections decoded, usable values where another program left none."""

from __future__ import annotations

from typing import Any

from . import codec, rows
from .rows import RawRow

Row = dict[str, Any]
"""A row as JSON wants it: the table's column names; a ``<field>_json`` column comes
decoded as ``<field>``, except ``inputs_json``, which stays text under its own name."""


def json_row(row: RawRow) -> Row:
    """A run's, step's or group's row."""
    result: Row = {}
    for name, value in row.items():
        if name == "segments_json":
            segments = codec.unpack_segments(value, row["start_s"], row["end_s"])
            result["segments"] = [[each.kind, each.start_s, each.end_s] for each in segments]
        elif name in ("settings_json", "overhead_json"):
            result[name[:-5]] = codec.from_json(value, {})
        elif name.endswith("_json") and name != "inputs_json":
            result[name[:-5]] = codec.from_json(value, [])
        else:
            result[name] = value
    return result


def run_row(row: RawRow) -> Row:
    """A run's row, without what only the store reads."""
    result = json_row({name: value for name, value in row.items() if name != "workflow_values_json"})
    result["timestamp"] = rows.iso_timestamp(result["timestamp"])
    result["status"] = result["status"] or "success"
    for name in ("pinned", "forced"):
        result[name] = bool(result[name])
    for name in ("name", "global_comment"):
        result[name] = result[name] or ""
    return result


def step_row(row: RawRow) -> Row:
    """A step's row."""
    return usable_step(json_row(row))


def usable_step(result: Row) -> Row:
    """A step's row with values where another program left none."""
    result["node_id"] = str(result["node_id"]) if result["node_id"] is not None else ""
    result["role"] = result["role"] or "node"
    result["status"] = result["status"] or "ok"
    result["shared"] = bool(result["shared"])
    for name in ("node_title", "node_type", "step_comment"):
        result[name] = result[name] or ""
    return result
