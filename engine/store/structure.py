"""What of a queued prompt and its graph changes from run to run, apart from what stays.

The structure (nodes, links, titles) is stored once; a run keeps only the values in which it
differs from the run that its structure was stored with: a seed, a text, a moved node. Pure
functions, no database.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from . import codec

_MOVING = ("widgets_values", "pos", "size")
"""Of a graph's node: what a user changes without changing the workflow."""


class Document:
    """A prompt and its graph as JSON text, with the places of the values that may differ."""

    def __init__(self, prompt: str, workflow: str) -> None:
        """Both as JSON text; "" for none."""
        self.prompt = prompt
        self.workflow = workflow
        self._parts = [json.loads(text) if text else None for text in (prompt, workflow)]
        self._places = [*_prompt_places(self._parts[0]), *_graph_places(self._parts[1])]

    @cached_property
    def _values(self) -> list[str]:
        return [codec.to_json(holder[key]) for holder, key in self._places]

    def structure(self) -> str:
        """A content hash of everything but the values. The document's parts are no use after it."""
        for (holder, key), _ in zip(self._places, self._values, strict=True):  # the values are kept apart
            holder[key] = 0
        return codec.digest("structure", *(codec.to_json(part) for part in self._parts))

    def differences(self, stored: Document) -> str | None:
        """``[[place, value], ...]``: what to change in ``stored``, of the same structure, to get this."""
        changes = [
            f"[{place},{value}]"
            for place, (value, before) in enumerate(zip(self._values, stored._values, strict=True))
            if value != before
        ]
        return f"[{','.join(changes)}]" if changes else None

    def with_differences(self, changes: object) -> tuple[Any, Any]:
        """The prompt and the graph (``None`` for none) with changed values, as far as they are here."""
        for place, value in codec.from_json(changes, []):
            if place < len(self._places):
                holder, key = self._places[place]
                holder[key] = value
        return self._parts[0], self._parts[1]


Place = tuple[dict[str, Any], str]


def _prompt_places(prompt: Any) -> Iterator[Place]:
    for node in prompt.values() if isinstance(prompt, dict) else ():
        inputs = node.get("inputs") if isinstance(node, dict) else None
        if isinstance(inputs, dict):
            yield from ((inputs, name) for name, value in inputs.items() if not _is_link(value))


def _is_link(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and type(value[1]) is int


def _graph_places(graph: Any) -> Iterator[Place]:
    if not isinstance(graph, dict):
        return
    if "extra" in graph:  # the part of the canvas that is in view, for instance
        yield graph, "extra"
    nodes = graph.get("nodes")
    for node in nodes if isinstance(nodes, list) else ():
        for name in _MOVING if isinstance(node, dict) else ():
            if name in node:
                yield node, name
    definitions = graph.get("definitions")
    inner = definitions.get("subgraphs") if isinstance(definitions, dict) else None
    for each in inner if isinstance(inner, list) else ():
        yield from _graph_places(each)


def texts(prompt: Mapping[str, Any] | None, workflow: Mapping[str, Any] | None) -> tuple[str, str]:
    """Both as JSON text; "" for none."""
    return (
        codec.to_json(prompt) if prompt is not None else "",
        codec.to_json(workflow) if workflow is not None else "",
    )
