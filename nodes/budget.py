"""Profiler Budget: limits on this run, checked after everything else is done."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from .types import LastNode, choice_input, last_schema, text_input


class BudgetExceededError(Exception):
    """The run took more than its Profiler Budget allows, and the node is set to fail."""


class ProfilerBudget(LastNode):
    """Says which limits a run exceeds, and by how much."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return last_schema(
            node_id="HolafProfilerBudget",
            display_name="Profiler Budget",
            description=(
                "Checks this run against limits on time, memory and energy: of the run, a node or a group, "
                "absolute or against the pinned runs. Needs a Profiler Start in the workflow."
            ),
            search_aliases=["profile limit", "performance budget", "time limit", "vram limit"],
            inputs=[
                text_input(
                    "limits",
                    "One limit a line: time <= 30 s, vram <= 11.5 GB, node KSampler time <= 5 s, "
                    "group Samplers time <= +10 %. With a sign it is against the pinned runs.",
                    default="time <= 60 s",
                    multiline=True,
                ),
                choice_input(
                    "on_excess",
                    ["warn", "fail"],
                    "warn: says so in the report and the log. fail: the workflow ends with an error.",
                ),
            ],
            outputs=[
                io.Boolean.Output(display_name="passed", tooltip="Whether no limit was exceeded."),
                io.String.Output(
                    display_name="report", tooltip="Each limit, what was measured, by how much."
                ),
            ],
        )

    @classmethod
    async def execute(cls, **inputs: Any) -> io.NodeOutput:
        from ..engine.host.report import limits

        judged = await limits.make(node_id=cls.hidden.unique_id, prompt=cls.hidden.prompt, inputs=inputs)
        if judged.failure is not None:
            raise BudgetExceededError(judged.failure)
        return io.NodeOutput(judged.passed, judged.report, ui=judged.ui)
