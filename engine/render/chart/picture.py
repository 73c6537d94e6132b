"""The report as a picture. Puts the parts under one another; each part draws itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...analysis.groups import total
from ...analysis.soundness import sound
from ...analysis.summary import summarize
from ...model import Group, Run
from ..notes import notes_for
from .axis import TimeAxis
from .canvas import Canvas
from .footer import draw_footer, draw_warnings
from .header import LEFT, RIGHT, draw_figures, draw_header
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


def draw(
    run: Run,
    *,
    theme: str = "dark",
    title: str = "",
    sort_by: str = "self time",
    top_n: int = 10,
    groups: Sequence[Group] | None = None,
    width_px: int = 1600,
) -> Image:
    """The report of ``run`` as an RGB picture, ``width_px`` wide and as high as it needs.

    ``theme`` is ``dark`` or ``light``. ``title`` replaces the run's name. ``sort_by``
    is one of :data:`engine.analysis.ranking.SORT_KEYS`. ``top_n`` nodes are listed, 0
    means all (to a limit). ``groups`` replace the run's own. ``width_px`` is kept
    within 400..6400. Safe to call from several threads at once.
    """
    run = sound(run)
    look = theme_named(theme)
    summary = summarize(run, sort_by)
    totals = total(run, run.groups if groups is None else groups)
    palette = palette_for(run.measured_steps, totals, summary.total_time, look)
    notes = notes_for(run, summary, totals)
    canvas = Canvas(min(max(int(width_px), _LEAST_WIDTH), _MOST_WIDTH), look.background)

    y = draw_header(canvas, look, run, summary, title, 28.0) + 22
    y = draw_figures(canvas, look, run, summary, y) + 20
    if notes.warnings:
        y = draw_warnings(canvas, look, notes.warnings, y) + 18
    left_out: list[str] = []
    bars, crowded = arrange(run.measured_steps, summary.total_time or 0.0)
    if bars and summary.total_time:
        axis = TimeAxis(summary.total_time, _PLOT_LEFT, RIGHT)
        canvas.text(LEFT, y + 28, "nodes", 19, look.text, bold=True)
        y = draw_timeline(canvas, look, bars, crowded, palette, axis, y) + 4
        lanes = lanes_for(run, summary, look)
        left_out = lanes.left_out
        bands = _bands(bars, palette, axis)
        for lane in lanes.shown:
            y = draw_lane(canvas, look, lane, axis, bands, y) + 6
        y = draw_time_axis(canvas, look, axis, y - 6) + 24
    if run.measured_steps:
        bottom = draw_ranking(canvas, look, summary, palette, sort_by, top_n, LEFT, _SPLIT, y)
        if palette.legend:
            bottom = max(
                bottom, draw_legend(canvas, look, palette, _SPLIT + 28, RIGHT, y, max(bottom - y, 490.0))
            )
        y = bottom + 22
    waits = any(bar.waits for bar in bars)
    y = draw_footer(
        canvas, look, notes, left_out, y, "pale dashed bars: waiting for other nodes" if waits else ""
    )
    return canvas.finish(y + 4)


def _bands(bars: Sequence[Bar], palette: Palette, axis: TimeAxis) -> dict[str, list[tuple[float, float]]]:
    """Columns of the nodes at work on the executor's thread, by colour. They do not overlap."""
    found: dict[str, list[tuple[float, float]]] = {}
    for bar in bars:
        own = [(part.start_s, part.end_s) for part in bar.step.segments if part.kind == "run"]
        columns = [(axis.x(start), axis.x(end)) for start, end in (own if bar.step.segments else bar.work)]
        found.setdefault(palette.of(bar.step), []).extend(columns)
    return found
