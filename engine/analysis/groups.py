"""What a group of nodes comes to in a run. Who belongs to it is decided in ``workflow/groups.py``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..language import msg, t, tn
from ..model import Group, Run, Step
from ..workflow.groups import GROUP_COLORS
from .labels import clean, shorten
from .ranking import did_not_run, time_share
from .series import union_s
from .summary import duration_s
from .units import format_energy

_NOTES_MAX = 5
_HEX = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTotal:
    """What one group comes to in one run.

    ``exec_time`` is the sum over its nodes, ``wall_time_s`` the time in which at
    least one of them was at work. ``share`` is their part of the run's total, 0
    to 1. ``vram_max`` and ``ram_max_bytes`` are the highest of any node's peaks.
    ``energy_joules`` sums the ``energy_count`` nodes it was measured for. ``notes`` says
    what was wrong with the group's own settings.
    """

    name: str
    color: str
    description: str = ""
    node_count: int = 0
    executed_count: int = 0
    cached_count: int = 0
    exec_time: float | None = None
    wall_time_s: float | None = None
    share: float | None = None
    vram_max: int | None = None
    ram_max_bytes: int | None = None
    energy_joules: float | None = None
    energy_count: int = 0
    node_ids: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def energy_text(self) -> str:
        """The energy with its unit, and of how many nodes where not of all that ran."""
        text = format_energy(self.energy_joules)
        partial = self.energy_joules is not None and self.energy_count < self.executed_count
        if not partial:
            return text
        forms = msg("{energy} ({some} of {n} node)|{energy} ({some} of {n} nodes)")
        return tn(forms, self.executed_count, energy=text, some=self.energy_count)


def valid_color(color: str, position: int = 0) -> tuple[str, bool]:
    """``color`` as ``#RRGGBB``, and whether it was one; else the palette's at ``position``."""
    found = _HEX.fullmatch(color.strip()) if isinstance(color, str) else None
    if found is None:
        return GROUP_COLORS[position % len(GROUP_COLORS)], False
    digits = found.group(1)
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    return f"#{digits.upper()}", True


def total(run: Run, groups: Sequence[Group]) -> tuple[GroupTotal, ...]:
    """What each group comes to in ``run``; a node of two groups counts in both."""
    total_time = duration_s(run)
    found = []
    for position, group in enumerate(groups):
        members = frozenset(group.members)
        steps = [step for step in run.measured_steps if step.node_id in members]
        found.append(_total_one(group, steps, total_time, position))
    return tuple(found)


def _total_one(group: Group, members: Sequence[Step], total_time: float | None, position: int) -> GroupTotal:
    color, good = valid_color(group.color, position)
    notes = []
    if not good:
        given = clean(str(group.color))
        notes.append(t("“{given}” is no colour (#RRGGBB): {color} is used", given=given, color=color))
    notes += [
        t("“{line}” matched no node", line=shorten(clean(line), 60)) for line in group.unmatched[:_NOTES_MAX]
    ]
    if len(group.unmatched) > _NOTES_MAX:
        more = len(group.unmatched) - _NOTES_MAX
        notes.append(tn("{n} more line matched no node|{n} more lines matched no node", more))
    if not members and not group.unmatched:
        notes.append(t("no node of this run belongs to it"))
    times = [step.exec_time for step in members if step.exec_time is not None]
    exec_time = sum(times) if times else None
    energies = [
        step.energy_joules for step in members if step.energy_joules is not None and not did_not_run(step)
    ]
    return GroupTotal(
        name=group.name,
        color=color,
        description=group.description,
        node_count=len(members),
        executed_count=sum(not did_not_run(step) for step in members),
        cached_count=sum(step.status == "cached" for step in members),
        exec_time=exec_time,
        wall_time_s=union_s([span for step in members for span in step.work]) if times else None,
        share=time_share(members, total_time),
        vram_max=max((step.vram_max for step in members if step.vram_max is not None), default=None),
        ram_max_bytes=max(
            (step.ram_max_bytes for step in members if step.ram_max_bytes is not None), default=None
        ),
        energy_joules=sum(energies) if energies else None,
        energy_count=len(energies),
        node_ids=tuple(step.node_id for step in members),
        notes=tuple(notes),
    )
