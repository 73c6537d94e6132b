"""Which nodes of a run belong to which group: the one rule of membership. Never totals, never stores.

A group is resolved once for each run, against the nodes that the run had. What comes
out is kept with the run and is looked up anew only when somebody edits the group.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, NamedTuple

from ..model import Group, Run
from .canvas import group_members
from .prompt import GroupNode, group_nodes

GROUP_COLORS = ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#F0E442", "#0072B2", "#D55E00", "#999999")
"""Okabe and Ito's palette, which people with any kind of colour vision can tell apart. A new Profiler
Group has the first."""
GLOBS_MAX = 500
"""Lines with ``*`` that one group may have: each is compared with every node."""
UNMATCHED_MAX = 50
"""Lines that are kept as having matched nothing; a note counts the others."""
_ID_SEPARATOR = re.compile(r"[:.]")


class Node(NamedTuple):
    """What membership depends on, of one node of a run."""

    node_id: str
    node_title: str = ""
    node_type: str = ""
    display_node_id: str | None = None
    parent_node_id: str | None = None


def nodes_of(run: Run) -> list[Node]:
    """The nodes of ``run`` that can belong to a group: all but the profiler's and those behind a Report."""
    return [
        Node(step.node_id, step.node_title, step.node_type, step.display_node_id, step.parent_node_id)
        for step in run.measured_steps
    ]


def groups_of(
    prompt: Mapping[str, Any] | None,
    workflow: Mapping[str, Any] | None,
    nodes: Sequence[Node],
    stored: Sequence[Group] = (),
) -> tuple[Group, ...]:
    """The groups of one run, members looked up: its Profiler Groups, then the workflow's other groups.

    ``stored`` are the workflow's groups as the history has them. One of a Profiler Group
    that this prompt does not have any more is left out.
    """
    known = {group.source_node_id: group.id for group in stored if group.source_node_id is not None}
    own = [
        replace(_from_node(node, workflow or {}), id=known.get(node.node_id))
        for node in group_nodes(prompt or {})
    ]
    panels = [group for group in stored if group.source_node_id is None]
    return resolve([*_apart(own, [group.color for group in panels]), *panels], nodes)


def resolve(groups: Iterable[Group], nodes: Sequence[Node]) -> tuple[Group, ...]:
    """Each group with ``members`` as ids of ``nodes``, in their order, and the lines that mean nothing.

    Members that a group has already are node ids. A pattern is a node id (``3``, ``#3``,
    ``7:3``), a title or a class name; ``*`` stands for any text. Titles match in either
    case, ids and class names exactly. Whatever stands inside a member, in a subgraph or
    made by expansion, is a member too. A node that was moved into a subgraph stays a member.
    """
    index = _Index(nodes)
    return tuple(_resolve_one(group, index) for group in groups)


def outermost(members: Sequence[str]) -> tuple[str, ...]:
    """``members`` without those that stand inside another one: what a group is defined by."""
    known = frozenset(members)
    return tuple(member for member in members if known.isdisjoint(_ancestors(member)))


class _Index:
    """The nodes of a run by everything that a line can name them by."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.nodes = nodes
        self.titles = [_folded(node.node_title) for node in nodes]
        parents = {node.node_id: node.parent_node_id for node in nodes}
        self._inside: dict[str, list[int]] = {}
        self._moved: dict[str, set[str]] = {}
        self._named: dict[str, list[int]] = {}
        self._titled: dict[str, list[int]] = {}
        for number, node in enumerate(nodes):
            for identity in _identities(node, parents):
                self._inside.setdefault(identity, []).append(number)
                if ":" in identity:
                    self._moved.setdefault(identity.rpartition(":")[2], set()).add(identity)
            self._named.setdefault(node.node_type, []).append(number)
            self._titled.setdefault(self.titles[number], []).append(number)

    def inside(self, node_id: str) -> list[int]:
        """The node with this id and all that stand inside it.

        ComfyUI moves nodes into a subgraph with the ids they had: one that nobody has any more means the
        one node inside a subgraph that has it there.
        """
        moved = self._moved.get(node_id, set())
        if node_id not in self._inside and len(moved) == 1:
            (node_id,) = moved
        return self._inside.get(node_id, [])

    def matching(self, line: str) -> set[int]:
        """What a line without ``*``, or one that is meant as it stands, names."""
        found = {*self.inside(line), *self._named.get(line, ()), *self._titled.get(_folded(line), ())}
        return found.union(self.inside(line[1:])) if line.startswith("#") else found

    def matching_glob(self, line: str) -> set[int]:
        exact, folded = line.split("*"), _folded(line).split("*")
        return {
            number
            for number, node in enumerate(self.nodes)
            if _is_like(folded, self.titles[number])
            or _is_like(exact, node.node_id)
            or _is_like(exact, node.node_type)
        }


def _resolve_one(group: Group, index: _Index) -> Group:
    found = {number for member in group.members for number in index.inside(member)}
    lines = dict.fromkeys(line for pattern in group.patterns if (line := pattern.strip()))
    # what else was looked for and not found, such as a canvas group, stays
    unmatched = [line for line in group.unmatched if line not in lines]
    globs = 0
    for line in lines:
        matches = index.matching(line)
        if "*" in line:
            globs += 1
            matches |= index.matching_glob(line) if globs <= GLOBS_MAX else set()
        if not matches:
            unmatched.append(line)
        found |= matches
    # What a line names brings along what stands inside it.
    found |= {inner for number in found for inner in index.inside(index.nodes[number].node_id)}
    if len(unmatched) > UNMATCHED_MAX:
        rest = len(unmatched) - UNMATCHED_MAX
        unmatched = [*unmatched[:UNMATCHED_MAX], f"… and {rest:,} more lines"]
    members = tuple(index.nodes[number].node_id for number in sorted(found))
    return replace(group, members=members, unmatched=tuple(unmatched))


def _is_like(parts: Sequence[str], text: str) -> bool:
    """Whether ``text`` is ``parts`` with anything between them; each part at its first place."""
    first, *middle, last = parts
    end = len(text) - len(last)
    if not text.startswith(first) or not text.endswith(last) or end < len(first):
        return False
    place = len(first)
    for part in middle:
        at = text.find(part, place, end)
        if at < 0:
            return False
        place = at + len(part)
    return True


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _ancestors(node_id: str) -> Iterator[str]:
    """``2:7.0.1`` -> ``2:7.0``, ``2:7``, ``2``: what a node stands inside of."""
    for found in reversed(list(_ID_SEPARATOR.finditer(node_id))):
        yield node_id[: found.start()]


def _identities(node: Node, parents: Mapping[str, str | None]) -> set[str]:
    """Every id under which a node may be a member: its own and its parents' all the way up."""
    found: set[str] = set()
    waiting = [node.node_id, node.display_node_id, node.parent_node_id]
    while waiting:
        node_id = waiting.pop()
        if node_id is None or node_id in found:
            continue
        found.add(node_id)
        waiting.extend((parents.get(node_id), *islice(_ancestors(node_id), 64)))
    return found


def _apart(groups: Sequence[Group], taken: Sequence[str]) -> list[Group]:
    """``groups`` with a colour of its own for each that still has the one that every new node has."""
    chosen = {color.upper() for color in (*taken, *(group.color for group in groups))} - {GROUP_COLORS[0]}
    free = iter([color for color in GROUP_COLORS if color not in chosen])
    return [
        replace(group, color=next(free, group.color)) if group.color.upper() == GROUP_COLORS[0] else group
        for group in groups
    ]


def _from_node(node: GroupNode, workflow: Mapping[str, Any]) -> Group:
    drawn = group_members(workflow, node.canvas_group) if node.canvas_group else ()
    missing = (f"canvas group “{node.canvas_group}”",) if node.canvas_group and not drawn else ()
    return Group(
        name=node.name,
        color=node.color,
        description=node.description,
        members=drawn,
        patterns=node.members,
        unmatched=missing,
        source_node_id=node.node_id,
    )
