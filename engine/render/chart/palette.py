"""Which colour a node has: its group's, else its class's. Draws nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ...analysis.groups import GroupTotal
from ...analysis.labels import clean
from ...analysis.ranking import did_not_run, time_share
from ...model import Step
from .theme import NODE_COLORS, Theme, channels

_LINES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One line of the legend: what nodes of one colour come to.

    ``time_s`` and ``share`` (of the run, 0 to 1) are ``None`` where nothing ran.
    ``section`` is a heading that stands before the first line that has it.
    """

    name: str
    color: str
    node_count: int
    time_s: float | None
    share: float | None
    vram_max: int | None = None
    ram_max_bytes: int | None = None
    wall_time_s: float | None = None
    faint: bool = False
    section: str = ""


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours by node id, and the legend that explains them."""

    colors: Mapping[str, str]
    legend: tuple[Share, ...]
    heading: str
    by_group: bool
    fallback: str

    def of(self, step: Step) -> str:
        """The step's colour."""
        return self.colors.get(step.node_id, self.fallback)


def palette_for(
    steps: Sequence[Step], totals: Sequence[GroupTotal], total_time: float | None, theme: Theme
) -> Palette:
    """Colours by group where any group has members, else by node class.

    A node of several groups has the colour of the first; one of no group that of its
    class, from the colours that the groups leave.
    """
    if any(entry.node_ids for entry in totals):
        return _by_group(steps, totals, total_time, theme)
    return _by_type(steps, total_time, theme)


def _by_group(
    steps: Sequence[Step], totals: Sequence[GroupTotal], total_time: float | None, theme: Theme
) -> Palette:
    colors: dict[str, str] = {}
    for entry in totals:
        for node_id in entry.node_ids:
            colors.setdefault(node_id, entry.color)
    legend = [
        Share(
            name=clean(entry.name) or "(no name)",
            color=entry.color,
            node_count=entry.node_count,
            time_s=entry.exec_time,
            share=entry.share,
            vram_max=entry.vram_max,
            ram_max_bytes=entry.ram_max_bytes,
            wall_time_s=entry.wall_time_s,
            faint=not entry.executed_count,
        )
        for entry in totals
    ]
    rest = [step for step in steps if step.node_id not in colors and not did_not_run(step)]
    free = [color for color in NODE_COLORS if all(_apart(color, entry.color) for entry in totals)]
    # No more colours than the legend has lines to explain them.
    by_type, types = _types(rest, free[: max(2, _LINES - len(totals))], total_time, theme)
    section = "in no group" if types else ""
    legend += [replace(entry, section=section) for entry in types]
    return Palette({**by_type, **colors}, tuple(legend), "groups", True, theme.other)


def _by_type(steps: Sequence[Step], total_time: float | None, theme: Theme) -> Palette:
    ran = [step for step in steps if not did_not_run(step)]
    colors, legend = _types(ran, NODE_COLORS, total_time, theme)
    return Palette(colors, tuple(legend), "node types", False, theme.other)


def _types(
    steps: Sequence[Step], free: Sequence[str], total_time: float | None, theme: Theme
) -> tuple[dict[str, str], list[Share]]:
    """A colour for each class, the longest-running first, until there are no more; the rest is grey."""
    kinds: dict[str, list[Step]] = {}
    for step in steps:
        kinds.setdefault(step.node_type, []).append(step)
    order = sorted(kinds, key=lambda kind: -_time(kinds[kind]))
    colors: dict[str, str] = {}
    legend = []
    for kind, color in zip(order, free, strict=False):
        colors.update((step.node_id, color) for step in kinds[kind])
        legend.append(_share(clean(kind), color, kinds[kind], total_time))
    rest = order[len(legend) :]
    if rest:
        others = [step for kind in rest for step in kinds[kind]]
        name = clean(rest[0]) if len(rest) == 1 else f"{len(rest)} {'other ' if legend else ''}types"
        legend.append(_share(name, theme.other, others, total_time))
    return colors, legend


def _apart(one: str, other: str) -> bool:
    """Whether two colours are far enough from each other to be told apart."""
    return sum(abs(a - b) for a, b in zip(channels(one), channels(other), strict=True)) > 0.45


def _time(steps: Sequence[Step]) -> float:
    return sum(step.exec_time or 0.0 for step in steps)


def _share(name: str, color: str, steps: Sequence[Step], total_time: float | None) -> Share:
    time_s = _time(steps)
    return Share(
        name=name,
        color=color,
        node_count=len(steps),
        time_s=time_s,
        share=time_share(steps, total_time),
        vram_max=max((step.vram_max for step in steps if step.vram_max is not None), default=None),
        ram_max_bytes=max(
            (step.ram_max_bytes for step in steps if step.ram_max_bytes is not None), default=None
        ),
    )
