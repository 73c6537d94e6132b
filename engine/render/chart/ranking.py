"""The list of the costliest nodes with their bars, at the lower left of the picture."""

from __future__ import annotations

from ...analysis.labels import rounds, step_title
from ...analysis.ranking import did_not_run, time_share
from ...analysis.units import format_percent, format_seconds
from ...language import grouped, msg, t
from ...model import Step, Summary
from ..columns import ACTIVE_TIME, RAM_CHANGE, RAM_PEAK, SELF_TIME, VRAM_CHANGE, VRAM_PEAK, Column, known
from ..report import Report
from ..table import previous_time
from .canvas import Canvas
from .palette import Palette
from .theme import Theme, text_on

ROW = 36.0
MOST_ROWS = 40
_MOST_CACHED = 4
_MARKS = {"error": msg("✕ failed"), "interrupted": msg("■ interrupted"), "running": msg("… running")}


_BARS = {column.name: column for column in (SELF_TIME, VRAM_PEAK, VRAM_CHANGE, RAM_PEAK)}
_COLUMNS = (ACTIVE_TIME, VRAM_PEAK, VRAM_CHANGE, RAM_PEAK, RAM_CHANGE)


def columns_for(summary: Summary, sort_by: str) -> tuple[Column, list[Column]]:
    """What the bars show, and what stands beside them: only what was measured."""
    bar = _BARS.get(sort_by, ACTIVE_TIME)
    if all(bar.read(step) is None for step in summary.ranking):
        bar = ACTIVE_TIME
    beside = [column for column in _COLUMNS if column is not bar]
    return bar, known(beside, summary.ranking)[:3]


def draw_ranking(
    canvas: Canvas,
    theme: Theme,
    report: Report,
    palette: Palette,
    left: float,
    right: float,
    top: float,
) -> float:
    """Draws the list from ``top`` down; returns where it ended."""
    summary, top_n = report.summary, report.options.top_n
    ran = [step for step in summary.ranking if not did_not_run(step)]
    idle = [step for step in summary.ranking if did_not_run(step)]
    count = min(max(1, top_n), MOST_ROWS) if top_n > 0 else MOST_ROWS
    shown = ran[:count]
    resting = idle[: max(0, min(_MOST_CACHED if shown else count, MOST_ROWS - len(shown)))]
    bar, columns = columns_for(summary, report.options.sort_by)
    edges = [right - 18 - 130 * number for number in range(len(columns))][::-1]
    bar_right = edges[0] - 108 if edges else right - 20
    name_right = left + 290
    heading = bar.heading if shown else ""
    if bar.kind == "seconds" and any(_loading_share(step) > 0.05 for step in shown):
        heading = t("{column} (hatched: loading)", column=heading)
    middle = top + ROW / 2 - 2
    title = t("nodes")
    if len(ran) > len(shown):
        title = t("top {n} of {of} nodes", n=len(shown), of=grouped(len(ran)))
    canvas.text(left, middle, title, 19, theme.text, bold=True, middle=True)
    room = bar_right - name_right - 20
    canvas.text(name_right + 10, middle, heading, 17, theme.muted, middle=True, limit=room)
    for column, edge in zip(columns, edges, strict=True):
        canvas.text(edge, middle, column.heading, 17, theme.muted, align="right", middle=True, limit=122)
    y = top + ROW
    lines = len(shown) + len(resting) + (len(ran) > len(shown)) + (len(idle) > len(resting))
    canvas.boxes([(left, y - 2, right, y + lines * ROW + 10)], theme.panel)
    y += 4
    highest = max((abs(bar.read(step) or 0.0) for step in shown), default=0.0)
    for step in shown:
        middle = y + ROW / 2
        _name(canvas, theme, step, left + 16, name_right - 8, middle)
        value = bar.read(step)
        length = room * abs(value or 0.0) / highest if highest else 0.0
        start = name_right + 10
        _bar(canvas, theme, palette, step, start, length, middle, bar.kind == "seconds")
        label = bar.write(value)
        if bar.kind == "seconds" and value is not None and summary.total_time:
            label += f" · {format_percent(value / summary.total_time)}"
        mark = t(_MARKS[step.status]) if step.status in _MARKS else None
        color = theme.text if mark is None else theme.bad if step.status == "error" else theme.warn
        if mark:
            label = mark if value is None else f"{mark} · {bar.write(value)}"
        used = canvas.measure(label, 18)
        if length + 10 + used <= room:
            canvas.text(start + length + 10, middle, label, 18, color, middle=True)
        else:
            # No room behind the bar means that the bar is long: the label stands in it.
            inside = canvas.fit(label, 18, length - 20)
            used = canvas.measure(inside, 18)
            plate = (start + length - used - 18, middle - 10, start + length, middle + 10)
            canvas.boxes([plate], palette.of(step))
            canvas.text(
                start + length - 10, middle, inside, 18, text_on(palette.of(step)), align="right", middle=True
            )
        for column, edge in zip(columns, edges, strict=True):
            _cell(canvas, theme, column, step, edge, middle)
        y += ROW
    if len(ran) > len(shown):
        rest = ran[len(shown) :]
        time_s = sum(step.exec_time or 0.0 for step in rest)
        portion = time_share(rest, summary.total_time)
        share = "" if portion is None else f" · {format_percent(portion)}"
        text = t("{n} more: {time} together", n=grouped(len(rest)), time=format_seconds(time_s)) + share
        canvas.text(left + 16, y + ROW / 2, text, 18, theme.muted, middle=True)
        y += ROW
    for step in resting:
        middle = y + ROW / 2
        _name(canvas, theme, step, left + 16, name_right - 8, middle, faint=True)
        room = right - name_right - 30
        canvas.text(name_right + 10, middle, _resting(step), 18, theme.faint, middle=True, limit=room)
        y += ROW
    if len(idle) > len(resting):
        text = t("{n} more did not run", n=grouped(len(idle) - len(resting)))
        canvas.text(left + 16, y + ROW / 2, text, 18, theme.faint, middle=True)
        y += ROW
    return y + 6


def _name(
    canvas: Canvas, theme: Theme, step: Step, left: float, right: float, middle: float, *, faint: bool = False
) -> None:
    number = canvas.fit(f"#{step.node_id}", 17, 110) + rounds(step)
    used = canvas.measure(number, 17)
    ink, room = theme.faint if faint else theme.text, right - left - used - 10
    title = canvas.text(left, middle, step_title(step), 18, ink, middle=True, limit=room)
    canvas.text(left + title + 9, middle, number, 17, theme.faint, middle=True)


def _bar(
    canvas: Canvas,
    theme: Theme,
    palette: Palette,
    step: Step,
    start: float,
    length: float,
    middle: float,
    loads: bool,
) -> None:
    """The bar; of a time the part that went into loading models is hatched."""
    colors = palette.all_of(step)
    upper, lower = middle - 10, middle + 10
    length = max(length, 2.0)
    canvas.boxes([(start, upper, start + length, lower)], colors[0])
    for number, color in enumerate(colors[1:4], start=1):
        canvas.boxes([(start, lower - 5 * number, start + length, lower - 5 * (number - 1))], color)
    hatched = length * _loading_share(step) if loads else 0.0
    if hatched >= 6:
        canvas.boxes([(start, upper, start + hatched, lower)], "none", edge=theme.panel, hatch="////")


def _loading_share(step: Step) -> float:
    if not step.load_time_s or not step.exec_time:
        return 0.0
    return min(1.0, step.load_time_s / step.exec_time)


def _cell(canvas: Canvas, theme: Theme, column: Column, step: Step, edge: float, middle: float) -> None:
    value = column.read(step)
    color = theme.text
    if value is None:
        color = theme.faint
    elif column.kind == "change":
        color = theme.accent if value > 1024**3 else theme.muted
    canvas.text(edge, middle, column.write(value), 18, color, align="right", middle=True)


def _resting(step: Step) -> str:
    if step.status == "skipped":
        return t("skipped")
    return t("cached") if step.previous_exec_time_s is None else f"{t('cached')} · {previous_time(step)}"
