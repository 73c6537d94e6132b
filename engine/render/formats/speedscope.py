"""The call trees of a run for speedscope.app: one profile a node, one for the whole run before them.

The format: speedscope's documented file format, "sampled" profiles with weights in seconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from ...analysis.labels import clean
from ...model import Stacks, StackTree
from ..inside import owner_name
from ..plain import to_json
from ..report import Report

SUFFIX = ".speedscope.json"
MIME = "application/json"


def render(report: Report) -> bytes:
    """One JSON object as UTF-8; without any samples it holds one empty profile."""
    stacks = report.run.stacks or Stacks()
    titles = {step.node_id: clean(step.node_title or step.node_type) for step in report.run.steps}
    ranked = sorted(stacks.trees, key=lambda tree: -sum(tree.self_s))
    whole = _profile(report.name or "run", (tree for tree in ranked if not tree.thread))
    document = {
        "$schema": "https://www.speedscope.app/file-format-schema.json",
        "exporter": "Workflow Profiler for ComfyUI",
        "name": report.name or "ComfyUI run",
        "activeProfileIndex": 0,
        "shared": {"frames": [_frame(stacks, number) for number in range(len(stacks.functions))]},
        "profiles": [whole, *(_profile(tree_title(tree, titles), [tree]) for tree in ranked)],
    }
    return json.dumps(to_json(document), ensure_ascii=False, allow_nan=False).encode("utf-8")


def tree_title(tree: StackTree, titles: dict[str, str]) -> str:
    """``KSampler #3``, with the name of its threads where it is about them."""
    thread = f", threads {clean(tree.thread)}" if tree.thread else ""
    return f"{titles.get(tree.node_id, 'node')} #{tree.node_id}{thread}"


def path_to(tree: StackTree, frame: int) -> list[int]:
    """The functions from the node's entry down to ``frame``."""
    path = []
    while frame >= 0:
        path.append(tree.functions[frame])
        frame = tree.parents[frame]
    path.reverse()
    return path


def _frame(stacks: Stacks, number: int) -> dict[str, Any]:
    function = stacks.functions[number]
    found: dict[str, Any] = {"name": f"{clean(function.name)} [{owner_name(stacks.owners[function.owner])}]"}
    if function.file:
        found |= {"file": clean(function.file), "line": function.line}
    return found


def _profile(name: str, trees: Iterable[StackTree]) -> dict[str, Any]:
    samples: list[Sequence[int]] = []
    weights: list[float] = []
    for tree in trees:
        for frame, seconds in enumerate(tree.self_s):
            if seconds > 0:
                samples.append(path_to(tree, frame))
                weights.append(round(seconds, 6))
    return {
        "type": "sampled",
        "name": name,
        "unit": "seconds",
        "startValue": 0,
        "endValue": round(sum(weights), 6),
        "samples": samples,
        "weights": weights,
    }
