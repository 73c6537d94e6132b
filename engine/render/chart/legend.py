"""The totals by group or node type, at the lower right: also the key to the colours."""

from __future__ import annotations

from ...analysis.units import format_bytes, format_percent, format_seconds
from ...language import t
from .canvas import Canvas
from .palette import Palette, Share
from .theme import Theme

_ROW = 46.0
_SECTION = 34.0


def draw_legend(
    canvas: Canvas, theme: Theme, palette: Palette, left: float, right: float, top: float, room: float
) -> float:
    """Draws from ``top`` down, as many lines as ``room`` has; returns where it ended."""
    entries = list(palette.legend)
    sections = sum(1 for entry in entries if entry.section) and _SECTION
    most = max(3, int((room - 36 - sections) // _ROW))
    hidden = entries[most - 1 :] if len(entries) > most else []
    entries = entries[: most - 1] if hidden else entries
    sections = _SECTION if any(entry.section for entry in entries) else 0.0
    by_vram = any(entry.vram_max is not None for entry in palette.legend)
    canvas.text(left, top + 16, palette.heading, 19, theme.text, bold=True, middle=True)
    by_ram = any(entry.ram_max_bytes is not None for entry in palette.legend)
    memory = t("VRAM peak") if by_vram else t("RAM peak") if by_ram else ""
    edges = (right - 204, right - 122, right - 16)
    for edge, heading in zip(edges, (t("time"), "", memory), strict=True):
        canvas.text(edge, top + 16, heading, 17, theme.muted, align="right", middle=True)
    y = top + 36
    lines = len(entries) + bool(hidden)
    canvas.boxes([(left, y - 2, right, y + lines * _ROW + sections + 8)], theme.panel)
    section = ""
    for entry in entries:
        if entry.section != section:
            section = entry.section
            canvas.text(left + 16, y + _SECTION / 2 + 2, section, 17, theme.muted, middle=True)
            y += _SECTION
        _line(canvas, theme, entry, by_vram, left, right, edges, y)
        y += _ROW
    if hidden:
        time_s = sum(entry.time_s or 0.0 for entry in hidden)
        text = t("{n} more · {time}", n=len(hidden), time=format_seconds(time_s))
        canvas.text(left + 16, y + _ROW / 2, text, 18, theme.muted, middle=True)
        y += _ROW
    return y + 8


def _line(
    canvas: Canvas,
    theme: Theme,
    entry: Share,
    by_vram: bool,
    left: float,
    right: float,
    edges: tuple[float, float, float],
    y: float,
) -> None:
    middle = y + 18
    ink = theme.faint if entry.faint else theme.text
    canvas.boxes([(left + 16, middle - 8, left + 32, middle + 8)], entry.color)
    time = format_seconds(entry.time_s)
    if entry.time_s is None and entry.faint:
        time = t("did not run") if entry.node_count else t("no node")
    share = format_percent(entry.share) if entry.share is not None else ""
    memory = entry.vram_max if by_vram else entry.ram_max_bytes
    used = canvas.measure(time, 18)
    name = canvas.fit(entry.name, 18, edges[0] - used - 16 - (left + 44))
    canvas.text(left + 44, middle, name, 18, ink, middle=True)
    if entry.wall_time_s and entry.time_s and entry.wall_time_s < 0.98 * entry.time_s:
        clock = t("in {time}", time=format_seconds(entry.wall_time_s))
        after = left + 44 + canvas.measure(name, 18) + 10
        if after + canvas.measure(clock, 17) <= edges[0] - used - 16:
            canvas.text(after, middle, clock, 17, theme.faint, middle=True)
    canvas.text(edges[0], middle, time, 18, ink, align="right", middle=True)
    canvas.text(edges[1], middle, share, 18, theme.muted, align="right", middle=True)
    if memory is not None:
        canvas.text(edges[2], middle, format_bytes(memory), 18, ink, align="right", middle=True)
    track = right - 16 - (left + 44)
    canvas.boxes([(left + 44, middle + 15, right - 16, middle + 19)], theme.grid, alpha=0.6)
    if entry.share:
        length = max(2.0, track * min(1.0, entry.share))
        canvas.boxes([(left + 44, middle + 15, left + 44 + length, middle + 19)], entry.color)
