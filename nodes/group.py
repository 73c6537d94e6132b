"""Profiler Group: names a set of nodes, so that a report can total them.

The engine reads its widgets from the prompt; the output only says which
groups a Report should show.
"""

from __future__ import annotations

from comfy_api.latest import io

from .types import GROUP, node_schema, order_input, text_input


class ProfilerGroup(io.ComfyNode):
    """A named, coloured set of nodes."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return node_schema(
            node_id="HolafProfilerGroup",
            display_name="Profiler Group",
            description=(
                "Collects nodes under one name and colour. Reports show the group's total time and memory. "
                "A node can be in several groups."
            ),
            search_aliases=["profile group", "node group timing", "section time"],
            inputs=[
                text_input("name", "The group's name on reports."),
                text_input("color", "The group's colour on reports, as #RRGGBB.", default="#56B4E9"),
                text_input("description", "What this group is for. Kept with the history."),
                text_input(
                    "members",
                    "One node per line: its number (3, or 7:3 in a subgraph), its title, or its class "
                    "name such as KSampler. * stands for anything: *Loader*.",
                    multiline=True,
                ),
                text_input(
                    "canvas_group",
                    "Title of a group box on the canvas: all nodes inside it become members too.",
                ),
                order_input(),
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
