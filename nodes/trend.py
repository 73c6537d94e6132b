"""Profiler Trend: this workflow over its runs, after everything else is done."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from .types import LastNode, chart_output, choice_input, last_schema, table_output, text_input, theme_input


class ProfilerTrend(LastNode):
    """How time or memory developed from run to run."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return last_schema(
            node_id="HolafProfilerTrend",
            display_name="Profiler Trend",
            description=(
                "Shows how this workflow's time or memory developed over its runs: lasting changes with "
                "their likely cause, leaks, and what the next run will take. Needs a Profiler Start."
            ),
            search_aliases=["profile history", "regression", "memory leak", "forecast"],
            inputs=[
                text_input(
                    "what", "total, the number or title of a node, or the name of a group.", default="total"
                ),
                choice_input(
                    "metric",
                    ["time", "vram", "ram", "energy", "frame time"],
                    "What is shown. ram, energy and frame time are those of the whole run.",
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
                text_input(
                    "forecast",
                    "Other sizes to forecast: width 1024, height 1024, frames 81, batch 4, steps 30.",
                ),
            ],
            outputs=[
                chart_output(),
                table_output(),
            ],
        )

    @classmethod
    async def execute(cls, **inputs: Any) -> io.NodeOutput:
        from ..engine.host.report import over_runs

        made = await over_runs.make(
            over_runs.trend, node_id=cls.hidden.unique_id, prompt=cls.hidden.prompt, inputs=inputs
        )
        return io.NodeOutput(made.chart, made.table, ui=made.ui)
