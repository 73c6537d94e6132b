"""Comma-separated values: one line a step, in execution order, under the field names of the model.

Raw numbers (seconds, bytes, percent, joules); an empty cell means not measured.
"""

from __future__ import annotations

import csv
import io
from dataclasses import fields
from typing import Any

from ...analysis.stacks import by_node
from ...model import Step
from ..report import Report

SUFFIX = ".csv"
MIME = "text/csv; charset=utf-8"

_NESTED = ("segments", "devices", "models", "load_spans", "sampler_step_spans", "error_traceback")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def render(report: Report) -> bytes:
    """UTF-8 with a byte order mark, without which spreadsheets misread other alphabets."""
    names = [entry.name for entry in fields(Step) if entry.name not in _NESTED and entry.name != "id"]
    groups: dict[str, list[str]] = {}
    for entry in report.totals:
        for node_id in entry.node_ids:
            groups.setdefault(node_id, []).append(entry.name)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    code = {
        node_id: "; ".join(f"{entry.owner} {entry.time_s:.3f} s" for entry in entries)
        for node_id, entries in by_node(report.run.owner_times).items()
    }
    writer.writerow(["run_id", *names, "groups", "time_by_code"])
    for step in report.run.steps:
        cells = [cell(getattr(step, name)) for name in names]
        writer.writerow(
            [
                cell(report.run.id),
                *cells,
                cell("; ".join(groups.get(step.node_id, ()))),
                cell(code.get(step.node_id)),
            ]
        )
    return b"\xef\xbb\xbf" + text.getvalue().encode("utf-8", "replace")


def cell(value: Any) -> str:
    """A cell's text. A text that a spreadsheet would run as a formula gets an apostrophe before it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        text = value.replace("\x00", "")
        return f"'{text}" if text.startswith(_FORMULA) else text
    return repr(value) if isinstance(value, float) else str(value)
