"""Collapsed stacks, one path a line with its microseconds: what flame graph scripts read."""

from __future__ import annotations

from ...analysis.labels import clean
from ...model import Stacks
from ..report import Report
from .speedscope import path_to, tree_title

SUFFIX = ".collapsed.txt"
MIME = "text/plain; charset=utf-8"


def render(report: Report) -> bytes:
    """UTF-8, the node's title as the root of each path."""
    stacks = report.run.stacks or Stacks()
    titles = {step.node_id: clean(step.node_title or step.node_type) for step in report.run.steps}
    names = [
        _plain(f"{clean(function.name)} ({clean(function.file)})" if function.file else function.name)
        for function in stacks.functions
    ]
    lines = []
    for tree in stacks.trees:
        root = _plain(tree_title(tree, titles))
        for frame, seconds in enumerate(tree.self_s):
            if seconds > 0:
                path = ";".join([root, *(names[number] for number in path_to(tree, frame))])
                lines.append(f"{path} {max(round(seconds * 1e6), 1)}\n")
    return "".join(lines).encode("utf-8", "replace")


def _plain(name: str) -> str:
    """A name without the two characters that mean something here."""
    return name.replace(";", ",").replace("\n", " ")
