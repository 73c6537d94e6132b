"""The small print: how it was measured, what that cost, what is missing, what to beware of."""

from __future__ import annotations

from collections.abc import Sequence

from ...language import t
from ..notes import Notes
from .canvas import LEFT, RIGHT, Canvas
from .theme import Theme

_SIZE = 17.0
_LINE = 25.0


def draw_warnings(canvas: Canvas, theme: Theme, warnings: Sequence[str], top: float) -> float:
    """What the reader must know first, each behind a mark; returns where they ended."""
    if not warnings:
        return top
    shown = list(warnings[:3])
    if len(warnings) > 3:
        shown[2] = t("{text} (and {n} more)", text=warnings[2], n=len(warnings) - 3)
    lines = [
        (number, line)
        for text in shown
        for number, line in enumerate(canvas.wrap(text, 18, RIGHT - LEFT - 60, 2))
    ]
    bottom = top + len(lines) * 27 + 16
    canvas.boxes([(LEFT, top, RIGHT, bottom)], theme.warn, alpha=0.14)
    canvas.boxes([(LEFT, top, LEFT + 5, bottom)], theme.warn)
    y = top + 8
    for number, line in lines:
        if number == 0:
            canvas.text(LEFT + 28, y + 13, "!", 20, theme.warn, bold=True, middle=True, align="center")
        canvas.text(LEFT + 46, y + 13, line, 18, theme.text, middle=True)
        y += 27
    return bottom


def draw_footer(
    canvas: Canvas, theme: Theme, notes: Notes, left_out: Sequence[str], top: float, key: str = ""
) -> float:
    """Draws from ``top`` down; returns where it ended. ``key`` explains a sign in the picture."""
    canvas.lines([[(LEFT, top), (RIGHT, top)]], theme.grid, 1.0)
    y = top + 28
    stated = " ".join(notes.missing)
    extra = [text for text in left_out if text.partition(": ")[2] not in stated]
    # What is missing first under its own word: nobody should take a gap for a zero.
    blocks = (
        (t("How it was measured"), " · ".join([*([key] if key else []), *notes.measured]), 3),
        (t("Not available"), " · ".join([*notes.missing, *extra]), 3),
        (t("Groups"), " · ".join(notes.groups), 2),
    )
    for heading, text, most in blocks:
        if not text:
            continue
        canvas.text(LEFT, y, heading, _SIZE, theme.muted, bold=True)
        indent = LEFT + 228
        room = RIGHT - indent
        y = canvas.paragraph(indent, y, text, _SIZE, theme.muted, limit=room, most=most, line=_LINE) + 4
    return y
