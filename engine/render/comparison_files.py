"""A comparison as a file: csv for programs, Markdown for an issue or a chat, a web page to keep.

Says what the table and the picture say, in the same words. Never writes files.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from html import escape

from ..analysis.compare import Comparison
from ..analysis.effect import Delta
from ..analysis.labels import clean
from ..analysis.stacks import OwnerChange
from ..language import current, stored, t
from . import comparison_words as words
from .comparison_table import HEADINGS, side_lines, tables
from .formats.csv import cell
from .formats.html import POLICY, STYLE
from .formats.md import escape as escape_markdown

MIMES = {
    "csv": "text/csv; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "html": "text/html; charset=utf-8",
}
"""The formats there are."""


def render(found: Comparison, names: Mapping[int, str], fmt: str) -> bytes:
    """``found`` as UTF-8 in one of :data:`MIMES`; ``names`` are the runs' names by id."""
    return {"csv": _csv, "md": _markdown, "html": _html}[fmt](found, names).encode("utf-8", "replace")


def _csv(found: Comparison, _names: Mapping[int, str]) -> str:
    """One line a quantity of the run, of each group and each node; raw seconds, bytes and joules."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    fields = ("baseline", "candidate", "change", "ratio", "low", "high", "verdict")
    writer.writerow(["of", "node_id", "name", "pairing", "metric", *fields])
    for of, node_id, name, pairing, deltas in _parts(found):
        for metric, delta in deltas.items():
            values = [cell(getattr(delta, field, None)) for field in fields]
            writer.writerow([of, cell(node_id), cell(name), pairing, metric, *values])
    return "\ufeff" + text.getvalue()  # without the mark, spreadsheets misread other alphabets


def _parts(found: Comparison) -> Iterator[tuple[str, str, str, str, Mapping[str, Delta | OwnerChange]]]:
    yield "run", "", "", "", found.totals
    for group in found.groups:
        yield "group", "", group.name, "", group.deltas
    for node in found.nodes:
        yield "node", node.node_id, node.node_title or node.node_type, node.pairing, node.deltas
    for owner in found.owners:
        yield "code", "", owner.owner, "", {"time_s": owner}


def _lines(found: Comparison) -> list[str]:
    return [stored(line) for line in (*(change.detail for change in found.changes), *found.notes)]


def _markdown(found: Comparison, names: Mapping[int, str]) -> str:
    parts = [f"# {escape_markdown(words.headline(found))}"]
    parts += [escape_markdown(line) for line in side_lines(found, names)]
    for heading, rows in tables(found):
        lines = [[heading, *map(t, HEADINGS)], ["---", *["---:"] * (len(HEADINGS) - 1), "---"]]
        lines += [[escape_markdown(text) for text in row] for row in rows]
        if rows:
            parts.append("\n".join(f"| {' | '.join(line)} |" for line in lines))
    parts.append("\n".join(f"- {escape_markdown(clean(line))}" for line in _lines(found)))
    return "\n\n".join(part for part in parts if part) + "\n"


def _html(found: Comparison, names: Mapping[int, str]) -> str:
    def safe(text: str) -> str:
        return escape(clean(text), quote=True)

    def row(tag: str, texts: list[str]) -> str:
        first, *rest = texts
        return f'<tr><{tag} class="text">{safe(first)}</{tag}>' + "".join(
            f"<{tag}>{safe(text)}</{tag}>" for text in rest
        )

    title = safe(words.headline(found))
    parts = [
        f'<!doctype html>\n<html lang="{current()}" class="dark"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        f"{POLICY}<title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1>",
        *(f"<p>{safe(line)}</p>" for line in side_lines(found, names)),
    ]
    for heading, rows in tables(found):
        if rows:
            head = row("th", [heading, *map(t, HEADINGS)])
            body = "\n".join(row("td", texts) for texts in rows)
            parts.append(
                f'<div class="scroll"><table><thead>{head}</thead><tbody>{body}</tbody></table></div>'
            )
    parts.append("<ul>" + "".join(f"<li>{safe(line)}</li>" for line in _lines(found)) + "</ul></body></html>")
    return "\n".join(parts)
