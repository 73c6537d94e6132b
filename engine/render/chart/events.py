"""What others said happened: a flag above the bars for each moment, with its text where there is room."""

from __future__ import annotations

from collections.abc import Sequence

from ...analysis.labels import clean
from ...model import Event
from .axis import TimeAxis
from .canvas import Canvas
from .theme import Theme

_SIZE = 16.0
_GAP = 12.0
_FLAG = 7.0


def draw_events(canvas: Canvas, theme: Theme, events: Sequence[Event], axis: TimeAxis, top: float) -> float:
    """One line of flags from ``top`` down; returns where it ended. Texts that would touch are left out."""
    bottom = top + 22.0
    free = axis.left
    ordered = sorted(events, key=lambda event: event.t_s)
    places = [axis.x(event.t_s) for event in ordered]
    for number, (event, x) in enumerate(zip(ordered, places, strict=True)):
        canvas.dot(x, bottom - 8, _FLAG - 2, theme.accent, theme.background)
        following = places[number + 1] if number + 1 < len(places) else axis.right + _GAP
        text = canvas.fit(clean(event.text), _SIZE, following - x - _FLAG - _GAP)
        if x >= free and len(text) > 3:
            canvas.text(x + _FLAG + 2, bottom - 8, text, _SIZE, theme.muted, middle=True)
            free = x + _FLAG + canvas.measure(text, _SIZE) + _GAP
    canvas.lines([[(x, bottom - 2), (x, bottom + 6)] for x in dict.fromkeys(places)], theme.accent, 2)
    return bottom
