"""Markdown: the same tables as the text, for an issue, a wiki or a chat."""

from __future__ import annotations

import re

from .. import table
from ..report import Report

SUFFIX = ".md"
MIME = "text/markdown; charset=utf-8"

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~$!])")


def render(report: Report) -> bytes:
    """Heading, node table, group table and notes; titles are escaped."""
    answer, *rest = table.heading(report).split("\n")
    parts = [f"# {escape(answer)}", *(escape(line) for line in rest)]
    if report.summary.node_count:
        parts.append(table.node_table(report.summary, report.options.top_n, "github", escape))
    if inside := table.inside_lines(report.inside):
        parts.append("\n".join(["```", *inside, "```"]))
    if report.totals:
        parts.append(table.group_table(report.totals, "github", escape))
    parts.append("\n".join(f"- {escape(line)}" for line in report.notes.lines))
    return ("\n\n".join(part for part in parts if part) + "\n").encode("utf-8", "replace")


def escape(text: str) -> str:
    """``text`` with everything that Markdown or HTML would read as markup made plain."""
    return _MARKUP.sub(r"\\\1", text.replace("&", "&amp;")).replace("\\<", "&lt;").replace("\\>", "&gt;")
