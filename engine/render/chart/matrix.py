"""Several sets of runs against each other as a picture: changes in a square, the nodes that differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...analysis.effect import Delta
from ...analysis.labels import clean
from ...analysis.matrix import Matrix
from ...language import stored, t
from .. import comparison_words as words
from ..matrix_table import cell, headline
from .canvas import LEFT, RIGHT, Canvas
from .footer import draw_warnings
from .header import draw_answer
from .theme import Theme, theme_named

if TYPE_CHECKING:
    from PIL.Image import Image

_ROW = 40.0
_NAME = 430.0
_MEDIAN = 600.0


def draw_matrix(found: Matrix, names: Sequence[str], *, theme: str = "dark") -> Image:
    """``found`` as an RGB picture 1600 px wide. ``names`` are what the sets are called."""
    look = theme_named(theme)
    canvas = Canvas(1600, look.background)
    y = draw_answer(canvas, look, headline(found, names))
    if found.notes:
        y = draw_warnings(canvas, look, [stored(note) for note in found.notes], y) + 16
    for metric, square in found.totals.items():
        if any(median is not None for median in square.medians):
            shown = [words.shown(metric, median).partition(" (")[0] for median in square.medians]
            y = _table(canvas, look, words.quantity(metric), names, shown, square.deltas, y) + 22
    if found.nodes:
        y = _nodes(canvas, look, found, len(names), y)
    note = t("row against column · ≈ no difference · ? cannot be told yet")
    canvas.text(LEFT, y + 26, note, 17, look.faint)
    return canvas.finish(y + 50)


def _table(
    canvas: Canvas,
    look: Theme,
    title: str,
    names: Sequence[str],
    medians: Sequence[str],
    deltas: Sequence[Sequence[Delta | None]],
    top: float,
) -> float:
    width = (RIGHT - _MEDIAN - 20) / len(names)
    canvas.text(LEFT, top + 24, title, 19, look.text, bold=True)
    canvas.text(_MEDIAN, top + 24, t("median"), 16, look.faint, align="right")
    for column in range(len(names)):
        x = _MEDIAN + 20 + (column + 0.5) * width
        canvas.text(x, top + 24, f"{column + 1}", 16, look.faint, align="center")
    y = top + 36
    for row, name in enumerate(names):
        numbered = f"{row + 1}. {clean(name)}"
        canvas.text(LEFT, y + _ROW / 2, numbered, 18, look.text, middle=True, limit=_NAME - LEFT)
        canvas.text(_MEDIAN, y + _ROW / 2, medians[row], 17, look.muted, middle=True, align="right")
        for column, delta in enumerate(deltas[row]):
            left = _MEDIAN + 20 + column * width
            _cell(canvas, look, delta, (left, y, left + width - 4, y + _ROW - 4))
        y += _ROW
    return y


def _cell(canvas: Canvas, look: Theme, delta: Delta | None, box: tuple[float, float, float, float]) -> None:
    left, top, right, bottom = box
    canvas.boxes([box], look.panel)
    if delta is None:
        return
    color = look.muted
    if delta.verdict in ("faster", "less", "slower", "more"):
        color = look.good if delta.verdict in ("faster", "less") else look.bad
        share = min(1.0, abs((delta.ratio or 1.0) - 1.0) / 0.5)
        canvas.boxes([box], color, alpha=0.12 + 0.3 * share)
    x, y, limit = (left + right) / 2, (top + bottom) / 2, right - left - 8
    canvas.text(x, y, cell(delta), 17, look.text, middle=True, align="center", limit=limit)


def _nodes(canvas: Canvas, look: Theme, found: Matrix, count: int, top: float) -> float:
    width = (RIGHT - _NAME) / count
    canvas.text(LEFT, top + 24, t("active time"), 19, look.text, bold=True)
    for column in range(count):
        x = _NAME + (column + 1) * width - 8
        canvas.text(x, top + 24, f"{column + 1}", 16, look.faint, align="right")
    y = top + 36
    for number, node in enumerate(found.nodes):
        if number % 2 == 0:
            canvas.boxes([(LEFT - 12, y, RIGHT + 12, y + 34)], look.panel)
        canvas.text(LEFT, y + 17, clean(node.node_title), 18, look.text, middle=True, limit=_NAME - LEFT)
        for column, (median, delta) in enumerate(zip(node.medians, node.deltas, strict=True)):
            color = look.muted
            if delta is not None and delta.verdict in ("faster", "slower"):
                color = look.good if delta.verdict == "faster" else look.bad
            text = words.shown("exec_time", median)
            x = _NAME + (column + 1) * width - 8
            canvas.text(x, y + 17, text, 17, color, middle=True, align="right")
        y += 34
    return y
