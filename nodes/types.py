"""What the nodes have in common: their wire types, which carry order and never data, and their schema."""

from __future__ import annotations

import dataclasses
from typing import Any

from comfy_api.latest import io

from ..engine.render.options import THEMES

PROFILER = io.Custom("HOLAF_PROFILER")
GROUP = io.Custom("HOLAF_PROFILER_GROUP")
CATEGORY = "utils/profiler"


def node_schema(*, search_aliases: list[str], **fields: Any) -> io.Schema:
    """A node's schema; before ComfyUI 0.11 without the search aliases, which schemas lack there."""
    if any(field.name == "search_aliases" for field in dataclasses.fields(io.Schema)):
        fields["search_aliases"] = search_aliases
    return io.Schema(**fields)


def order_input() -> Any:
    """The optional wire from Profiler Start."""
    return PROFILER.Input(
        "profiler", optional=True, tooltip="Optional: a wire from Profiler Start, only for order."
    )


def theme_input() -> Any:
    """The colours of a node's picture."""
    return io.Combo.Input(
        "theme",
        optional=True,
        options=list(THEMES),
        default=THEMES[0],
        tooltip="Colours of the picture; auto follows ComfyUI's own.",
    )
