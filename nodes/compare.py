"""Profiler Compare: this run against others, after everything else is done."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from .types import CATEGORY, node_schema, order_input, theme_input


class ProfilerCompare(io.ComfyNode):
    """Runs against runs, as a picture, a table and one sentence."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return node_schema(
            node_id="HolafProfilerCompare",
            display_name="Profiler Compare",
            category=CATEGORY,
            description=(
                "Shows what got faster or slower against earlier runs of this workflow, and how sure that "
                "is. Waits until all other nodes are done. Needs a Profiler Start in the workflow."
            ),
            search_aliases=["profile compare", "benchmark compare", "faster or slower", "regression"],
            is_output_node=True,
            hidden=[io.Hidden.unique_id, io.Hidden.prompt],
            inputs=[
                order_input(),
                io.String.Input(
                    "baseline",
                    optional=True,
                    default="previous",
                    tooltip=(
                        "What to compare with: previous, best, pinned, last 5, or the numbers or names of "
                        "runs, separated by commas. Several runs make the answer sure."
                    ),
                ),
                io.String.Input(
                    "candidate",
                    optional=True,
                    default="this run",
                    tooltip="What to compare: this run, last 5, or the numbers or names of runs.",
                ),
                theme_input(),
            ],
            outputs=[
                io.Image.Output(display_name="chart", tooltip="The picture, to preview or save."),
                io.String.Output(display_name="table", tooltip="The same facts as text."),
                io.String.Output(display_name="verdict", tooltip="The answer in one sentence."),
            ],
        )

    @classmethod
    def fingerprint_inputs(cls, **_inputs: object) -> float:
        # About this run and no other: never equal to itself, so never cached.
        return float("nan")

    @classmethod
    async def execute(cls, **inputs: Any) -> io.NodeOutput:
        from ..engine.host.report import over_runs

        made = await over_runs.make_comparison(
            node_id=cls.hidden.unique_id, prompt=cls.hidden.prompt, inputs=inputs
        )
        return io.NodeOutput(made.chart, made.table, made.sentence, ui=made.ui)
