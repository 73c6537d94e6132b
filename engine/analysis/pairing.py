"""Which node of one version of a workflow is which node of another. Pure.

A node is recognised by its id and class, then by its title and class, then by its
place in the graph: what feeds it and what it feeds. All three are looked at
together, from the strictest agreement to the loosest, and only pairs that are
unique on both sides are made, so that swapped ids, renumbering, renaming, a change
of class and a conversion to a subgraph are seen for what they are.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ..workflow.redaction import is_link
from .executions import NodeKey

Pairing = Literal["id", "title", "place", "baseline only", "candidate only"]

_DEPTH = 3
"""So many nodes up and down make a node's place."""


@dataclass(frozen=True, slots=True)
class GraphNode:
    """One node of a version, and its place: hashes of what feeds it and of what it feeds.

    ``place`` is ``None`` where the graph is not known or nothing is wired to the node.
    ``title`` is empty where it tells nothing: other nodes of the class have it too.
    """

    node_id: str
    node_type: str
    title: str = ""
    place: str | None = None
    sources: frozenset[tuple[str, str]] = frozenset()
    users: frozenset[tuple[str, str]] = frozenset()

    @property
    def key(self) -> NodeKey:
        return NodeKey(self.node_id, self.node_type)


@dataclass(frozen=True, slots=True)
class Pair:
    """A node of the baseline and the node of the candidate that it is; one may be missing."""

    baseline: GraphNode | None
    candidate: GraphNode | None
    pairing: Pairing


@dataclass(slots=True)
class _Open:
    """What is not paired yet, on both sides."""

    before: dict[str, GraphNode]
    after: dict[str, GraphNode]
    pairs: list[Pair] = field(default_factory=list)

    def take(self, old: GraphNode, new: GraphNode, pairing: Pairing) -> None:
        del self.before[old.node_id], self.after[new.node_id]
        self.pairs.append(Pair(old, new, pairing))


def graph_nodes(
    prompt: Mapping[str, Any] | None, seen: Iterable[tuple[str, str, str]]
) -> tuple[GraphNode, ...]:
    """The nodes of one version: those that ran, as ``(id, class, title)``, in their places in ``prompt``.

    ``prompt`` is the API format, or ``None`` where it was not kept. Nodes that were made
    by expansion are not in it; they have no place.
    """
    graph = {str(key): node for key, node in (prompt or {}).items() if isinstance(node, Mapping)}
    links = {
        node_id: [(str(name), str(value[0])) for name, value in _inputs(node).items() if is_link(value)]
        for node_id, node in graph.items()
    }
    users: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for node_id, inputs in links.items():
        for name, source in inputs:
            users[source].append((name, node_id))
    up = _hashes(graph, links)
    down = _hashes(graph, users)
    rows = list(seen)
    often = Counter((node_type, title) for _, node_type, title in rows)
    return tuple(
        GraphNode(
            node_id=node_id,
            node_type=node_type,
            title=title if often[node_type, title] == 1 else "",
            place=f"{up[node_id]}/{down[node_id]}" if links.get(node_id) or users.get(node_id) else None,
            sources=frozenset((name, source) for name, source in links.get(node_id, ())),
            users=frozenset((name, user) for name, user in users.get(node_id, ())),
        )
        for node_id, node_type, title in rows
    )


def pair(baseline: Sequence[GraphNode], candidate: Sequence[GraphNode]) -> tuple[Pair, ...]:
    """Every node of both sides once: pairs in the candidate's order, then what only the baseline has."""
    left = _Open({node.node_id: node for node in baseline}, {node.node_id: node for node in candidate})
    for make_key, pairing in _RULES:
        _pair_unique(left, make_key, pairing)
    while _pair_by_neighbours(left):
        pass
    for make_key, pairing in _LOOSE_RULES:
        _pair_unique(left, make_key, pairing)
    order = {node.node_id: place for place, node in enumerate(candidate)}
    left.pairs.extend(Pair(None, node, "candidate only") for node in left.after.values())
    left.pairs.sort(key=lambda made: order[made.candidate.node_id] if made.candidate else 0)
    return (*left.pairs, *(Pair(node, None, "baseline only") for node in left.before.values()))


_Key = Callable[[GraphNode], Hashable | None]
"""What two nodes must agree in; ``None`` where the node has not got it."""


def _with_place(*parts: str) -> _Key:
    return lambda node: None if node.place is None else (node.place, *(getattr(node, part) for part in parts))


def _titled(*parts: str) -> _Key:
    return lambda node: (node.title, *(getattr(node, part) for part in parts)) if node.title else None


_RULES: tuple[tuple[_Key, Pairing], ...] = (
    (_with_place("node_id", "node_type", "title"), "id"),
    (lambda node: (node.place, node.node_type, node.title) if node.place and node.title else None, "title"),
    (lambda node: (node.node_id, node.node_type, node.title) if node.title else None, "id"),
    (_with_place("node_id", "node_type"), "id"),
    (_titled("node_type"), "title"),
    (_with_place("node_type"), "place"),
)
_LOOSE_RULES: tuple[tuple[_Key, Pairing], ...] = (
    (lambda node: (node.node_id, node.node_type), "id"),
    (_titled("node_id"), "id"),
    (_with_place("node_id"), "id"),
    (_with_place(), "place"),
)


def _pair_unique(left: _Open, make_key: _Key, pairing: Pairing) -> None:
    """Pair nodes that agree in a key which nobody else on their side has."""
    before = _unique(left.before.values(), make_key)
    after = _unique(left.after.values(), make_key)
    for key, old in before.items():
        new = after.get(key)
        if new is not None:
            left.take(old, new, "id" if old.key == new.key else pairing)


def _unique(nodes: Iterable[GraphNode], make_key: _Key) -> dict[Hashable, GraphNode]:
    keyed = [(key, node) for node in nodes if (key := make_key(node)) is not None]
    often = Counter(key for key, _ in keyed)
    return {key: node for key, node in keyed if often[key] == 1}


def _pair_by_neighbours(left: _Open) -> bool:
    """Pair nodes of one class whose neighbours are pairs already, the best agreement first."""
    known = {
        made.baseline.node_id: made.candidate.node_id
        for made in left.pairs
        if made.baseline and made.candidate
    }
    scored = []
    for old in left.before.values():
        around = {("in", name, known[i]) for name, i in old.sources if i in known}
        around |= {("out", name, known[i]) for name, i in old.users if i in known}
        if not around:
            continue
        for new in left.after.values():
            if new.node_type == old.node_type:
                there = {("in", *link) for link in new.sources} | {("out", *link) for link in new.users}
                if common := len(around & there):
                    scored.append((common + (old.node_id == new.node_id) * 0.5, old, new))
    made = False
    for score, old, new in sorted(scored, key=lambda item: -item[0]):
        if old.node_id in left.before and new.node_id in left.after:
            rivals = [s for s, o, n in scored if (o is old) != (n is new) and s == score]
            if not rivals:
                left.take(old, new, "id" if old.key == new.key else "place")
                made = True
    return made


def _hashes(
    graph: Mapping[str, Mapping[str, Any]], links: Mapping[str, Sequence[tuple[str, str]]]
) -> dict[str, str]:
    """For each node a hash of what lies along ``links``, :data:`_DEPTH` nodes far; ids play no part."""
    around = dict.fromkeys(graph, "")
    for _ in range(_DEPTH):
        around = {
            node_id: _digest(
                sorted(
                    (name, str(graph[other].get("class_type")), around[other])
                    for name, other in links.get(node_id, ())
                    if other in graph
                )
            )
            for node_id in graph
        }
    return around


def _digest(parts: object) -> str:
    return hashlib.blake2b(repr(parts).encode("utf-8", "replace"), digest_size=8).hexdigest()


def _inputs(node: Mapping[str, Any]) -> Mapping[str, Any]:
    inputs = node.get("inputs")
    return inputs if isinstance(inputs, Mapping) else {}
