"""Plain text: the table."""

from __future__ import annotations

from .. import table
from ..report import Report

SUFFIX = ".txt"
MIME = "text/plain; charset=utf-8"


def render(report: Report) -> bytes:
    """The table as UTF-8."""
    return table.render(report).encode("utf-8", "replace")
