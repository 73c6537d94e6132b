"""Profiler Report: shows the run as a picture and a table, after everything else is done."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from ..engine.render.options import DEFAULT_PREFIX, SORT_KEYS, TOP_N_MAX
from .types import (
    GROUP,
    LastNode,
    chart_output,
    choice_input,
    last_schema,
    table_output,
    text_input,
    theme_input,
)


class ProfilerReport(LastNode):
    """The last node of a profiled run."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return last_schema(
            node_id="HolafProfilerReport",
            display_name="Profiler Report",
            description=(
                "Shows where time and memory went, as a picture and a table. Put it anywhere: it waits "
                "until all other nodes are done. Needs a Profiler Start in the workflow."
            ),
            search_aliases=["profile report", "benchmark chart", "timing table", "vram chart"],
            hidden=[io.Hidden.extra_pnginfo],
            inputs=[
                io.Autogrow.Input(
                    "groups",
                    template=io.Autogrow.TemplatePrefix(GROUP.Input("group"), prefix="group_", min=0, max=50),
                    optional=True,
                    tooltip="Optional: wire Profiler Groups to show only these. Without, all are shown.",
                ),
                io.Image.Input(
                    "images",
                    optional=True,
                    tooltip="Optional: images to save together with the report, under the same number.",
                ),
                text_input("title", "Headline of the report. Empty: the answer itself."),
                choice_input(
                    "sort_by",
                    SORT_KEYS,
                    "What the ranking of nodes is sorted by. Active time is a node's own code and its "
                    "asynchronous tasks; self time is its own code only.",
                ),
                io.Int.Input(
                    "top_n",
                    optional=True,
                    default=10,
                    min=1,
                    max=TOP_N_MAX,
                    tooltip="How many nodes the ranking shows.",
                ),
                theme_input(),
                io.Boolean.Input(
                    "save",
                    optional=True,
                    default=False,
                    tooltip="Save the report in the output folder, with the workflow inside the picture.",
                ),
                text_input(
                    "filename_prefix",
                    "Where and under which name to save, inside the output folder.",
                    default=DEFAULT_PREFIX,
                ),
                text_input(
                    "formats",
                    "Further files to save, separated by commas: txt, md, csv, json, html, trace "
                    "(opens in Perfetto).",
                ),
            ],
            outputs=[
                chart_output("The picture, to preview or save like any image."),
                table_output(),
                io.Int.Output(
                    display_name="run_id", tooltip="The run's number in the history; 0 if not recorded."
                ),
            ],
        )

    @classmethod
    async def execute(cls, **inputs: Any) -> io.NodeOutput:
        from ..engine.host.report import node

        made = await node.make(
            node_id=cls.hidden.unique_id,
            prompt=cls.hidden.prompt,
            extra_pnginfo=cls.hidden.extra_pnginfo,
            inputs=inputs,
        )
        return io.NodeOutput(made.chart, made.table, made.run_id, ui=made.ui)
