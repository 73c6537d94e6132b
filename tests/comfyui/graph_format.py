"""From the graph format that the frontend saves to the API format that the server runs.

Covers what the example workflows use: widgets, links, muted nodes left out. No subgraphs, no reroutes, no
bypassing: those are the frontend's business, and it is named when one is met.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

_MUTED, _BYPASSED = 2, 4
_WIDGET_TYPES = ("INT", "FLOAT", "STRING", "BOOLEAN", "COMBO", "COLOR")
_NOT_RUN = ("Note", "MarkdownNote")


def to_prompt(
    workflow: Mapping[str, Any], definition: Callable[[str], Mapping[str, Any] | None]
) -> dict[str, dict[str, Any]]:
    """The prompt that the frontend would queue for ``workflow``.

    ``definition`` gives a class's entry of ``/object_info``. Raises ``ValueError`` for an unknown class and
    for what this converter does not cover.
    """
    links = {link[0]: (str(link[1]), link[2]) for link in workflow["links"]}
    prompt: dict[str, dict[str, Any]] = {}
    for node in workflow["nodes"]:
        node_type = node["type"]
        if node.get("mode") == _MUTED or node_type in _NOT_RUN:
            continue
        if node.get("mode") == _BYPASSED:
            raise ValueError(f"Node {node['id']} is bypassed: only the frontend can convert that.")
        found = definition(node_type)
        if found is None:
            raise ValueError(f"There is no node class {node_type}.")
        inputs: dict[str, Any] = dict(_widgets(found, node.get("widgets_values") or []))
        for socket in node.get("inputs", []):
            if socket.get("link") in links:
                source, output = links[socket["link"]]
                inputs[socket["name"]] = [source, output]
        title = node.get("title") or found.get("display_name") or node_type
        prompt[str(node["id"])] = {"class_type": node_type, "inputs": inputs, "_meta": {"title": title}}
    return prompt


def _widgets(definition: Mapping[str, Any], values: list[Any]) -> Iterator[tuple[str, Any]]:
    """Pairs of input name and value: saved values stand in the order of the inputs that are widgets."""
    rest = iter(values)
    for section in ("required", "optional"):
        for name, spec in definition["input"].get(section, {}).items():
            options = spec[1] if len(spec) > 1 else {}
            widget = isinstance(spec[0], list) or spec[0] in _WIDGET_TYPES
            if not widget or options.get("forceInput"):
                continue
            try:
                yield name, next(rest)
            except StopIteration:
                return
            if options.get("control_after_generate") or (spec[0] == "INT" and name in ("seed", "noise_seed")):
                next(rest, None)  # "randomize", "fixed" ...: a widget of the frontend alone
