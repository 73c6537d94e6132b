"""The bars: one a node, in time, work apart from waiting, overlaps one under the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...analysis.labels import step_title
from ...analysis.units import format_seconds
from ...language import grouped, t
from ...model import Step
from .axis import TimeAxis
from .canvas import Box, Canvas
from .palette import Palette
from .theme import Theme, text_on

MOST_ROWS = 6
_LEAST_LABEL = 24.0
_STRIPE = 7.0
"""Height of what a bar shows of each further group of its node."""
_TOLERANCE_S = 1e-4
"""Neighbours may touch by as much as two clock readings differ."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One step on its row. ``work`` and ``waits`` are intervals in seconds."""

    step: Step
    row: int
    start_s: float
    end_s: float
    work: tuple[tuple[float, float], ...]
    waits: tuple[tuple[float, float], ...]


def arrange(
    steps: Sequence[Step], total_s: float, most_rows: int = MOST_ROWS, tolerance_s: float = _TOLERANCE_S
) -> tuple[list[Bar], int]:
    """Each step that ran on the first row that is free for it, and how many found none.

    Steps that overlap in time stand on different rows. Past ``most_rows`` rows they
    share the last one; their number is returned.
    """
    bars: list[Bar] = []
    free_from: list[float] = []
    crowded = 0
    started = [
        step for step in steps if step.start_s is not None and step.status not in ("cached", "skipped")
    ]
    for step in sorted(started, key=lambda one: (one.start_s or 0.0, one.position)):
        start = min([step.start_s or 0.0, *(part.start_s for part in step.segments)])
        end = max(
            [step.end_s if step.end_s is not None else total_s, *(part.end_s for part in step.segments)]
        )
        row = next((row for row, free in enumerate(free_from) if free <= start + tolerance_s), len(free_from))
        if row == len(free_from):
            if row >= most_rows:
                crowded += 1
                row = most_rows - 1
            else:
                free_from.append(0.0)
        free_from[row] = max(free_from[row], end)
        waits = tuple((part.start_s, part.end_s) for part in step.segments if part.kind in ("lazy", "expand"))
        work = step.work or (() if waits else ((start, end),))
        bars.append(Bar(step, row, start, end, work, waits))
    return bars, crowded


def draw_timeline(
    canvas: Canvas,
    theme: Theme,
    bars: Sequence[Bar],
    crowded: int,
    palette: Palette,
    axis: TimeAxis,
    top: float,
) -> float:
    """Draws the rows from ``top`` down; returns where they ended."""
    rows = max((bar.row for bar in bars), default=0) + 1
    height = {1: 92.0, 2: 66.0, 3: 54.0}.get(rows, 46.0)
    bottom = top + rows * (height + 4) + 12
    canvas.boxes([(axis.left, top, axis.right, bottom)], theme.panel)
    by_color: dict[str, list[Box]] = {}
    waits: dict[str, list[Box]] = {}
    gaps: list[Box] = []
    stripes: dict[str, list[Box]] = {}
    for bar in bars:
        upper = top + 8 + bar.row * (height + 4)
        color = palette.of(bar.step)
        for start, end in bar.work:
            left, right = axis.x(start), axis.x(end)
            right = max(right, left + 0.35)
            by_color.setdefault(color, []).append((left, upper, right, upper + height))
            for number, other in enumerate(palette.all_of(bar.step)[:0:-1]):
                lower = upper + height - number * _STRIPE
                stripes.setdefault(other, []).append((left, lower - _STRIPE, right, lower))
            if right - left > 4:
                gaps.append((right - 1.5, upper, right, upper + height))
        for start, end in bar.waits:
            middle = upper + height / 2
            waits.setdefault(color, []).append((axis.x(start), middle - 7, axis.x(end), middle + 7))
    for color, boxes in waits.items():
        canvas.boxes(boxes, color, alpha=0.30)
        edges = [
            [(left, upper), (right, upper), (right, lower), (left, lower), (left, upper)]
            for left, upper, right, lower in boxes
        ]
        canvas.lines(edges, color, 1.3, dashes=(4, 3))
    for color, boxes in by_color.items():
        canvas.boxes(boxes, color)
    for color, boxes in stripes.items():
        canvas.boxes(boxes, color)
    canvas.boxes(gaps, theme.panel)
    for bar in bars:
        upper = top + 8 + bar.row * (height + 4)
        _mark(canvas, theme, bar, axis, upper, height)
        if crowded and bar.row == MOST_ROWS - 1:
            continue  # bars lie on top of one another there, and so would their names
        _label(canvas, theme, bar, palette, axis, upper, height)
    if crowded:
        more = t("{n} more overlap here", n=grouped(crowded))
        canvas.text(axis.right - 8, bottom - 8, more, 16, theme.muted, align="right")
    return bottom


def _label(
    canvas: Canvas, theme: Theme, bar: Bar, palette: Palette, axis: TimeAxis, upper: float, height: float
) -> None:
    if not bar.work:
        return
    start, end = max(bar.work, key=lambda span: span[1] - span[0])
    left, right = axis.x(start), axis.x(end)
    name = step_title(bar.step)
    if bar.waits:
        wait_start, wait_end = max(bar.waits, key=lambda span: span[1] - span[0])
        if axis.x(wait_end) - axis.x(wait_start) > right - left:
            _label_wait(canvas, theme, name, axis.x(wait_start), axis.x(wait_end), upper, height)
            return
    room = right - left - 9
    if room < _LEAST_LABEL:
        return
    ink = text_on(palette.of(bar.step))
    bold = room > 300
    shown, size = _title_for(canvas, name, room, bold)
    middle = (left + right) / 2
    time = t("running") if bar.step.status == "running" else format_seconds(bar.step.exec_time)
    if not shown:
        # The number leads to the name in the list below.
        number = f"#{bar.step.node_id}"
        if canvas.measure(number, 16) <= room:
            canvas.text(middle, upper + height / 2, number, 16, ink, align="center", middle=True)
        return
    if height >= 60 and canvas.measure(time, 17) <= room:
        canvas.text(middle, upper + height / 2 - 13, shown, size, ink, bold=bold, align="center", middle=True)
        canvas.text(middle, upper + height / 2 + 15, time, 17, ink, align="center", middle=True)
        return
    both = f"{shown} · {time}"
    if shown == name and canvas.measure(both, size, bold) <= room:
        shown = both
    canvas.text(middle, upper + height / 2, shown, size, ink, bold=bold, align="center", middle=True)


def _title_for(canvas: Canvas, name: str, room: float, bold: bool) -> tuple[str, float]:
    """The name as large as it fits; shortened only where enough of it stays to be known by."""
    for size in (19.0, 17.0, 16.0):
        if canvas.measure(name, size, bold) <= room:
            return name, size
    shown = canvas.fit(name, 16.0, room, bold)
    return (shown, 16.0) if len(shown) - 1 >= min(11, 0.75 * len(name)) else ("", 16.0)


def _label_wait(
    canvas: Canvas, theme: Theme, name: str, left: float, right: float, upper: float, height: float
) -> None:
    shown = canvas.fit(t("{node} waits", node=name), 17, right - left - 20)
    if not shown or height < 40:
        return
    used = canvas.measure(shown, 17)
    middle = (left + right) / 2
    canvas.boxes(
        [(middle - used / 2 - 7, upper + height / 2 - 13, middle + used / 2 + 7, upper + height / 2 + 13)],
        theme.panel,
    )
    canvas.text(middle, upper + height / 2, shown, 17, theme.text, align="center", middle=True)


def _mark(canvas: Canvas, theme: Theme, bar: Bar, axis: TimeAxis, upper: float, height: float) -> None:
    """A failed node has a rim and a cross, an interrupted one a square, where it stopped."""
    if bar.step.status not in ("error", "interrupted", "running"):
        return
    color = theme.bad if bar.step.status == "error" else theme.warn
    left, right = axis.x(bar.start_s), max(axis.x(bar.end_s), axis.x(bar.start_s) + 6)
    rim = [(left, upper), (right, upper), (right, upper + height), (left, upper + height), (left, upper)]
    canvas.lines([rim], color, 3.5)
    x, y = min(max(right, axis.left + 13), axis.right - 13), upper
    canvas.dot(x, y + 4, 13, color, theme.panel)
    ink = text_on(color)
    if bar.step.status == "error":
        canvas.lines([[(x - 5, y - 1), (x + 5, y + 9)], [(x - 5, y + 9), (x + 5, y - 1)]], ink, 3)
    else:
        canvas.boxes([(x - 5, y - 1, x + 5, y + 9)], ink)
