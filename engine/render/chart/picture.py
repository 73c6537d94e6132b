"""The report as a picture. Puts the parts under one another; each part draws itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from ...language import speaking, t
from ..report import Report
from .axis import TimeAxis
from .canvas import LEFT, RIGHT, Canvas
from .drawable import drawable
from .events import draw_events
from .footer import draw_footer, draw_warnings
from .header import draw_figures, draw_header
from .inside import draw_inside
from .lane import draw_lane, draw_time_axis
from .lanes import lanes_for
from .legend import draw_legend
from .palette import palette_for
from .ranking import draw_ranking
from .theme import theme_named
from .timeline import Bar, arrange, draw_timeline

if TYPE_CHECKING:
    from PIL.Image import Image

    from .palette import Palette

_PLOT_LEFT = 122.0
_SPLIT = 1044.0
_LEAST_WIDTH, _MOST_WIDTH = 400, 6400


_drawn: WeakKeyDictionary[Report, Image] = WeakKeyDictionary()


def picture_of(report: Report) -> Image:
    """The report as an RGB picture 1600 px wide, drawn once however often it is asked for."""
    if report not in _drawn:
        _drawn[report] = draw(report)
    return _drawn[report]


def draw(report: Report, width_px: int = 1600) -> Image:
    """``report`` as an RGB picture, ``width_px`` (kept within 400..6400) wide and as high as it needs.

    What no installed font can draw is replaced, see :func:`drawable`. Safe to call from several
    threads at once.
    """
    shown = drawable(report)
    with speaking(shown.options.language):
        return _draw(shown, width_px)


def _draw(report: Report, width_px: int) -> Image:
    run, summary, notes = report.run, report.summary, report.notes
    look = theme_named(report.options.theme)
    palette = palette_for(run.measured_steps, report.totals, summary.total_time)
    canvas = Canvas(min(max(int(width_px), _LEAST_WIDTH), _MOST_WIDTH), look.background)

    y = draw_header(canvas, look, report, 28.0) + 22
    y = draw_figures(canvas, look, run, summary, y) + 20
    if notes.warnings:
        y = draw_warnings(canvas, look, notes.warnings, y) + 18
    left_out: list[str] = []
    bars, crowded = arrange(run.measured_steps, summary.total_time or 0.0)
    if bars and summary.total_time:
        axis = TimeAxis(summary.total_time, _PLOT_LEFT, RIGHT)
        canvas.text(LEFT, y + 28, t("nodes"), 19, look.text, bold=True)
        if run.events:
            y = draw_events(canvas, look, run.events, axis, y + 14)
        y = draw_timeline(canvas, look, bars, crowded, palette, axis, y) + 4
        lanes = lanes_for(run, summary, look)
        left_out = lanes.left_out
        bands = _bands(bars, palette, axis)
        for lane in lanes.shown:
            y = draw_lane(canvas, look, lane, axis, bands, y) + 6
        y = draw_time_axis(canvas, look, axis, y - 6) + 24
    if run.measured_steps:
        bottom = draw_ranking(canvas, look, report, palette, LEFT, _SPLIT, y)
        if palette.legend:
            room = max(bottom - y, 490.0)
            bottom = max(bottom, draw_legend(canvas, look, palette, _SPLIT + 28, RIGHT, y, room))
        y = bottom + 22
    y = draw_inside(canvas, look, report.inside, y)
    waits = t("pale dashed bars: waiting for other nodes") if any(bar.waits for bar in bars) else ""
    y = draw_footer(canvas, look, notes, left_out, y, waits)
    return canvas.finish(y + 4)


def _bands(bars: Sequence[Bar], palette: Palette, axis: TimeAxis) -> dict[str, list[tuple[float, float]]]:
    """Columns of the nodes at work on the executor's thread, by colour. They do not overlap."""
    found: dict[str, list[tuple[float, float]]] = {}
    for bar in bars:
        own = [(part.start_s, part.end_s) for part in bar.step.segments if part.kind == "run"]
        columns = [(axis.x(start), axis.x(end)) for start, end in (own if bar.step.segments else bar.work)]
        found.setdefault(palette.of(bar.step), []).extend(columns)
    return found
