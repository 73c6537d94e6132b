"""The canonical form of a workflow: what makes two prompts the same graph, and what changed.

A snapshot holds ids, titles, classes and links. It never holds widget values,
positions, the nodes of this pack, or what stands behind a Profiler Report to show
it: a new seed, a tidier canvas or a report added on the side change nothing.

Everything here takes the API format of a prompt,
``{"3": {"class_type": "KSampler", "inputs": {...}, "_meta": {"title": ...}}}``,
and tolerates what is odd in it: entries of a wrong type are left out, dangling
links and cycles are kept as they are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from ..model import Change, Snapshot, SnapshotNode
from .prompt import inputs_of, roles
from .redaction import is_link, redact


def take(prompt: Mapping[str, Any], workflow: Mapping[str, Any] | None = None) -> Snapshot:
    """The snapshot of ``prompt``.

    ``workflow`` is the graph format that the browser sends along, or ``None``.
    """
    usable = {str(key): node for key, node in prompt.items() if _class(node)}
    ignored = roles(usable)
    nodes = tuple(
        _node(key, usable[key], ignored) for key in sorted(usable, key=node_order) if key not in ignored
    )
    digest = _hash([[node.node_id, node.title, node.node_type, _pairs(node.links)] for node in nodes])
    identity = workflow_identity(workflow) or _hash([[node.node_id, node.node_type] for node in nodes])
    return Snapshot(workflow_id=identity, hash=digest, nodes=nodes)


def workflow_identity(workflow: Mapping[str, Any] | None) -> str | None:
    """The graph's own id, or ``None`` where it carries none.

    A client that queues without a graph has none; its workflow is then known by the ids and
    classes of its nodes (:func:`take`): links, titles and widget values may change, while a
    node added, removed or retyped makes another workflow. To keep one identity through those
    too, it sends ``extra_pnginfo.workflow.id``.
    """
    identity = workflow.get("id") if isinstance(workflow, Mapping) else None
    if isinstance(identity, bool) or not isinstance(identity, (str, int)):
        return None
    text = str(identity) if not isinstance(identity, int) or identity.bit_length() < 1_000 else ""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")[:200].strip() or None


def node_order(node_id: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key that puts ``2`` before ``10`` and ``7:3`` after ``7``."""
    if node_id.isdigit() and node_id.isascii() and len(node_id) < 19:
        return ((0, int(node_id), ""),)
    return tuple(
        (0, int(part), "") if part.isascii() and part.isdigit() and len(part) < 19 else (1, 0, part)
        for part in node_id.replace(".", ":").split(":")
    )


def diff(reference: Snapshot, current: Snapshot) -> tuple[Change, ...]:
    """What happened to the graph since ``reference``, in words; empty where it is the same.

    Order: added, removed, retyped, rewired, renamed, each by node id. A title is only
    compared where both sides have one: clients that queue through the API often send none.
    """
    if reference.hash == current.hash:
        return ()
    before = {node.node_id: node for node in reference.nodes}
    after = {node.node_id: node for node in current.nodes}
    added = [_change("added", node) for key, node in after.items() if key not in before]
    removed = [_change("removed", node) for key, node in before.items() if key not in after]
    retyped: list[Change] = []
    rewired: list[Change] = []
    renamed: list[Change] = []
    for key, node in after.items():
        old = before.get(key)
        if old is None:
            continue
        if old.node_type != node.node_type:
            retyped.append(_change("retyped", node, f"{old.node_type} → {node.node_type}"))
        inputs = [
            name for name in sorted({*old.links, *node.links}) if old.links.get(name) != node.links.get(name)
        ]
        if inputs:
            wires = (_wire(name, old.links.get(name), node.links.get(name), before, after) for name in inputs)
            rewired.append(_change("rewired", node, ", ".join(wires)))
        if old.title and node.title and old.title != node.title and old.node_type == node.node_type:
            renamed.append(_change("renamed", node, f"{old.title} → {node.title}"))
    return (*added, *removed, *retyped, *rewired, *renamed)


Link = tuple[str, int]


def _wire(
    name: str,
    old: Link | None,
    new: Link | None,
    before: Mapping[str, SnapshotNode],
    after: Mapping[str, SnapshotNode],
) -> str:
    """Where an input's wire came from and where it comes from now: ``model: Load A #1 → Load B #4``."""
    is_same_node = old is not None and new is not None and old[0] == new[0]

    def end(link: Link | None, nodes: Mapping[str, SnapshotNode]) -> str:
        if link is None:
            return "–"
        source, slot = link
        node = nodes.get(source)
        title = f"{node.title or node.node_type} #{source}" if node else f"#{source}"
        return f"{title} [{slot}]" if is_same_node else title

    return f"{name}: {end(old, before)} → {end(new, after)}"


def describe(changes: Sequence[Change], limit: int = 20) -> str:
    """All changes in one sentence, the first ``limit`` of them spelled out."""
    words = "; ".join(change.detail for change in changes[:limit])
    return f"{words}; and {len(changes) - limit} more" if len(changes) > limit else words


def signatures(prompt: Mapping[str, Any]) -> dict[str, str]:
    """For each node a hash of everything that its result depends on.

    That is its class, its widget values, and the same of every node that it is
    linked to, however far up. Node ids and titles play no part. Nodes on a cycle
    get a hash too, stable for one prompt.
    """
    nodes = {str(key): node for key, node in prompt.items() if _class(node)}
    done: dict[str, str] = {}
    for root in nodes:
        _sign(root, nodes, done)
    return done


def _sign(root: str, nodes: Mapping[str, Any], done: dict[str, str]) -> None:
    """Fill ``done`` for ``root`` and all above it, without recursion: chains can be long."""
    stack = [root]
    entered: set[str] = set()
    while stack:
        key = stack[-1]
        if key in done:
            stack.pop()
            continue
        waiting = [] if key in entered else [s for s in _sources(nodes[key]) if s in nodes and s not in done]
        entered.add(key)
        waiting = [source for source in waiting if source not in entered]
        if waiting:
            stack.extend(waiting)
            continue
        done[key] = _signature(nodes[key], done)
        stack.pop()


def _signature(node: Mapping[str, Any], done: Mapping[str, str]) -> str:
    parts: list[Any] = [_class(node)]
    for name, value in sorted(inputs_of(node).items(), key=lambda item: str(item[0])):
        if is_link(value):
            parts.append([str(name), "link", done.get(str(value[0]), "unknown"), str(value[1])])
        else:
            parts.append([str(name), "value", _value_text(value)])
    return _hash(parts)


def _value_text(value: object) -> str:
    if isinstance(value, str):
        return "s" + value
    try:
        return json.dumps(value, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        # No plain JSON value: its shortened form has to do. Two values that differ
        # only deep inside then count as the same.
        return redact({"value": value})


def _sources(node: Mapping[str, Any]) -> Iterable[str]:
    return (str(value[0]) for value in inputs_of(node).values() if is_link(value))


def _class(node: object) -> str:
    name = node.get("class_type") if isinstance(node, (dict, Mapping)) else None
    return name if isinstance(name, str) else ""


def _node(node_id: str, node: Mapping[str, Any], ignored: Container[str]) -> SnapshotNode:
    meta = node.get("_meta")
    title = meta.get("title") if isinstance(meta, (dict, Mapping)) else None
    links = {
        str(name): (str(value[0]), int(value[1]))
        for name, value in inputs_of(node).items()
        if is_link(value) and value[0] not in ignored and abs(value[1]) < 1e6
    }
    return SnapshotNode(
        node_id=node_id,
        title=title if isinstance(title, str) else "",
        node_type=_class(node),
        links=dict(sorted(links.items())) if len(links) > 1 else links,
    )


def _change(kind: Any, node: SnapshotNode, more: str = "") -> Change:
    title = node.title or node.node_type
    detail = f"{kind}: {title} #{node.node_id}"
    return Change(kind=kind, node_id=node.node_id, title=title, detail=f"{detail} {more}".rstrip())


def _pairs(links: Mapping[str, tuple[str, int]]) -> list[list[Any]]:
    return [[name, source, slot] for name, (source, slot) in sorted(links.items())]


def _hash(content: object) -> str:
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
