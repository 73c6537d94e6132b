"""The costliest functions of the slowest node, and whose code took the run's time, as a few lines."""

from __future__ import annotations

from ..inside import Inside, owner_name
from .canvas import LEFT, RIGHT, Canvas
from .theme import Theme

_LINE = 29.0
_SIZE = 18.0
_OPERATORS = 5
OWNER_COLORS = {
    "core": "#4C8BD6",
    "pack": "#E0873A",
    "torch": "#B3589A",
    "library": "#5BA37A",
    "interpreter": "#8A8F9C",
    "profiler": "#8A8F9C",
    "gpu_wait": "#6C6FC9",
}
"""The colour of each kind of owner, the same in the flame view."""


def draw_inside(canvas: Canvas, theme: Theme, inside: Inside, top: float) -> float:
    """Draws from ``top`` down; returns where it ended, which is ``top`` if there is nothing to show."""
    y = top
    if inside.functions:
        canvas.text(LEFT, y + 20, canvas.fit(inside.heading, 19, 1000), 19, theme.text, bold=True)
        y += 40
        most = inside.functions[0].time_s
        for row, entry in zip(inside.function_rows, inside.functions, strict=True):
            seconds, share, name, where = row
            middle = y + _LINE / 2
            length = 150 * entry.time_s / most
            color = OWNER_COLORS[entry.owner.kind]
            canvas.boxes([(LEFT + 16, middle - 8, LEFT + 16 + max(length, 2), middle + 8)], color)
            canvas.text(LEFT + 180, middle, f"{seconds} · {share}", _SIZE, theme.text, middle=True)
            after = (
                LEFT + 346 + canvas.text(LEFT + 330, middle, name, _SIZE, theme.text, middle=True, limit=520)
            )
            canvas.text(after, middle, where, 17, theme.muted, middle=True, limit=RIGHT - after)
            y += _LINE
        y += 6
    for line in inside.foreign_lines[:3]:
        canvas.text(LEFT + 16, y + 14, line, _SIZE, theme.warn, middle=True, limit=RIGHT - LEFT - 16)
        y += _LINE
    total_s = sum(spent for _, spent in inside.owners)
    if len(inside.owners) > 1 and total_s > 0:
        y = _strip(canvas, theme, inside, total_s, y + 12)
    for node in inside.kernels[:2]:
        heading = canvas.fit(inside.kernel_heading(node), _SIZE, RIGHT - LEFT)
        canvas.text(LEFT, y + 16, heading, _SIZE, theme.text, bold=True, middle=True)
        y += _LINE
        for *numbers, name in inside.kernel_rows(node)[:_OPERATORS]:
            x = LEFT
            for number in filter(None, numbers):
                x += 140
                canvas.text(x, y + 16, number, _SIZE, theme.text, align="right", middle=True)
            canvas.text(x + 20, y + 16, name, _SIZE, theme.text, middle=True, limit=RIGHT - x - 20)
            y += _LINE
        y += 6
    return y if y == top else y + 20


def _strip(canvas: Canvas, theme: Theme, inside: Inside, total_s: float, top: float) -> float:
    """One bar, as long as the sampled time, in the colours of the owners; their names below."""
    x = LEFT
    width = RIGHT - LEFT
    for owner, spent in inside.owners:
        length = width * spent / total_s
        canvas.boxes([(x, top, x + length, top + 12)], OWNER_COLORS[owner.kind], edge=theme.background)
        x += length
    x, y = LEFT, top + 30
    for owner, spent in inside.owners[:8]:
        label = canvas.fit(f"{owner_name(owner)} {100 * spent / total_s:.0f} %", 17, 300)
        used = canvas.measure(label, 17) + 40
        if x + used > RIGHT:
            break
        canvas.boxes([(x, y - 7, x + 14, y + 7)], OWNER_COLORS[owner.kind])
        canvas.text(x + 22, y, label, 17, theme.muted, middle=True)
        x += used
    return top + 50
