"""Profiler Compare: this run against others, after everything else is done."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from .types import LastNode, chart_output, last_schema, table_output, text_input, theme_input


class ProfilerCompare(LastNode):
    """Runs against runs, as a picture, a table and one sentence."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return last_schema(
            node_id="HolafProfilerCompare",
            display_name="Profiler Compare",
            description=(
                "Shows what got faster or slower against earlier runs of this workflow, and how sure that "
                "is. Waits until all other nodes are done. Needs a Profiler Start in the workflow."
            ),
            search_aliases=["profile compare", "benchmark compare", "faster or slower", "regression"],
            inputs=[
                text_input(
                    "baseline",
                    "What to compare with: previous, best, pinned, last 5, or the numbers or names of "
                    "runs, separated by commas. Several runs make the answer sure. Several sets with | "
                    "between them are compared each with each.",
                    default="previous",
                ),
                text_input(
                    "candidate",
                    "What to compare: this run, last 5, or the numbers or names of runs.",
                    default="this run",
                ),
                theme_input(),
            ],
            outputs=[
                chart_output(),
                table_output(),
                io.String.Output(display_name="verdict", tooltip="The answer in one sentence."),
            ],
        )

    @classmethod
    async def execute(cls, **inputs: Any) -> io.NodeOutput:
        from ..engine.host.report import over_runs

        made = await over_runs.make(
            over_runs.comparison, node_id=cls.hidden.unique_id, prompt=cls.hidden.prompt, inputs=inputs
        )
        return io.NodeOutput(made.chart, made.table, made.sentence, ui=made.ui)
