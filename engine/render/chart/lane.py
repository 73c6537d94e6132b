"""Draws one lane: bands of the nodes, grid, curves, capacity, peak, legend, scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...language import t
from .axis import TimeAxis, decimate
from .canvas import Box, Canvas
from .theme import Theme


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One line: seconds and values as arrays of equal length, in time order.

    ``averaged``: where many readings share a pixel, their mean is the line and their
    range a shade behind it; else the line itself runs through every extreme.
    """

    label: str
    t_s: Any
    value: Any
    color: str
    line_width: float = 2.2
    dashed: bool = False
    filled: bool = False
    averaged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One plot under the bars. ``top`` is the value at its upper edge.

    ``caps`` are ``(start_s, end_s, value)``: a node's own peak over its time.
    ``marker`` is ``(t_s, value, text)``.
    """

    name: str
    curves: tuple[Curve, ...]
    top: float
    ticks: tuple[tuple[float, str], ...]
    height: float = 120.0
    note: str = ""
    capacity: tuple[float, str] | None = None
    caps: tuple[tuple[float, float, float], ...] = ()
    caps_color: str = ""
    marker: tuple[float, float, str] | None = None


LEGEND_HEIGHT = 32.0
Bands = Mapping[str, Sequence[tuple[float, float]]]
"""Pixel columns ``(left, right)`` of the nodes, by colour."""


def draw_lane(canvas: Canvas, theme: Theme, lane: Lane, axis: TimeAxis, bands: Bands, top: float) -> float:
    """Draws from ``top`` down; returns where it ended."""
    _legend(canvas, theme, lane, axis, top)
    upper = top + LEGEND_HEIGHT
    lower = upper + lane.height

    def y(value: Any) -> Any:
        return lower - (lower - upper) * value / lane.top

    canvas.boxes([(axis.left, upper, axis.right, lower)], theme.panel)
    for color, columns in bands.items():
        boxes: list[Box] = [(left, upper, right, lower) for left, right in columns]
        canvas.boxes(boxes, color, alpha=theme.band_alpha)
    capacity = lane.capacity[0] if lane.capacity else None
    grid = [
        [(axis.left, y(value)), (axis.right, y(value))]
        for value, _ in lane.ticks
        if value and value != capacity
    ]
    grid += [[(x, upper), (x, lower)] for x, _ in axis.ticks()[1:]]
    canvas.lines(grid, theme.grid, 1.0, alpha=0.8)
    for value, label in lane.ticks:
        canvas.text(axis.left - 10, y(value), label, 17, theme.muted, align="right", middle=True)
    if capacity is not None:
        canvas.lines(
            [[(axis.left, y(capacity)), (axis.right, y(capacity))]], theme.capacity, 2.0, dashes=(10, 5)
        )
    for curve in lane.curves:
        _curve(canvas, theme, curve, axis, y, upper, lower)
    _caps(canvas, lane, axis, y)
    if lane.marker is not None:
        _marker(canvas, theme, lane, axis, y, upper, lower)
    return lower


def draw_time_axis(canvas: Canvas, theme: Theme, axis: TimeAxis, top: float) -> float:
    """The times under the last lane; returns where they ended."""
    reached = 0.0
    for x, label in axis.ticks():
        half = canvas.measure(label, 17) / 2
        centre = min(max(x, axis.left + (half if x > axis.left else 0)), axis.right - half)
        if centre - half > reached:
            canvas.text(centre, top + 23, label, 17, theme.muted, align="center")
            reached = centre + half + 12
    return top + 30


def _curve(
    canvas: Canvas, theme: Theme, curve: Curve, axis: TimeAxis, y: Any, upper: float, lower: float
) -> None:
    import numpy as np

    columns = axis.right - axis.left
    xs, values = axis.x(curve.t_s), curve.value
    packed = decimate(xs, values, columns, 1.5 if curve.averaged else 4.0)
    if packed is not None and curve.averaged:
        high, low = np.maximum(y(packed.high), upper), y(packed.low)
        outline = np.concatenate([np.stack([packed.x, high], 1), np.stack([packed.x, low], 1)[::-1]])
        canvas.area(outline, curve.color, alpha=0.38)
        xs, values = packed.x, packed.mean
    elif packed is not None:
        xs, values = np.repeat(packed.x, 2), np.stack([packed.low, packed.high], 1).ravel()
    points = np.stack([xs, np.maximum(y(values), upper)], axis=1)
    for part in _unbroken(points, columns):
        if curve.filled and len(part) > 1:
            outline = np.concatenate([part, [(part[-1, 0], lower), (part[0, 0], lower)]])
            canvas.area(outline, curve.color, alpha=theme.fill_alpha)
        canvas.lines([part], curve.color, curve.line_width, dashes=(7, 5) if curve.dashed else None)
        if len(part) == 1:
            canvas.dot(float(part[0, 0]), float(part[0, 1]), 4, curve.color, theme.panel)


def _unbroken(points: Any, columns: float) -> list[Any]:
    """Cut where readings are missing for much longer than they usually are apart."""
    import numpy as np

    if len(points) < 8:
        return [points]
    apart = np.diff(points[:, 0])
    usual = float(np.percentile(apart, 90))
    return list(np.split(points, np.flatnonzero(apart > max(25 * usual, 0.06 * columns)) + 1))


def _caps(canvas: Canvas, lane: Lane, axis: TimeAxis, y: Any) -> None:
    """A node's own peak, where the node is wide enough for it to be read."""
    lines = [
        [(axis.x(start), y(value)), (axis.x(end), y(value))]
        for start, end, value in lane.caps
        if axis.x(end) - axis.x(start) >= 5
    ]
    canvas.lines(lines, lane.caps_color, 1.6, dashes=(2, 2))


def _marker(
    canvas: Canvas,
    theme: Theme,
    lane: Lane,
    axis: TimeAxis,
    y: Any,
    upper: float,
    lower: float,
) -> None:
    """The peak, with its label where it hides least."""
    assert lane.marker is not None
    t_s, value, text = lane.marker
    x, height = axis.x(min(t_s, axis.total_s)), y(value)
    shown = canvas.fit(text, 17, (axis.right - axis.left) * 0.45)
    wide = canvas.measure(shown, 17) + 16
    left, middle = _free_place(lane, axis, y, (x, height), wide, (upper, lower))
    nearest = min(max(x, left), left + wide)
    canvas.lines([[(x, height), (nearest, middle)]], theme.muted, 1.4)
    canvas.boxes([(left, middle - 14, left + wide, middle + 14)], theme.background, alpha=0.86)
    canvas.text(left + 8, middle, shown, 17, theme.text, middle=True)
    canvas.dot(x, height, 5.5, theme.text, theme.background)


def _free_place(
    lane: Lane, axis: TimeAxis, y: Any, at: tuple[float, float], wide: float, edges: tuple[float, float]
) -> tuple[float, float]:
    """Left edge and middle of the label: the place around the peak that covers the fewest readings."""
    import numpy as np

    x, height = at
    upper, lower = edges
    lefts = [x - wide - 14, x + 14, x - wide / 2]
    best = (float("inf"), max(axis.left + 4, min(x - wide - 14, axis.right - wide - 4)), height)
    grid = np.linspace(axis.left, axis.right, 240)
    lines = [np.interp(grid, axis.x(curve.t_s), y(curve.value)) for curve in lane.curves]
    if lane.capacity:
        lines.append(np.full(len(grid), y(lane.capacity[0])))
    for row, middle in enumerate((height, height - 26, height + 30, height - 50, height + 56)):
        for column, left in enumerate(lefts):
            if left < axis.left + 2 or left + wide > axis.right - 2:
                continue
            if middle - 15 < upper or middle + 15 > lower or (column == 2 and abs(middle - height) < 20):
                continue
            under = (grid >= left) & (grid <= left + wide)
            hidden = sum(int((abs(line[under] - middle) < 16).sum()) for line in lines)
            cost = hidden + 1.2 * row + 0.3 * column
            if cost < best[0]:
                best = (cost, left, middle)
    middle = min(max(best[2], upper + 15), lower - 15)
    return best[1], middle


def _legend(canvas: Canvas, theme: Theme, lane: Lane, axis: TimeAxis, top: float) -> None:
    """The lane's name, its lines, and at the right what it is about. Never runs over."""
    middle = top + LEGEND_HEIGHT / 2 + 1
    canvas.text(axis.left, middle, lane.name, 19, theme.text, bold=True, middle=True)
    x = axis.left + canvas.measure(lane.name, 19, True) + 26
    entries: list[tuple[str, str, tuple[float, ...] | None, float]] = [
        (curve.label, curve.color, (7, 5) if curve.dashed else None, curve.line_width + 0.6)
        for curve in lane.curves
    ]
    if any(axis.x(end) - axis.x(start) >= 5 for start, end, _ in lane.caps):
        entries.append((t("peak of each node"), lane.caps_color, (2, 2), 1.8))
    if lane.capacity:
        entries.append((lane.capacity[1], theme.capacity, (10, 5), 2.0))
    for label, color, dashes, line_width in entries:
        used = canvas.measure(label, 17)
        if x + 36 + used > axis.right:
            return
        canvas.lines([[(x, middle), (x + 30, middle)]], color, line_width, dashes=dashes)
        canvas.text(x + 38, middle, label, 17, theme.muted, middle=True)
        x += 38 + used + 28
    note, room = lane.note, axis.right - x
    canvas.text(axis.right, middle, note, 17, theme.muted, align="right", middle=True, limit=room)
