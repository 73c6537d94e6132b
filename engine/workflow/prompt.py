"""Reading a queued prompt (ComfyUI's API format). Pure: looks, never changes anything.

A prompt is ``{node id: {"class_type", "inputs", "_meta": {"title"}}}``; an
input is a widget value or a link ``[source node id, output index]``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..model import Role, RunSettings
from .redaction import is_link

START_ID = "HolafProfilerStart"
GROUP_ID = "HolafProfilerGroup"
REPORT_ID = "HolafProfilerReport"
EVENT_ID = "HolafProfilerEvent"
LAST_IDS = frozenset((REPORT_ID, "HolafProfilerCompare", "HolafProfilerTrend", "HolafProfilerBudget"))
"""The nodes that wait until everything else is done."""
PROFILER_IDS = frozenset((START_ID, GROUP_ID, EVENT_ID, *LAST_IDS))

INTERVAL_MS_MIN = 10
INTERVAL_MS_MAX = 1000
REPEAT_MAX = 100
NAME_LENGTH_MAX = 200
TEXT_LENGTH_MAX = 20_000

Prompt = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupNode:
    """What a Profiler Group node says, before its members are looked up."""

    node_id: str
    name: str
    color: str
    description: str
    members: tuple[str, ...]
    canvas_group: str


def nodes_of_class(prompt: Prompt, class_type: str) -> Iterator[str]:
    """The ids of the nodes of one class, in prompt order."""
    return (node_id for node_id, node in prompt.items() if node.get("class_type") == class_type)


def inputs_of(node: object) -> Mapping[str, Any]:
    """A node's inputs; none where the entry is no node or its inputs are odd."""
    # dict first: asking whether something is a Mapping takes ten times as long
    inputs = node.get("inputs") if isinstance(node, (dict, Mapping)) else None
    return inputs if isinstance(inputs, (dict, Mapping)) else {}


def find_start(prompt: Prompt) -> str | None:
    """The Profiler Start that counts: the first one that is switched on, else the first."""
    first = None
    for node_id in nodes_of_class(prompt, START_ID):
        if widget(prompt, node_id, "enabled", True) is not False:
            return node_id
        first = first or node_id
    return first


def start_settings(prompt: Prompt, node_id: str) -> tuple[RunSettings, tuple[str, ...]]:
    """What a Profiler Start asks for, and notes about values that had to be replaced.

    A Start that is not wired to anything never runs, so nobody has checked its
    values: each one that makes no sense is replaced by its default and noted.
    """
    notes: list[str] = []
    default = RunSettings()

    def text(name: str, limit: int) -> str:
        value = widget(prompt, node_id, name, "")
        return value[:limit] if isinstance(value, str) else str(value)[:limit]

    def choice(name: str, options: tuple[str, ...], fallback: str) -> Any:
        value = widget(prompt, node_id, name, fallback)
        if value in options:
            return value
        notes.append(
            f"Profiler Start: {name} {_short(value)} is not one of {', '.join(options)}; used {fallback}."
        )
        return fallback

    def whole_number(name: str, lowest: int, highest: int, fallback: int) -> int:
        value = widget(prompt, node_id, name, fallback)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
            notes.append(f"Profiler Start: {name} {_short(value)} is not a number; used {fallback}.")
            return fallback
        taken = int(min(max(value, lowest), highest))
        if taken != value:
            notes.append(f"Profiler Start: {name} {_short(value)} was taken as {taken}.")
        return taken

    settings = RunSettings(
        run_name=text("run_name", NAME_LENGTH_MAX).strip(),
        comment=text("comment", TEXT_LENGTH_MAX),
        interval_ms=whole_number("interval_ms", INTERVAL_MS_MIN, INTERVAL_MS_MAX, default.interval_ms),
        timing=choice("timing", ("precise", "light"), default.timing),
        cache=choice("cache", ("keep", "re-run", "cold"), default.cache),
        on_mismatch=choice("on_mismatch", ("warn", "block", "ignore"), default.on_mismatch),
        enabled=widget(prompt, node_id, "enabled", True) is not False,
        memory_snapshot=choice(
            "memory_snapshot", ("never", "on out of memory", "always"), default.memory_snapshot
        ),
        inside=choice("inside", ("off", "functions", "kernels"), default.inside),
        inside_group=text("inside_group", NAME_LENGTH_MAX).strip(),
        inside_shapes=widget(prompt, node_id, "inside_shapes", False) is True,
        repeat=whole_number("repeat", 0, REPEAT_MAX, default.repeat),
    )
    return settings, tuple(notes)


def with_start(prompt: Prompt, start_id: str, **inputs: object) -> dict[str, Any]:
    """``prompt`` with other values for some inputs of its Profiler Start."""
    start = prompt[start_id]
    return {**prompt, start_id: {**start, "inputs": {**start.get("inputs", {}), **inputs}}}


def group_nodes(prompt: Prompt) -> tuple[GroupNode, ...]:
    """Every Profiler Group in the prompt, in prompt order."""
    groups = []
    for node_id in nodes_of_class(prompt, GROUP_ID):
        name = str(widget(prompt, node_id, "name", "")).strip()[:NAME_LENGTH_MAX]
        lines = str(widget(prompt, node_id, "members", "")).splitlines()
        groups.append(
            GroupNode(
                node_id=node_id,
                name=name or f"Group #{node_id}",
                color=str(widget(prompt, node_id, "color", "")),
                description=str(widget(prompt, node_id, "description", ""))[:TEXT_LENGTH_MAX],
                members=tuple(line.strip() for line in lines if line.strip()),
                canvas_group=str(widget(prompt, node_id, "canvas_group", "")).strip(),
            )
        )
    return tuple(groups)


def wired_groups(prompt: Prompt, report_id: str) -> tuple[str, ...]:
    """The ids of the Profiler Groups wired into one Report; empty if none is."""
    inputs = prompt.get(report_id, {}).get("inputs", {})
    return tuple(
        value[0]
        for name, value in inputs.items()
        if name.startswith("groups") and is_link(value) and _class(prompt, value[0]) == GROUP_ID
    )


def roles(prompt: Prompt) -> dict[str, Role]:
    """The role of every node that is not an ordinary one.

    Everything behind a node that comes last is ``report_output``, the pack's own nodes are
    ``profiler``. Nodes that are not in the answer are ``node``.
    """
    found: dict[str, Role] = {}
    frontier = [node_id for node_id, node in prompt.items() if node.get("class_type") in LAST_IDS]
    if frontier:
        users = _users(prompt)
        while frontier:
            for user in users.get(frontier.pop(), ()):
                if user not in found:
                    found[user] = "report_output"
                    frontier.append(user)
    for node_id, node in prompt.items():
        if node.get("class_type") in PROFILER_IDS:
            found[node_id] = "profiler"
    return found


def title(prompt: Prompt, node_id: str, fallback: str = "") -> str:
    """The title the user sees, else ``fallback``, else the class name."""
    node = prompt.get(node_id, {})
    meta = node.get("_meta")
    given = meta.get("title") if isinstance(meta, Mapping) else None
    return str(given or fallback or node.get("class_type", node_id))[:NAME_LENGTH_MAX]


def ancestors(prompt: Prompt, node_ids: Iterable[str]) -> set[str]:
    """``node_ids`` and everything they depend on."""
    seen: set[str] = set()
    frontier = [node_id for node_id in node_ids if node_id in prompt]
    while frontier:
        node_id = frontier.pop()
        if node_id in seen:
            continue
        seen.add(node_id)
        inputs = prompt[node_id].get("inputs", {})
        frontier += [value[0] for value in inputs.values() if is_link(value) and value[0] in prompt]
    return seen


def _users(prompt: Prompt) -> dict[str, list[str]]:
    users: dict[str, list[str]] = {}
    for node_id, node in prompt.items():
        for value in inputs_of(node).values():
            if is_link(value):
                users.setdefault(value[0], []).append(node_id)
    return users


def _class(prompt: Prompt, node_id: str) -> str:
    return str(prompt.get(node_id, {}).get("class_type", ""))


def widget(prompt: Prompt, node_id: str, name: str, default: object = None) -> Any:
    """A widget's value; through a wire, the ``value`` of the primitive it comes from."""
    value = inputs_of(prompt.get(node_id)).get(name, default)
    for _ in range(8):
        if not is_link(value):
            return value
        value = inputs_of(prompt.get(value[0])).get("value", default)
    return default


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
