"""What the call trees of a run say: whose code took the time, and which functions. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from ..model import Function, Owner, OwnerKind, OwnerTime, Stacks, StackTree, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionTime:
    """One function of a node: ``time_s`` is spent in it and in what torch, libraries and Python did for it.

    ``share`` of the node's sampled time, 0 to 1.
    """

    function: Function
    owner: Owner
    time_s: float
    share: float


def fitted(stacks: Stacks, steps: Iterable[Step]) -> Stacks:
    """``stacks`` in which no node's executor tree comes to more than the node's active time.

    A short node that was met by a sample would else be given the whole time since the sample before.
    """
    known = {step.node_id: step.exec_time for step in steps}
    trees = []
    for tree in stacks.trees:
        limit_s, seen_s = known.get(tree.node_id), sum(tree.self_s)
        if not tree.thread and limit_s is not None and seen_s > limit_s:
            factor = limit_s / seen_s
            tree = replace(tree, self_s=tuple(seconds * factor for seconds in tree.self_s))
        trees.append(tree)
    return replace(stacks, trees=tuple(trees))


def own_trees(stacks: Stacks) -> dict[str, StackTree]:
    """The trees of the executor's thread and of asynchronous tasks, by node id."""
    return {tree.node_id: tree for tree in stacks.trees if not tree.thread}


def callers_at_work(stacks: Stacks, tree: StackTree) -> list[int]:
    """For each frame, the nearest from it outwards that is ComfyUI's or a pack's; else the frame itself."""
    works = [
        stacks.owners[function.owner].kind in ("core", "pack") and not function.is_wrapper
        for function in stacks.functions
    ]
    found: list[int] = []
    for frame, (function, parent) in enumerate(zip(tree.functions, tree.parents, strict=True)):
        if works[function] or parent < 0:
            found.append(frame)
        else:
            caller = found[parent]
            found.append(caller if works[tree.functions[caller]] else frame)
    return found


def owner_times(stacks: Stacks) -> tuple[OwnerTime, ...]:
    """Time by owner for every node, the node's longest first. Worker threads are left out."""
    result: list[OwnerTime] = []
    for node_id, tree in own_trees(stacks).items():
        seconds: dict[int, float] = {}
        for caller, spent in zip(callers_at_work(stacks, tree), tree.self_s, strict=True):
            owner = stacks.functions[tree.functions[caller]].owner
            seconds[owner] = seconds.get(owner, 0.0) + spent
        for owner, spent in sorted(seconds.items(), key=lambda entry: -entry[1]):
            if spent > 0:
                kind, name = stacks.owners[owner]
                foreign = kind == "pack" and tree.owner is not None and owner != tree.owner
                result.append(OwnerTime(node_id, kind, name, spent, foreign))
    return tuple(result)


def with_foreign_times(steps: Iterable[Step], times: Sequence[OwnerTime]) -> tuple[Step, ...]:
    """``steps`` with the time that other packs' code took in them; those never sampled stay as they are."""
    of_node = by_node(times)
    found = []
    for step in steps:
        entries = of_node.get(step.node_id)
        if entries is not None:
            foreign = [entry for entry in entries if entry.is_foreign]
            pack = foreign[0].owner if foreign else None
            spent_s = sum(entry.time_s for entry in foreign)
            step = replace(step, foreign_time_s=spent_s, foreign_pack=pack)
        found.append(step)
    return tuple(found)


def by_owner(times: Iterable[OwnerTime]) -> dict[Owner, float]:
    """Seconds of a whole run by owner, the longest first."""
    seconds: dict[Owner, float] = {}
    for entry in times:
        owner = Owner(entry.kind, entry.owner)
        seconds[owner] = seconds.get(owner, 0.0) + entry.time_s
    return dict(sorted(seconds.items(), key=lambda entry: -entry[1]))


def by_node(times: Iterable[OwnerTime]) -> Mapping[str, Sequence[OwnerTime]]:
    """Every node's entries, the longest first."""
    found: dict[str, list[OwnerTime]] = {}
    for entry in times:
        found.setdefault(entry.node_id, []).append(entry)
    return {key: sorted(entries, key=lambda entry: -entry.time_s) for key, entries in found.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerStatistics:
    """One owner over many runs, in seconds a run; ``foreign_s`` in nodes that are not its own.

    ``runs``: in how many it was seen at all.
    """

    kind: OwnerKind
    owner: str
    runs: int
    median_s: float
    foreign_s: float


def owner_statistics(times: Mapping[int, Sequence[OwnerTime]]) -> tuple[OwnerStatistics, ...]:
    """Every owner over the runs of ``times`` (by run id), the longest first; 0 s where it was not seen."""
    seconds: dict[Owner, dict[int, float]] = {}
    foreign: dict[Owner, dict[int, float]] = {}
    for run_id, entries in times.items():
        for entry in entries:
            owner = Owner(entry.kind, entry.owner)
            of_run = seconds.setdefault(owner, {})
            of_run[run_id] = of_run.get(run_id, 0.0) + entry.time_s
            if entry.is_foreign:
                of_run = foreign.setdefault(owner, {})
                of_run[run_id] = of_run.get(run_id, 0.0) + entry.time_s
    found = [
        OwnerStatistics(
            kind=owner.kind,
            owner=owner.name,
            runs=len(of_runs),
            median_s=median([of_runs.get(run_id, 0.0) for run_id in times]),
            foreign_s=median([foreign.get(owner, {}).get(run_id, 0.0) for run_id in times]),
        )
        for owner, of_runs in seconds.items()
    ]
    return tuple(sorted(found, key=lambda entry: -entry.median_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerChange:
    """One owner's median seconds a run on both sides of a comparison."""

    kind: OwnerKind
    owner: str
    baseline: float
    candidate: float
    change: float


def owner_changes(
    times: Mapping[int, Sequence[OwnerTime]], baseline: Iterable[int], candidate: Iterable[int]
) -> tuple[OwnerChange, ...]:
    """Time by owner before and after, the largest change first; empty unless both sides were sampled."""
    before = owner_statistics({run_id: times[run_id] for run_id in baseline if run_id in times})
    after = owner_statistics({run_id: times[run_id] for run_id in candidate if run_id in times})
    if not before or not after:
        return ()
    left = {(entry.kind, entry.owner): entry.median_s for entry in before}
    right = {(entry.kind, entry.owner): entry.median_s for entry in after}
    found = [
        OwnerChange(
            kind=key[0],
            owner=key[1],
            baseline=left.get(key, 0.0),
            candidate=right.get(key, 0.0),
            change=right.get(key, 0.0) - left.get(key, 0.0),
        )
        for key in dict.fromkeys((*left, *right))
    ]
    return tuple(sorted(found, key=lambda entry: -abs(entry.change)))


def top_functions(stacks: Stacks, node_id: str, count: int = 3) -> tuple[FunctionTime, ...]:
    """The functions of ComfyUI and of packs in which a node spent most of its time."""
    tree = own_trees(stacks).get(node_id)
    if tree is None:
        return ()
    seconds: dict[int, float] = {}
    for caller, spent in zip(callers_at_work(stacks, tree), tree.self_s, strict=True):
        function = tree.functions[caller]
        seconds[function] = seconds.get(function, 0.0) + spent
    total_s = sum(seconds.values())
    best = sorted(seconds.items(), key=lambda entry: -entry[1])[:count]
    return tuple(
        FunctionTime(
            function=stacks.functions[function],
            owner=stacks.owners[stacks.functions[function].owner],
            time_s=spent,
            share=spent / total_s,
        )
        for function, spent in best
        if spent > 0
    )
