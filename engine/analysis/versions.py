"""The versions of a workflow among several runs, and which node of one is which node of the newest. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .columns import Columns
from .comparable import Row
from .executions import Aliases, NodeKey
from .pairing import GraphNode, Pair, graph_nodes, pair

Prompts = Mapping[int, Mapping[str, Any] | None]
"""Prompts in API format by run id: of one run of each version at least, where they were kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """``pairs[run id]`` are the pairs of an older version's nodes and those of the newest.

    ``aliases`` renames the nodes of older runs to those of the newest.
    """

    pairs: Mapping[int, tuple[Pair, ...]]
    aliases: Aliases


def graph_of(prompt: Mapping[str, Any] | None, *, with_places: bool = True) -> tuple[GraphNode, ...]:
    """The nodes of a prompt in API format, whether they ran or not; without places in a tenth of the time."""
    seen = [
        (str(node_id), str(node.get("class_type") or ""), str((node.get("_meta") or {}).get("title") or ""))
        for node_id, node in (prompt or {}).items()
        if isinstance(node, Mapping)
    ]
    return graph_nodes(prompt if with_places else None, seen)


def version_key(run: Row) -> str:
    """Equal for runs of one version: the hash of the graph's structure, else the run itself."""
    return str(run.get("workflow_hash") or f"run:{run['id']}")


def newest_of_versions(runs: Sequence[Row]) -> dict[str, int]:
    """The newest run of each version; ``runs`` are oldest first."""
    return {version_key(run): int(run["id"]) for run in runs}


def versions(runs: Sequence[Row], columns: Columns, prompts: Prompts) -> Versions:
    """How the nodes of ``runs`` (oldest first) correspond to those of the last of them."""
    of_version = newest_of_versions(runs)
    if len(of_version) < 2:
        return Versions(pairs={}, aliases={})
    wanted = set(of_version.values())
    seen: dict[int, dict[str, tuple[str, str, str]]] = {run_id: {} for run_id in wanted}
    at = np.flatnonzero(columns.marked("run_id", [*wanted]))
    texts = []
    for name in ("run_id", "node_id", "node_type", "node_title"):
        places, distinct = columns.coded(name)
        texts.append([distinct[place] for place in places[at].tolist()])
    for run_id, node_id, kind, title in zip(*texts, strict=True):
        key = "" if node_id is None else str(node_id)
        seen[run_id][key] = (key, str(kind or ""), str(title or ""))
    newest_id = int(runs[-1]["id"])
    graphs = {run_id: graph_nodes(prompts.get(run_id), seen.get(run_id, {}).values()) for run_id in wanted}
    newest = graphs[newest_id]
    made = {
        key: (pair(graphs[run_id], newest) if run_id != newest_id else ())
        for key, run_id in of_version.items()
    }
    renamed: dict[str, dict[NodeKey, NodeKey]] = {
        key: {
            each.baseline.key: each.candidate.key
            for each in pairs
            if each.baseline and each.candidate and each.baseline.key != each.candidate.key
        }
        for key, pairs in made.items()
    }
    return Versions(
        pairs={int(run["id"]): made[version_key(run)] for run in runs},
        aliases={int(run["id"]): found for run in runs if (found := renamed[version_key(run)])},
    )
