"""Profiler Group: names a set of nodes, so that a report can total them.

The engine reads its widgets from the prompt; the output only says which
groups a Report should show.
"""

from __future__ import annotations

from comfy_api.latest import io

from .types import CATEGORY, GROUP, PROFILER, node_schema


class ProfilerGroup(io.ComfyNode):
    """A named, coloured set of nodes."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return node_schema(
            node_id="HolafProfilerGroup",
            display_name="Profiler Group",
            category=CATEGORY,
            description=(
                "Collects nodes under one name and colour. Reports show the group's total time and memory. "
                "A node can be in several groups."
            ),
            search_aliases=["profile group", "node group timing", "section time"],
            inputs=[
                io.String.Input("name", optional=True, default="", tooltip="The group's name on reports."),
                io.String.Input(
                    "color",
                    optional=True,
                    default="#56B4E9",
                    tooltip="The group's colour on reports, as #RRGGBB.",
                ),
                io.String.Input(
                    "description",
                    optional=True,
                    default="",
                    tooltip="What this group is for. Kept with the history.",
                ),
                io.String.Input(
                    "members",
                    optional=True,
                    default="",
                    multiline=True,
                    tooltip=(
                        "One node per line: its number (3, or 7:3 in a subgraph), its title, or its class "
                        "name such as KSampler. * stands for anything: *Loader*."
                    ),
                ),
                io.String.Input(
                    "canvas_group",
                    optional=True,
                    default="",
                    tooltip="Title of a group box on the canvas: all nodes inside it become members too.",
                ),
                PROFILER.Input(
                    "profiler", optional=True, tooltip="Optional: a wire from Profiler Start, only for order."
                ),
            ],
            outputs=[
                GROUP.Output(
                    display_name="group",
                    tooltip="Wire it to a Profiler Report to show only the wired groups there.",
                )
            ],
        )

    @classmethod
    def execute(cls, name: str = "", **_widgets: object) -> io.NodeOutput:
        return io.NodeOutput(name)
