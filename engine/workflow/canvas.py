"""Which nodes lie inside a group box drawn on the canvas. Pure geometry on workflow JSON.

Workflow JSON keeps of a group only its title and its bounds
``[x, y, width, height]``; a node belongs to it when the node's centre lies inside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

TITLE_HEIGHT = 30.0
"""Height of a node's title bar, which is drawn above the node's position."""
COLLAPSED_WIDTH = 80.0
DEPTH_MAX = 16


def group_members(workflow: Mapping[str, Any], title: str) -> tuple[str, ...]:
    """Execution ids of the nodes inside every canvas group called ``title`` (case ignored).

    Nodes in a group that is drawn inside a subgraph come as ``7:3``, once for each
    place where the subgraph is used.
    """
    wanted = title.strip().casefold()
    if not wanted:
        return ()
    found: dict[str, None] = {}
    for prefix, graph in _graphs(workflow):
        boxes = [
            box
            for group in _list(graph, "groups")
            if str(group.get("title", "")).strip().casefold() == wanted
            and (box := _numbers(group.get("bounding"), 4))
        ]
        for node in _list(graph, "nodes"):
            centre = _centre(node)
            if centre is not None and any(_inside(centre, box) for box in boxes):
                found[f"{prefix}{node.get('id')}"] = None
    return tuple(found)


def _graphs(workflow: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The root graph and every use of a subgraph, with the prefix of its nodes' execution ids."""
    definitions = workflow.get("definitions")
    subgraphs = {
        str(graph.get("id")): graph
        for graph in (_list(definitions, "subgraphs") if isinstance(definitions, Mapping) else [])
    }
    frontier: list[tuple[str, Mapping[str, Any], int]] = [("", workflow, 0)]
    while frontier:
        prefix, graph, depth = frontier.pop()
        yield prefix, graph
        if depth >= DEPTH_MAX:
            continue
        for node in _list(graph, "nodes"):
            inner = subgraphs.get(str(node.get("type")))
            if inner is not None:
                frontier.append((f"{prefix}{node.get('id')}:", inner, depth + 1))


def _centre(node: Mapping[str, Any]) -> tuple[float, float] | None:
    position = _numbers(node.get("pos"), 2)
    size = _numbers(node.get("size"), 2)
    if position is None or size is None:
        return None
    flags = node.get("flags")
    collapsed = isinstance(flags, Mapping) and bool(flags.get("collapsed"))
    width, height = (COLLAPSED_WIDTH, 0.0) if collapsed else (size[0], size[1])
    return position[0] + width / 2, position[1] + (height - TITLE_HEIGHT) / 2


def _inside(point: tuple[float, float], box: tuple[float, ...]) -> bool:
    return box[0] <= point[0] <= box[0] + box[2] and box[1] <= point[1] <= box[1] + box[3]


def _numbers(value: object, count: int) -> tuple[float, ...] | None:
    """``count`` numbers from a list, or from the mapping that ComfyUI writes for typed arrays."""
    if isinstance(value, Mapping):
        value = [value.get(str(index)) for index in range(count)]
    if not isinstance(value, list) or len(value) < count:
        return None
    numbers = value[:count]
    if any(isinstance(number, bool) or not isinstance(number, (int, float)) for number in numbers):
        return None
    return tuple(float(number) for number in numbers)


def _list(holder: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = holder.get(name)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
