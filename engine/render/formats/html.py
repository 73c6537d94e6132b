"""One self-contained web page: the interactive timeline, every node in a table that sorts, the picture.

Loads nothing from anywhere; titles are text and never markup.
"""

from __future__ import annotations

import base64
import io
import json
from html import escape

from ...analysis.groups import GroupTotal
from ...analysis.labels import clean, step_title
from ...analysis.ranking import time_share
from ...analysis.units import format_bytes, format_percent, format_seconds
from ...language import current, date_time, grouped, t
from ...model import Step, Summary
from .. import table
from ..columns import ACTIVE_TIME, DETAILS, known
from ..report import Report
from ..timeline import flame_data, flame_source, module_source, timeline_data, timeline_style

SUFFIX = ".html"
MIME = "text/html; charset=utf-8"

STYLE = """
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
.text{text-align:left;white-space:normal;overflow-wrap:break-word;min-width:9em;max-width:22em}.idle{color:var(--muted)}.bad{font-weight:600}
.dot{display:inline-block;width:.8em;height:.8em;margin-right:.5em;border-radius:2px}
li{color:var(--muted)}summary{cursor:pointer;font-weight:600}[hidden]{display:none!important}
tr.chosen{background:var(--panel);outline:2px solid var(--muted)}tr[data-node]{cursor:pointer}
#timeline{--hp-dim:var(--muted);margin:16px 0}#timeline p{font-size:13px}
.hp-input,.hp-button{font:inherit;font-size:13px;padding:3px 8px;color:inherit;
border:1px solid var(--line);border-radius:6px;background:var(--panel)}.hp-button:disabled{opacity:.45}
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
_START = """
const place = document.getElementById("timeline");
const rowOf = (id) => [...document.querySelectorAll("tr[data-node]")].find((row) => row.dataset.node === id);
const timeline = createTimeline(place, JSON.parse(document.getElementById("data").textContent), {
  onSelect(id) {
    document.querySelector("tr.chosen")?.classList.remove("chosen");
    rowOf(id)?.classList.add("chosen");
    rowOf(id)?.scrollIntoView({ block: "nearest" });
  },
});
for (const row of document.querySelectorAll("tr[data-node]")) {
  row.addEventListener("click", () => timeline.select(row.dataset.node));
}
"""
_START_FLAME = """
const inside = JSON.parse(document.getElementById("stacks").textContent);
createFlame(document.getElementById("flame"), inside.stacks, inside);
"""
POLICY = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:;'
    " style-src 'unsafe-inline'; script-src 'unsafe-inline'\">"
)
_Cell = tuple[str, str]
"""``(what is shown, what is sorted by)``; an empty second sorts last."""


def render(report: Report) -> bytes:
    """The page as UTF-8."""
    run, summary = report.run, report.summary
    from ..chart.picture import picture_of

    title = report.name or t("Workflow profile")
    picture = io.BytesIO()
    picture_of(report).save(picture, "PNG", compress_level=4)
    about = [
        title,
        t("run {id}", id=run.id) if run.id is not None else "",
        f"{date_time(run.timestamp)} UTC",
        table.status_word(run.status),
    ]
    parts = [
        "<!doctype html>",
        f'<html lang="{current()}" class="{"light" if report.options.theme == "light" else "dark"}">',
        '<head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        POLICY,
        f"<title>{_safe(title)}: {_safe(summary.headline)}</title>",
        f"<style>{STYLE}{timeline_style()}</style></head><body>",
        f"<h1>{_safe(summary.headline)}</h1><p>{_safe(summary.detail)}</p>",
        f"<p>{_safe(report.against)}</p>" if report.against else "",
        f"<p>{_safe(' · '.join(part for part in about if part))}</p>",
        '<div id="timeline"></div>',
        _nodes(summary),
        _inside(report),
        _groups(report.totals),
        "<ul>" + "".join(f"<li>{_safe(line)}</li>" for line in report.notes.lines) + "</ul>",
        f"<details><summary>{t('The report as a picture')}</summary>",
        f'<img alt="{_safe(summary.headline)}"',
        f'src="data:image/png;base64,{base64.b64encode(picture.getvalue()).decode("ascii")}"></details>',
        f"<script>{_SCRIPT}</script>",
        f'<script type="application/json" id="data">{_script_json(timeline_data(report))}</script>',
        f'<script type="module">{module_source()}\n{_START}</script>',
        _flame(report),
        "</body></html>",
    ]
    return "\n".join(part for part in parts if part).encode("utf-8", "replace")


def _inside(report: Report) -> str:
    """Where the flame goes, and what the text says about the inside of nodes."""
    lines = table.inside_lines(report.inside)
    if not lines and report.run.stacks is None:
        return ""
    flame = '<div id="flame"></div>' if report.run.stacks is not None else ""
    text = escape("\n".join(lines))  # as it stands: the spaces keep the columns
    return f"<h2>{t('Inside the nodes')}</h2>{flame}<pre>{text}</pre>"


def _flame(report: Report) -> str:
    if report.run.stacks is None:
        return ""
    return (
        f'<script type="application/json" id="stacks">{_script_json(flame_data(report))}</script>'
        f'<script type="module">{flame_source()}\n{_START_FLAME}</script>'
    )


def _script_json(data: object) -> str:
    """JSON that nothing in it can end the script element around it."""
    return json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def _nodes(summary: Summary) -> str:
    """Every node with what is known of it; a column without a single value says nothing and is left out."""
    if not summary.ranking:
        return ""
    columns = known(DETAILS, summary.ranking)
    headings = ["#", t("node"), t("type"), ACTIVE_TIME.heading, t("share")]
    headings += [column.heading for column in columns]
    rows = []
    for step in summary.ranking:
        share = time_share([step], summary.total_time)
        cells = [
            _text(step.node_id),
            _text(step_title(step)),
            _text(step.node_type),
            _number(ACTIVE_TIME.write(step.exec_time), step.exec_time),
            _number(format_percent(share), share),
            *(_number(column.write(value := column.read(step)), value) for column in columns),
            (_status(step), step.status),
        ]
        css = "idle" if step.status in ("cached", "skipped") else "bad" if step.status == "error" else ""
        rows.append((css, cells))
    return _table(t("Nodes"), [*headings, t("status")], (1, 2, len(headings)), rows, nodes=True)


def _status(step: Step) -> str:
    word = table.status_word(step.status)
    if step.previous_exec_time_s is not None:
        return f"{word}, {table.previous_time(step)}"
    return f"{word}: {clean(step.error_message)}" if step.error_message else word


def _groups(totals: tuple[GroupTotal, ...]) -> str:
    if not totals:
        return ""
    headings = [
        t("group"),
        t("nodes"),
        t("active time"),
        t("share"),
        t("wall time"),
        t("VRAM peak"),
        t("RAM peak"),
        t("energy"),
    ]
    rows = []
    for entry in totals:
        cells = [
            (entry.name, clean(entry.name)),
            _number(grouped(entry.node_count), entry.node_count),
            _number(format_seconds(entry.exec_time), entry.exec_time),
            _number(format_percent(entry.share), entry.share),
            _number(format_seconds(entry.wall_time_s), entry.wall_time_s),
            _number(format_bytes(entry.vram_max), entry.vram_max),
            _number(format_bytes(entry.ram_max_bytes), entry.ram_max_bytes),
            _number(entry.energy_text, entry.energy_joules),
        ]
        rows.append(("", cells))
    kept = [column for column in range(len(headings)) if any(cells[column][1] for _, cells in rows)]
    rows = [(css, [cells[column] for column in kept]) for css, cells in rows]
    return _table(
        t("Groups"), [headings[column] for column in kept], (0,), rows, [entry.color for entry in totals]
    )


def _table(
    caption: str,
    headings: list[str],
    texts: tuple[int, ...],
    rows: list[tuple[str, list[_Cell]]],
    colors: list[str] | None = None,
    *,
    nodes: bool = False,
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
        node = f' data-node="{_safe(cells[0][1])}"' if nodes else ""
        body.append(f'<tr class="{css}"{node}>{line}</tr>' if css else f"<tr{node}>{line}</tr>")
    return (
        f'<div class="scroll"><table aria-label="{caption}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def _text(text: str) -> _Cell:
    return (clean(text), clean(text))


def _number(shown: str, value: float | None) -> _Cell:
    return (shown, "" if value is None else repr(value))


def _css(text: bool) -> str:
    return ' class="text"' if text else ""


def _safe(text: str) -> str:
    return escape(clean(text), quote=True)
