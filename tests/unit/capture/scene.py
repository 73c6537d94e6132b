"""A node inside a bracket whose stack is looked at whenever a test says so."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from engine.capture.functions import Functions
from engine.capture.owners import Owners
from engine.capture.spans import Running
from engine.capture.stacks import StackSampler
from engine.model import Stacks, StackTree


class Scene:
    """A node that runs on this thread inside a bracket, looked at whenever the test says so."""

    def __init__(self, owners: Owners | None = None, **options: Any) -> None:
        self.running = Running(None, 0.0)
        known = owners or Owners()
        functions = Functions(lambda: known, bracket.__code__, ())
        self.sampler = StackSampler(functions, lambda: self.running, **options)

    def run(self, node_id: str, work: Callable[[], Any]) -> Any:
        """``work`` as the node ``node_id``."""
        self.running = Running(node_id, self.sampler._clock())
        try:
            return bracket(work)
        finally:
            self.running = Running(None, 0.0)

    def look(self) -> None:
        """One sample, taken on a thread of its own as in a run."""
        thread = threading.Thread(target=self.sampler.sample, name="holaf-profiler-test")
        thread.start()
        thread.join()

    def seen(self) -> Stacks:
        found = self.sampler.stacks()
        assert found is not None
        return found


def bracket(work: Callable[..., Any], *arguments: Any) -> Any:
    """Stands for the pack's own bracket around a node."""
    return work(*arguments)


def names(stacks: Stacks, tree: StackTree) -> list[tuple[str, ...]]:
    """Every path of ``tree`` that was the innermost, as function names."""
    found = []
    for frame, seconds in enumerate(tree.self_s):
        if seconds:
            path, at = [], frame
            while at >= 0:
                path.append(stacks.functions[tree.functions[at]].name.rpartition(".")[2])
                at = tree.parents[at]
            found.append(tuple(reversed(path)))
    return found


def totals(stacks: Stacks, tree: StackTree) -> dict[str, float]:
    """Seconds by the name of the innermost function."""
    found: dict[str, float] = {}
    for function, seconds in zip(tree.functions, tree.self_s, strict=True):
        name = stacks.functions[function].name.rpartition(".")[2]
        found[name] = found.get(name, 0.0) + seconds
    return found


def only(stacks: Stacks) -> StackTree:
    (tree,) = stacks.trees
    return tree
