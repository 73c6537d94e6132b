"""A run's call trees as slices on a time axis, for traces. Pure.

Trees are merged over time, so within its node a function stands where there is room, the longest
first: lengths are true, moments are not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..analysis.stacks import own_trees
from ..model import Function, Owner, Run, StackTree

MOST_SLICES = 50_000
LEAST_S = 0.0005
"""Shorter slices are left out: nobody can see them in a trace of seconds."""


class Slice(NamedTuple):
    """One call path's last function in one node, in seconds since the run started."""

    node_id: str
    function: Function
    owner: Owner
    start_s: float
    seconds: float


def stack_slices(run: Run) -> Iterator[Slice]:
    """Callers before what they call; at most :data:`MOST_SLICES`."""
    if run.stacks is None:
        return
    starts = {step.node_id: step.start_s for step in run.steps}
    left = MOST_SLICES
    for node_id, tree in own_trees(run.stacks).items():
        start_s = starts.get(node_id)
        if start_s is None:
            continue
        for frame, at_s, seconds in _laid_out(tree, start_s):
            if left <= 0:
                return
            left -= 1
            function = run.stacks.functions[tree.functions[frame]]
            yield Slice(node_id, function, run.stacks.owners[function.owner], at_s, seconds)


def totals(tree: StackTree) -> list[float]:
    """Seconds of every frame with everything it called."""
    found = list(tree.self_s)
    for frame in range(len(found) - 1, -1, -1):
        parent = tree.parents[frame]
        if parent >= 0:
            found[parent] += found[frame]
    return found


def _laid_out(tree: StackTree, start_s: float) -> Iterator[tuple[int, float, float]]:
    seconds = totals(tree)
    children: dict[int, list[int]] = {}
    for frame, parent in enumerate(tree.parents):
        children.setdefault(parent, []).append(frame)
    begins = {-1: start_s}
    waiting = [-1]
    while waiting:
        parent = waiting.pop()
        at_s = begins.pop(parent)
        if parent >= 0:
            yield parent, at_s, seconds[parent]
        for frame in sorted(children.get(parent, ()), key=lambda each: -seconds[each]):
            if seconds[frame] < LEAST_S:
                break
            begins[frame] = at_s
            waiting.append(frame)
            at_s += seconds[frame]
