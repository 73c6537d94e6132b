"""A trend as a picture: a point a run, levels, dated changes with their causes, and what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...analysis.labels import clean
from ...analysis.trend_lines import Trend
from ...analysis.trends import ChangePoint, Trends
from ...language import date_time, grouped, stored, t
from .. import comparison_words as words
from ..trend_words import Selected, headline, lines
from .axis import nice_ceiling, nice_ticks
from .canvas import LEFT, RIGHT, Canvas, Point
from .footer import draw_warnings
from .header import draw_answer
from .theme import Theme, theme_named

if TYPE_CHECKING:
    from PIL.Image import Image

_PLOT_LEFT = 150.0
_HEIGHT = 360.0
_CAUSES = 3


@dataclass(frozen=True, slots=True)
class _Plot:
    count: int
    top_value: float
    top: float

    def x(self, place: float) -> float:
        room = RIGHT - 70.0 - _PLOT_LEFT
        return _PLOT_LEFT + 12 + (room * place / (self.count - 1) if self.count > 1 else room / 2)

    def y(self, value: float) -> float:
        return self.top + _HEIGHT * (1.0 - value / self.top_value)


def draw_trend(found: Trends, chosen: Selected, *, theme: str = "dark") -> Image:
    """The series ``chosen`` of ``found`` as an RGB picture 1600 px wide."""
    look = theme_named(theme)
    canvas = Canvas(1600, look.background)
    y = draw_answer(canvas, look, headline(found, chosen))
    for text in lines(found, chosen):
        y = canvas.paragraph(LEFT, y, text, 20, look.muted, limit=RIGHT - LEFT, most=2, line=28)
    if found.notes:
        y = draw_warnings(canvas, look, [stored(note) for note in found.notes], y + 4) + 8
    known = [value for value in chosen.trend.values if value is not None]
    if not known:
        return canvas.finish(y + 24)
    band = chosen.forecast
    highest = max([*known, *([band.high] if band and band.high else [])])
    plot = _Plot(len(chosen.trend.values), nice_ceiling(highest), y + 40)
    _grid(canvas, look, plot, chosen)
    _marks(canvas, look, plot, found)
    _levels(canvas, look, plot, chosen, found)
    _points(canvas, look, plot, chosen.trend, found)
    if band is not None and band.low is not None and band.high is not None and band.expected is not None:
        x = RIGHT - 30.0
        canvas.boxes([(x - 9, plot.y(band.high), x + 9, plot.y(band.low))], look.accent, alpha=0.35)
        canvas.dot(x, plot.y(band.expected), 6, look.accent, look.background)
        canvas.text(x, plot.top + _HEIGHT + 26, t("next"), 16, look.accent, align="center")
    y = plot.top + _HEIGHT + 26
    for place, align in ((0, "left"), (len(found.runs) - 1, "right"))[: len(found.runs)]:
        when = date_time(str(found.runs[place].get("timestamp") or ""))
        canvas.text(plot.x(place), y, when, 16, look.faint, align=align)
    y = _explain(canvas, look, chosen.points, y + 14)
    key = t("point: one run · line: level · dashed: lasting change · tick above: the environment changed")
    canvas.text(LEFT, y + 22, key, 17, look.faint)
    return canvas.finish(y + 46)


def _grid(canvas: Canvas, look: Theme, plot: _Plot, chosen: Selected) -> None:
    for value in nice_ticks(plot.top_value):
        y = plot.y(value)
        canvas.lines([[(_PLOT_LEFT, y), (RIGHT, y)]], look.grid, 1.0)
        text = words.shown(chosen.metric, value)
        canvas.text(_PLOT_LEFT - 12, y, text, 16, look.faint, middle=True, align="right")


def _marks(canvas: Canvas, look: Theme, plot: _Plot, found: Trends) -> None:
    place = {run["id"]: at for at, run in enumerate(found.runs)}
    for mark in found.environment_changes:
        x = plot.x(place[mark.run_id])
        canvas.lines([[(x, plot.top - 14), (x, plot.top - 4)]], look.cpu, 3.0)


def _levels(canvas: Canvas, look: Theme, plot: _Plot, chosen: Selected, found: Trends) -> None:
    place = {run["id"]: at for at, run in enumerate(found.runs)}
    starts = [0, *(place[point.run_id] for point in chosen.points), len(found.runs)]
    levels = [point.before for point in chosen.points[:1]] + [point.after for point in chosen.points]
    if not levels and chosen.trend.median is not None:
        levels = [chosen.trend.median]
    for number, level in enumerate(levels):
        y = plot.y(level)
        ends: list[Point] = [
            (plot.x(starts[number]), y),
            (plot.x(max(starts[number], starts[number + 1] - 1)), y),
        ]
        canvas.lines([ends], look.accent, 3.0)
    for point in chosen.points:
        x = (plot.x(place[point.run_id]) + plot.x(max(0, place[point.run_id] - 1))) / 2
        color = look.bad if point.share > 0 else look.good
        canvas.lines([[(x, plot.top), (x, plot.top + _HEIGHT)]], color, 2.0, dashes=(6, 5))
        size = f"{'+' if point.share > 0 else '−'}{grouped(abs(point.share) * 100)} %"
        text = t("{share}, run {id}", share=size, id=point.run_id)
        align = "right" if x > (RIGHT + _PLOT_LEFT) / 2 else "left"
        x += -8 if align == "right" else 8
        canvas.text(x, plot.top + 18, text, 17, color, bold=True, align=align)


def _points(canvas: Canvas, look: Theme, plot: _Plot, trend: Trend, found: Trends) -> None:
    radius = 5.0 if plot.count <= 60 else 3.5 if plot.count <= 200 else 2.0
    boxes = []
    for place, value in enumerate(trend.values):
        if value is None:
            continue
        x, y = plot.x(place), plot.y(value)
        if found.runs[place].get("pinned"):
            canvas.dot(x, y, radius + 3, look.good, look.background)
        boxes.append((x - radius, y - radius, x + radius, y + radius))
    canvas.boxes(boxes, look.vram)


def _explain(canvas: Canvas, look: Theme, points: Sequence[ChangePoint], top: float) -> float:
    y = top
    for point in points[-6:]:
        causes = "; ".join(stored(clean(cause.detail)) for cause in point.causes[:_CAUSES])
        if len(point.causes) > _CAUSES:
            causes = t("{text} (and {n} more)", text=causes, n=len(point.causes) - _CAUSES)
        text = (
            t("Run {id}: {causes}", id=point.run_id, causes=causes)
            if causes
            else t("Run {id}: nothing recorded changed there", id=point.run_id)
        )
        canvas.text(LEFT, y + 28, text, 18, look.text, limit=RIGHT - LEFT)
        y += 28
    return y
