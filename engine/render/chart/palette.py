"""Which colour a node has: its group's, else its class's. Draws nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ...analysis.groups import GroupTotal
from ...analysis.labels import clean
from ...analysis.ranking import did_not_run, time_share
from ...language import t
from ...model import Step
from .theme import type_color


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

    colors: Mapping[str, tuple[str, ...]]
    legend: tuple[Share, ...]
    heading: str

    def of(self, step: Step) -> str:
        """The step's colour: its first group's, else its type's."""
        return self.all_of(step)[0]

    def all_of(self, step: Step) -> tuple[str, ...]:
        """The colours of all the step's groups, at least one."""
        return self.colors.get(step.node_id) or (type_color(step.node_type),)


def palette_for(steps: Sequence[Step], totals: Sequence[GroupTotal], total_time: float | None) -> Palette:
    """Colours of the groups, and of the node types for what is in no group."""
    colors: dict[str, tuple[str, ...]] = {}
    for entry in totals:
        for node_id in entry.node_ids:
            colors[node_id] = (*colors.get(node_id, ()), entry.color)
    rest = [step for step in steps if step.node_id not in colors and not did_not_run(step)]
    if not colors:
        return Palette(colors, tuple(_types(rest, total_time)), t("node types"))
    legend = [
        Share(
            name=clean(entry.name) or t("(no name)"),
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
    legend += [replace(entry, section=t("in no group")) for entry in _types(rest, total_time)]
    return Palette(colors, tuple(legend), t("groups"))


def _types(steps: Sequence[Step], total_time: float | None) -> list[Share]:
    """A line for each node type, the longest-running first."""
    kinds: dict[str, list[Step]] = {}
    for step in steps:
        kinds.setdefault(step.node_type, []).append(step)
    order = sorted(kinds, key=lambda kind: -_time(kinds[kind]))
    return [_share(clean(kind), type_color(kind), kinds[kind], total_time) for kind in order]


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
