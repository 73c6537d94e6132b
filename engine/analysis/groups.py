"""Which nodes belong to which group, and what a group comes to. Never stores groups."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..model import Group, Run, Step
from .labels import clean
from .ranking import did_not_run, time_share
from .series import union_s, work_intervals
from .summary import duration_s
from .units import format_energy

NodeRow = tuple[str, str, str]
"""``(node id, title, class name)`` of one node of a workflow."""

DEFAULT_COLORS = ("#E69F00", "#56B4E9", "#009E73", "#CC79A7", "#F0E442", "#0072B2", "#999999")
"""Okabe and Ito's palette, which people with any kind of colour vision can tell apart."""

_HEX = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")
_ID_SEPARATOR = re.compile(r"[:.]")


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
        return f"{text} ({self.energy_count} of {self.executed_count} nodes)" if partial else text


def valid_color(color: str, position: int = 0) -> tuple[str, bool]:
    """``color`` as ``#RRGGBB``, and whether it was one; else the palette's at ``position``."""
    found = _HEX.fullmatch(color.strip()) if isinstance(color, str) else None
    if found is None:
        return DEFAULT_COLORS[position % len(DEFAULT_COLORS)], False
    digits = found.group(1)
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    return f"#{digits.upper()}", True


def resolve(groups: Sequence[Group], nodes: Iterable[NodeRow]) -> tuple[Group, ...]:
    """Each group with the node ids that its patterns mean, and the patterns that mean nothing.

    A pattern is a node id (``3``, ``#3``, ``7:3``), a title or a class name; ``*``
    stands for any text. Titles match in either case, ids and class names exactly.
    An id also means the nodes inside it: ``7`` takes in ``7:3``. Members that a
    group already has stay, in front, followed by the matches in the order of
    ``nodes``.
    """
    rows = [(str(node_id), title or "", node_type or "") for node_id, title, node_type in nodes]
    return tuple(_resolve_one(group, rows) for group in groups)


def resolve_steps(groups: Sequence[Group], steps: Iterable[Step]) -> tuple[Group, ...]:
    """:func:`resolve` for the nodes of a recorded run; profiler nodes match nothing."""
    rows = [(step.node_id, step.node_title, step.node_type) for step in steps if step.role == "node"]
    return resolve(groups, rows)


def members_of(group: Group, steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps that count in ``group``: its members, and what stands inside them."""
    members = frozenset(group.members)
    parents = {step.node_id: step.parent_node_id for step in steps}
    return tuple(
        step for step in steps if step.role == "node" and not members.isdisjoint(_identities(step, parents))
    )


def total(run: Run, groups: Sequence[Group]) -> tuple[GroupTotal, ...]:
    """What each group comes to in ``run``. A node of two groups counts in both."""
    total_time = duration_s(run)
    return tuple(
        _total_one(group, members_of(group, run.steps), total_time, position)
        for position, group in enumerate(groups)
    )


def _resolve_one(group: Group, rows: Sequence[NodeRow]) -> Group:
    members = dict.fromkeys(group.members)
    patterns = dict.fromkeys(line.strip() for line in group.patterns)
    # what else was looked for and not found, such as a canvas group, stays said
    unmatched = [line for line in group.unmatched if line not in patterns]
    for pattern in patterns:
        if not pattern:
            continue
        matches = [
            node_id for node_id, title, node_type in rows if _matches(pattern, node_id, title, node_type)
        ]
        if not matches:
            unmatched.append(pattern)
        members.update(dict.fromkeys(matches))
    return replace(group, members=tuple(members), unmatched=tuple(unmatched))


def _matches(pattern: str, node_id: str, title: str, node_type: str) -> bool:
    ids = (node_id, *_ancestors(node_id))
    if pattern in ids or (pattern.startswith("#") and pattern[1:] in ids) or pattern == node_type:
        return True
    if pattern.casefold() in (title.strip().casefold(), clean(title).casefold()):
        return True
    if "*" not in pattern:
        return False
    glob = re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.DOTALL)
    folded = re.compile(".*".join(re.escape(part) for part in pattern.casefold().split("*")), re.DOTALL)
    return bool(glob.fullmatch(node_id) or glob.fullmatch(node_type) or folded.fullmatch(title.casefold()))


def _ancestors(node_id: str) -> Iterator[str]:
    """``2:7.0.1`` -> ``2:7.0``, ``2:7``, ``2``: what a node stands inside of."""
    for found in reversed(list(_ID_SEPARATOR.finditer(node_id))):
        yield node_id[: found.start()]


def _identities(step: Step, parents: Mapping[str, str | None]) -> set[str]:
    """Every id under which a step may be a member: its own and its parents' all the way up."""
    found: set[str] = set()
    waiting = [step.node_id, step.display_node_id, step.parent_node_id]
    while waiting:
        node_id = waiting.pop()
        if node_id is None or node_id in found:
            continue
        found.add(node_id)
        waiting.extend((parents.get(node_id), *_ancestors(node_id)))
    return found


def _total_one(group: Group, members: Sequence[Step], total_time: float | None, position: int) -> GroupTotal:
    color, good = valid_color(group.color, position)
    notes = [] if good else [f"“{clean(str(group.color))}” is no colour (#RRGGBB): {color} is used"]
    notes += [f"“{clean(pattern)}” matched no node" for pattern in group.unmatched]
    if not members and not group.unmatched:
        notes.append("no node of this run belongs to it")
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
        wall_time_s=union_s([span for step in members for span in work_intervals(step)]) if times else None,
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
