"""What one lane under the bars is made of. Plain data; reads no run and draws nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


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
    aside: str = ""
    capacity: tuple[float, str] | None = None
    caps: tuple[tuple[float, float, float], ...] = ()
    caps_color: str = ""
    marker: tuple[float, float, str] | None = None
