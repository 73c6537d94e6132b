"""Markdown: the same tables as the text, for an issue, a wiki or a chat."""

from __future__ import annotations

import re

from ...analysis.groups import total
from ...analysis.summary import summarize
from ...model import Run
from .. import table
from ..notes import notes_for
from ..options import Options

SUFFIX = ".md"
MIME = "text/markdown; charset=utf-8"

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~$!])")


def render(run: Run, options: Options) -> bytes:
    """Heading, node table, group table and notes; titles are escaped."""
    summary = summarize(run, options.sort_by)
    totals = total(run, options.groups)
    answer, *rest = table.heading(run, summary, options.title).split("\n")
    parts = [f"# {escape(answer)}", *(escape(line) for line in rest)]
    if summary.node_count:
        parts.append(table.node_table(summary, options.top_n, "github", escape))
    if totals:
        parts.append(table.group_table(totals, "github", escape))
    notes = notes_for(run, summary, totals)
    lines = [*notes.warnings, *notes.groups, "measured: " + " · ".join(notes.measured)]
    lines += [f"n/a: {text}" for text in notes.missing]
    parts.append("\n".join(f"- {escape(line)}" for line in lines))
    return ("\n\n".join(part for part in parts if part) + "\n").encode("utf-8", "replace")


def escape(text: str) -> str:
    """``text`` with everything that Markdown or HTML would read as markup made plain."""
    return _MARKUP.sub(r"\\\1", text.replace("&", "&amp;")).replace("\\<", "&lt;").replace("\\>", "&gt;")
