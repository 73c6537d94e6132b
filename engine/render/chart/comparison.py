"""A comparison as a picture: the answer, the totals, and each node's change with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ...analysis.compare import Comparison, NodeComparison
from ...analysis.effect import Delta
from ...analysis.labels import clean
from ...language import stored, t
from .. import comparison_words as words
from ..comparison_table import node_name, sides
from .canvas import LEFT, RIGHT, Canvas
from .footer import draw_warnings
from .header import draw_answer
from .theme import Theme, theme_named

if TYPE_CHECKING:
    from PIL.Image import Image

ROWS = 18
_ROW = 36.0
_NAME_RIGHT = 470.0
_PLOT_LEFT, _PLOT_RIGHT = 490.0, 1010.0
_NUMBERS = (1130.0, 1250.0)
_VERDICT = 1275.0
LEAST_SHARE = 0.05
"""The narrowest scale, so that a change of one percent does not fill the picture."""
_MOST_SHARE = 2.0


def draw_comparison(found: Comparison, names: Mapping[int, str], *, theme: str = "dark") -> Image:
    """``found`` as an RGB picture 1600 px wide. ``names`` are what runs are called, by id."""
    look = theme_named(theme)
    canvas = Canvas(1600, look.background)
    y = draw_answer(canvas, look, words.headline(found))
    if sure := words.surest(found):
        canvas.text(LEFT, y - 6, sure, 20, look.text, limit=RIGHT - LEFT)
        y += 32
    for label, ids in ((t("baseline"), found.baseline_ids), (t("candidate"), found.candidate_ids)):
        canvas.text(LEFT, y, label, 18, look.muted, bold=True)
        canvas.text(LEFT + 112, y, sides(ids, names), 18, look.muted, limit=RIGHT - LEFT - 120)
        y += 28
    y += 4
    if found.notes:
        y = draw_warnings(canvas, look, [stored(note) for note in found.notes], y) + 16
    rows: list[tuple[str, str, Delta]] = [
        (words.quantity(name), name, delta)
        for name, delta in found.totals.items()
        if delta.change is not None
    ]
    rows += [
        (t("group {n}", n=clean(group.name)), "exec_time", group.deltas["exec_time"])
        for group in found.groups
        if group.deltas["exec_time"].change is not None
    ]
    nodes = _worth_showing(found.nodes)
    reach = _reach([delta for _, _, delta in rows] + _weighty([node.deltas["exec_time"] for node in nodes]))
    y = _section(canvas, look, t("The whole run"), rows, reach, y)
    if nodes:
        named = [
            (node_name(node.node_title, node.pairing, node), "exec_time", node.deltas["exec_time"])
            for node in nodes
        ]
        more = len([node for node in found.nodes if node.deltas["exec_time"].change is not None]) - len(nodes)
        y = _section(canvas, look, t("Nodes by change of active time"), named, reach, y + 14)
        if more > 0:
            canvas.text(LEFT, y + 22, t("and {n} more", n=more), 18, look.muted)
            y += 26
    y = _one_sided(canvas, look, found.nodes, y)
    if found.changes:
        canvas.text(LEFT, y + 30, t("What changed"), 19, look.text, bold=True)
        y += 58
        for change in found.changes[:10]:
            canvas.text(LEFT, y, stored(change.detail), 18, look.muted, limit=RIGHT - LEFT)
            y += 26
        if len(found.changes) > 10:
            canvas.text(LEFT, y, t("and {n} more", n=len(found.changes) - 10), 18, look.muted)
            y += 26
    key = t("dot: change of the median · bar: 95 % interval · grey: no verdict · the same scale in all rows")
    canvas.text(LEFT, y + 26, key, 17, look.faint)
    return canvas.finish(y + 50)


def _worth_showing(nodes: Sequence[NodeComparison]) -> list[NodeComparison]:
    return [node for node in nodes if node.deltas["exec_time"].change is not None][:ROWS]


def _section(
    canvas: Canvas, look: Theme, title: str, rows: Sequence[tuple[str, str, Delta]], reach: float, top: float
) -> float:
    canvas.text(LEFT, top + 24, title, 19, look.text, bold=True, limit=_PLOT_LEFT - 50 - LEFT)
    middle = (_PLOT_LEFT + _PLOT_RIGHT) / 2
    for share in (-reach, 0.0, reach):
        x = middle + share / reach * (_PLOT_RIGHT - _PLOT_LEFT) / 2
        words_ = t("no change") if not share else f"{'+' if share > 0 else '−'}{abs(share) * 100:.0f} %"
        canvas.text(x, top + 24, words_, 16, look.faint, align="center")
    for x, text in zip(_NUMBERS, (t("baseline"), t("candidate")), strict=True):
        canvas.text(x, top + 24, text, 16, look.faint, align="right")
    y = top + 36
    canvas.lines([[(middle, y), (middle, y + _ROW * len(rows))]], look.grid, 1.5)
    for number, (name, metric, delta) in enumerate(rows):
        if number % 2 == 0:
            canvas.boxes([(LEFT - 12, y, RIGHT + 12, y + _ROW)], look.panel)
            canvas.lines([[(middle, y), (middle, y + _ROW)]], look.grid, 1.5)
        center = y + _ROW / 2
        color = _color(look, delta)
        canvas.text(LEFT, center, name, 18, look.text, middle=True, limit=_NAME_RIGHT - LEFT)
        _effect(canvas, look, delta, reach, center, color)
        for x, value in zip(_NUMBERS, (delta.baseline, delta.candidate), strict=True):
            canvas.text(x, center, _short(metric, value), 17, look.muted, middle=True, align="right")
        text = " · ".join(filter(None, (words.signed_share(delta), words.verdict(delta, is_short=True))))
        canvas.text(_VERDICT, center, text, 17, color, middle=True, limit=RIGHT - _VERDICT)
        y += _ROW
    return y


def _short(metric: str, value: float | None) -> str:
    """A value without what stands in brackets, such as watt hours beside joules."""
    return words.shown(metric, value).partition(" (")[0]


def _effect(canvas: Canvas, look: Theme, delta: Delta, reach: float, y: float, color: str) -> None:
    if not delta.baseline or delta.change is None:
        return
    middle, half = (_PLOT_LEFT + _PLOT_RIGHT) / 2, (_PLOT_RIGHT - _PLOT_LEFT) / 2

    def x(change: float) -> float:
        share = change / delta.baseline if delta.baseline else 0.0
        return middle + max(-1.0, min(1.0, share / reach)) * half

    if delta.low is not None and delta.high is not None:
        low, high = x(delta.low), x(delta.high)
        canvas.boxes([(low, y - 6, max(high, low + 2), y + 6)], color, alpha=0.35)
    canvas.dot(x(delta.change), y, 7, color, look.background)


def _weighty(deltas: Sequence[Delta]) -> list[Delta]:
    """Those that make a difference: a node of a millisecond that doubles does not set the scale."""
    most = max((abs(delta.change or 0.0) for delta in deltas), default=0.0)
    return [delta for delta in deltas if abs(delta.change or 0.0) >= 0.2 * most]


def _reach(deltas: Sequence[Delta]) -> float:
    """The share at the ends of the scale: a round one that holds nearly all changes."""
    shares = sorted(abs(delta.change / delta.baseline) for delta in deltas if delta.change and delta.baseline)
    widest = shares[int(len(shares) * 0.9)] if shares else 0.0
    steps = (LEAST_SHARE, 0.1, 0.2, 0.5, 1.0, _MOST_SHARE)
    return next((step for step in steps if step >= widest * 1.15), _MOST_SHARE)


def _color(look: Theme, delta: Delta) -> str:
    if delta.verdict in ("faster", "less"):
        return look.good
    return look.bad if delta.verdict in ("slower", "more") else look.muted


def _one_sided(canvas: Canvas, look: Theme, nodes: Sequence[NodeComparison], top: float) -> float:
    y = top
    for side, label in (("baseline only", t("Baseline only")), ("candidate only", t("Candidate only"))):
        names = [clean(node.node_title) for node in nodes if node.pairing == side]
        if names:
            canvas.text(LEFT, y + 30, f"{label}:", 18, look.text, bold=True)
            canvas.text(LEFT + 180, y + 30, ", ".join(names), 18, look.muted, limit=RIGHT - LEFT - 180)
            y += 30
    return y
