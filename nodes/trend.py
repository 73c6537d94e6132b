"""Profiler Trend: this workflow over its runs, after everything else is done."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from .types import CATEGORY, node_schema, order_input, theme_input


class ProfilerTrend(io.ComfyNode):
    """How time or memory developed from run to run."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return node_schema(
            node_id="HolafProfilerTrend",
            display_name="Profiler Trend",
            category=CATEGORY,
            description=(
                "Shows how this workflow's time or memory developed over its runs: lasting changes with "
                "their likely cause, leaks, and what the next run will take. Needs a Profiler Start."
            ),
            search_aliases=["profile history", "regression", "memory leak", "forecast"],
            is_output_node=True,
            hidden=[io.Hidden.unique_id, io.Hidden.prompt],
            inputs=[
                order_input(),
                io.String.Input(
                    "what",
                    optional=True,
                    default="total",
                    tooltip="total, the number or title of a node, or the name of a group.",
                ),
                io.Combo.Input(
                    "metric",
                    optional=True,
                    options=["time", "vram", "ram", "energy"],
                    default="time",
                    tooltip="What is shown. ram and energy are those of the whole run.",
                ),
                io.Int.Input(
                    "last",
                    optional=True,
                    default=100,
                    min=5,
                    max=1000,
                    tooltip="How many of the newest runs are looked at.",
                ),
                theme_input(),
            ],
            outputs=[
                io.Image.Output(display_name="chart", tooltip="The picture, to preview or save."),
                io.String.Output(display_name="table", tooltip="The same facts as text."),
            ],
        )

    @classmethod
    def fingerprint_inputs(cls, **_inputs: object) -> float:
        # Every run adds to it: never equal to itself, so never cached.
        return float("nan")

    @classmethod
    async def execute(cls, **inputs: Any) -> io.NodeOutput:
        from ..engine.host.report import over_runs

        made = await over_runs.make_trend(
            node_id=cls.hidden.unique_id, prompt=cls.hidden.prompt, inputs=inputs
        )
        return io.NodeOutput(made.chart, made.table, ui=made.ui)
