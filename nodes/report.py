"""Profiler Report: shows the run as a picture and a table, after everything else is done."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from ..engine.render.options import DEFAULT_PREFIX, SORT_KEYS, TOP_N_MAX
from .types import CATEGORY, GROUP, node_schema, order_input, theme_input


class ProfilerReport(io.ComfyNode):
    """The last node of a profiled run."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return node_schema(
            node_id="HolafProfilerReport",
            display_name="Profiler Report",
            category=CATEGORY,
            description=(
                "Shows where time and memory went, as a picture and a table. Put it anywhere: it waits "
                "until all other nodes are done. Needs a Profiler Start in the workflow."
            ),
            search_aliases=["profile report", "benchmark chart", "timing table", "vram chart"],
            is_output_node=True,
            hidden=[io.Hidden.unique_id, io.Hidden.prompt, io.Hidden.extra_pnginfo],
            inputs=[
                order_input(),
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
                io.String.Input(
                    "title",
                    optional=True,
                    default="",
                    tooltip="Headline of the report. Empty: the answer itself.",
                ),
                io.Combo.Input(
                    "sort_by",
                    optional=True,
                    options=list(SORT_KEYS),
                    default=SORT_KEYS[0],
                    tooltip=(
                        "What the ranking of nodes is sorted by. Active time is a node's own code and its "
                        "asynchronous tasks; self time is its own code only."
                    ),
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
                io.String.Input(
                    "filename_prefix",
                    optional=True,
                    default=DEFAULT_PREFIX,
                    tooltip="Where and under which name to save, inside the output folder.",
                ),
                io.String.Input(
                    "formats",
                    optional=True,
                    default="",
                    tooltip=(
                        "Further files to save, separated by commas: txt, md, csv, json, html, trace "
                        "(opens in Perfetto)."
                    ),
                ),
            ],
            outputs=[
                io.Image.Output(
                    display_name="chart", tooltip="The picture, to preview or save like any image."
                ),
                io.String.Output(display_name="table", tooltip="The same facts as text."),
                io.Int.Output(
                    display_name="run_id", tooltip="The run's number in the history; 0 if not recorded."
                ),
            ],
        )

    @classmethod
    def fingerprint_inputs(cls, **_inputs: object) -> float:
        # A report is about this run and no other: never equal to itself, so never cached.
        return float("nan")

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
