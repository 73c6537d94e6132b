"""One self-contained web page: the picture, and every node in a table that sorts.

Loads nothing from anywhere; titles are text and never markup.
"""

from __future__ import annotations

import base64
from html import escape

from ...analysis.groups import GroupTotal, total
from ...analysis.labels import clean, step_title
from ...analysis.ranking import ram_change, vram_change
from ...analysis.summary import summarize
from ...analysis.units import (
    NOT_AVAILABLE,
    format_bytes,
    format_change,
    format_energy,
    format_percent,
    format_seconds,
)
from ...model import Run, Step, Summary
from ..notes import Notes, notes_for
from ..options import Options
from . import png

SUFFIX = ".html"
MIME = "text/html; charset=utf-8"

_STYLE = """
:root{color-scheme:light;--back:#fff;--panel:#f4f5f7;--text:#1a1d23;--muted:#545b69;--line:#d5d9e0}
:root.dark{color-scheme:dark;--back:#16181d;--panel:#1e2128;--text:#eceef2;--muted:#a9afbb;--line:#343944}
body{margin:0 auto;max-width:1280px;padding:24px;background:var(--back);color:var(--text);
font:15px/1.5 system-ui,sans-serif}
h1{font-size:28px;margin:0}p{margin:4px 0;color:var(--muted)}
img{width:100%;height:auto;margin:16px 0;border-radius:6px}
.scroll{overflow-x:auto;margin:16px 0}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:5px 10px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th{background:var(--panel)}th button{all:unset;cursor:pointer;font-weight:600}
th button:focus-visible{outline:2px solid currentColor}
th[aria-sort=ascending] button::after{content:" \\25B2"}
th[aria-sort=descending] button::after{content:" \\25BC"}
.text{text-align:left;white-space:normal;overflow-wrap:break-word;max-width:22em}.idle{color:var(--muted)}.bad{font-weight:600}
.dot{display:inline-block;width:.8em;height:.8em;margin-right:.5em;border-radius:2px}
li{color:var(--muted)}
"""
_SCRIPT = """
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    head.querySelector("button").addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") !== "descending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const value = (row) => row.cells[column].dataset.value ?? "";
      const compare = (left, right) => {
        const a = value(left), b = value(right);
        if (a === "" || b === "") return (a === "") - (b === "");
        const numbers = Number(a) - Number(b);
        const order = Number.isNaN(numbers) ? a.localeCompare(b, undefined, {numeric: true}) : numbers;
        return down ? -order : order;
      };
      body.append(...[...body.rows].sort(compare));
    });
  });
}
"""
_POLICY = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:;'
    " style-src 'unsafe-inline'; script-src 'unsafe-inline'\">"
)
_Cell = tuple[str, str]
"""``(what is shown, what is sorted by)``; an empty second sorts last."""


def render(run: Run, options: Options) -> bytes:
    """The page as UTF-8."""
    summary = summarize(run, options.sort_by)
    totals = total(run, options.groups)
    notes = notes_for(run, summary, totals)
    title = clean(options.title) or clean(run.name) or "Workflow profile"
    picture = base64.b64encode(png.render(run, options)).decode("ascii")
    about = [title, f"run {run.id}" if run.id is not None else "", run.timestamp, run.status]
    parts = [
        "<!doctype html>",
        f'<html lang="en" class="{"light" if options.theme == "light" else "dark"}">',
        '<head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        _POLICY,
        f"<title>{_safe(title)}: {_safe(summary.headline)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{_safe(summary.headline)}</h1><p>{_safe(summary.detail)}</p>",
        f"<p>{_safe(' · '.join(part for part in about if part))}</p>",
        f'<img alt="{_safe(summary.headline)}" src="data:image/png;base64,{picture}">',
        _nodes(summary),
        _groups(totals),
        _notes(notes),
        f"<script>{_SCRIPT}</script></body></html>",
    ]
    return "\n".join(part for part in parts if part).encode("utf-8", "replace")


def _nodes(summary: Summary) -> str:
    if not summary.ranking:
        return ""
    headings = ["#", "node", "type", "self time", "share", "VRAM peak", "VRAM kept", "RAM peak", "RAM kept"]
    headings += ["GPU load", "CPU time", "energy", "status"]
    rows = []
    for step in summary.ranking:
        css = "idle" if step.status in ("cached", "skipped") else "bad" if step.status == "error" else ""
        rows.append((css, _row(step, summary.total_time)))
    # A column without a single value says nothing: the notes say what is missing and why.
    kept = [column for column in range(len(headings)) if any(cells[column][1] for _, cells in rows)]
    rows = [(css, [cells[column] for column in kept]) for css, cells in rows]
    texts = tuple(kept.index(column) for column in (1, 2, 12) if column in kept)
    return _table("Nodes", [headings[column] for column in kept], texts, rows)


def _row(step: Step, total_time: float | None) -> list[_Cell]:
    share = step.exec_time / total_time if step.exec_time is not None and total_time else None
    load = None if step.gpu_load_avg is None else step.gpu_load_avg / 100
    status = step.status
    if step.previous_exec_time_s is not None:
        status_text = f"{status}, took {format_seconds(step.previous_exec_time_s)}"
    else:
        status_text = f"{status}: {clean(step.error_message)}" if step.error_message else status
    return [
        (clean(step.node_id), clean(step.node_id)),
        (step_title(step), step_title(step)),
        (clean(step.node_type), clean(step.node_type)),
        _number(format_seconds(step.exec_time), step.exec_time),
        _number(format_percent(share), share),
        _number(format_bytes(step.vram_max), step.vram_max),
        _number(format_change(vram_change(step)), vram_change(step)),
        _number(format_bytes(step.ram_max_bytes), step.ram_max_bytes),
        _number(format_change(ram_change(step)), ram_change(step)),
        _number(format_percent(load), load),
        _number(format_seconds(step.cpu_seconds), step.cpu_seconds),
        _number(format_energy(step.energy_joules), step.energy_joules),
        (status_text, status),
    ]


def _groups(totals: tuple[GroupTotal, ...]) -> str:
    if not totals:
        return ""
    headings = ["group", "nodes", "self time", "share", "wall time", "VRAM peak", "RAM peak", "energy"]
    rows = []
    for entry in totals:
        cells = [
            (entry.name, clean(entry.name)),
            _number(f"{entry.node_count:,}", entry.node_count),
            _number(format_seconds(entry.exec_time), entry.exec_time),
            _number(format_percent(entry.share), entry.share),
            _number(format_seconds(entry.wall_time_s), entry.wall_time_s),
            _number(format_bytes(entry.vram_max), entry.vram_max),
            _number(format_bytes(entry.ram_max_bytes), entry.ram_max_bytes),
            _number(format_energy(entry.energy_joules), entry.energy_joules),
        ]
        rows.append(("", cells))
    return _table("Groups", headings, (0,), rows, [entry.color for entry in totals])


def _notes(notes: Notes) -> str:
    lines = [*notes.warnings, *notes.groups, "measured: " + " · ".join(notes.measured)]
    lines += [f"{NOT_AVAILABLE}: {text}" for text in notes.missing]
    return "<ul>" + "".join(f"<li>{_safe(line)}</li>" for line in lines) + "</ul>"


def _table(
    caption: str,
    headings: list[str],
    texts: tuple[int, ...],
    rows: list[tuple[str, list[_Cell]]],
    colors: list[str] | None = None,
) -> str:
    head = "".join(
        f'<th scope="col"{_css(column in texts)}><button type="button">{_safe(heading)}</button></th>'
        for column, heading in enumerate(headings)
    )
    body = []
    for number, (css, cells) in enumerate(rows):
        dot = f'<span class="dot" style="background:{_safe(colors[number])}"></span>' if colors else ""
        line = "".join(
            f'<td{_css(column in texts)} data-value="{_safe(value)}">'
            f"{dot if column == 0 else ''}{_safe(shown)}</td>"
            for column, (shown, value) in enumerate(cells)
        )
        body.append(f'<tr class="{css}">{line}</tr>' if css else f"<tr>{line}</tr>")
    return (
        f'<div class="scroll"><table aria-label="{caption}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def _number(shown: str, value: float | None) -> _Cell:
    return (shown, "" if value is None else repr(value))


def _css(text: bool) -> str:
    return ' class="text"' if text else ""


def _safe(text: str) -> str:
    return escape(clean(text), quote=True)
