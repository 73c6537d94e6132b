"""Groups of nodes, and the reference snapshot that guards a workflow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A named set of nodes of one workflow.

    ``members`` are node ids. ``patterns`` are the lines that the user wrote
    (ids, titles, class names, globs); ``unmatched`` those that matched nothing.
    ``source_node_id`` is the Profiler Group node it came from, if any.
    """

    name: str
    color: str = "#888888"
    description: str = ""
    members: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    unmatched: tuple[str, ...] = ()
    workflow_id: str | None = None
    source_node_id: str | None = None
    id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference between a workflow and its reference snapshot.

    ``kind``: added, removed, rewired, renamed or retyped. ``detail`` says it in
    words.
    """

    kind: Literal["added", "removed", "rewired", "renamed", "retyped"]
    node_id: str
    title: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotNode:
    """One node of a snapshot: identity and wiring, no widget values.

    ``links`` maps an input's name to ``(source node id, output index)``.
    """

    node_id: str
    title: str
    node_type: str
    links: Mapping[str, tuple[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The canonical form of a workflow, nodes sorted by id."""

    workflow_id: str
    hash: str
    nodes: tuple[SnapshotNode, ...]
