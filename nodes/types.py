"""What the nodes have in common: their wire types, which carry order and never data, schema and inputs."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from comfy_api.latest import io

from ..engine.render.options import THEMES

PROFILER = io.Custom("HOLAF_PROFILER")
GROUP = io.Custom("HOLAF_PROFILER_GROUP")


def node_schema(*, search_aliases: list[str], **fields: Any) -> io.Schema:
    """A node's schema; before ComfyUI 0.11 without the search aliases, which schemas lack there."""
    if any(field.name == "search_aliases" for field in dataclasses.fields(io.Schema)):
        fields["search_aliases"] = search_aliases
    return io.Schema(category="utils/profiler", **fields)


class LastNode(io.ComfyNode):
    """A node that waits until all others are done, and is run every time."""

    @classmethod
    def fingerprint_inputs(cls, **_inputs: object) -> float:
        # About this run and no other: never equal to itself, so never cached.
        return float("nan")


def last_schema(*, inputs: Sequence[Any], hidden: Sequence[Any] = (), **fields: Any) -> io.Schema:
    """The schema of a :class:`LastNode`; every input is optional."""
    return node_schema(
        is_output_node=True,
        hidden=[io.Hidden.unique_id, io.Hidden.prompt, *hidden],
        inputs=[order_input(), *inputs],
        **fields,
    )


def order_input() -> Any:
    """The optional wire from Profiler Start."""
    return PROFILER.Input(
        "profiler", optional=True, tooltip="Optional: a wire from Profiler Start, only for order."
    )


def text_input(name: str, tooltip: str, default: str = "", **more: Any) -> Any:
    """A line of text, or several with ``multiline``."""
    return io.String.Input(name, optional=True, default=default, tooltip=tooltip, **more)


def choice_input(name: str, options: Sequence[str], tooltip: str, default: str | None = None) -> Any:
    """One of ``options``, the first where nothing else is the default."""
    return io.Combo.Input(
        name, optional=True, options=list(options), default=default or options[0], tooltip=tooltip
    )


def theme_input() -> Any:
    """The colours of a node's picture."""
    return choice_input("theme", THEMES, "Colours of the picture; auto follows ComfyUI's own.")


def chart_output(tooltip: str = "The picture, to preview or save.") -> Any:
    """A node's picture."""
    return io.Image.Output(display_name="chart", tooltip=tooltip)


def table_output() -> Any:
    """What a node's picture shows, as text."""
    return io.String.Output(display_name="table", tooltip="The same facts as text.")
