"""Profiler Start: its presence in a queued prompt switches profiling on.

The engine reads its widgets from the prompt before anything runs, so it works
without a wire and does nothing itself.
"""

from __future__ import annotations

from comfy_api.latest import io

from .types import PROFILER, choice_input, node_schema, text_input


class ProfilerStart(io.ComfyNode):
    """The switch and the settings of one profiled run."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return node_schema(
            node_id="HolafProfilerStart",
            display_name="Profiler Start",
            description=(
                "Put this anywhere in the workflow and press Run: every node's time and memory is measured. "
                "No wires needed. Add a Profiler Report to see the result on the canvas."
            ),
            search_aliases=[
                "profile",
                "benchmark",
                "measure time",
                "vram usage",
                "performance",
                "slow workflow",
            ],
            inputs=[
                text_input(
                    "run_name", "A name for this run in the history and on the report. Empty is fine."
                ),
                text_input(
                    "comment",
                    "A note kept with the run: what you changed, what you want to find out.",
                    multiline=True,
                ),
                io.Int.Input(
                    "interval_ms",
                    optional=True,
                    default=50,
                    min=10,
                    max=1000,
                    step=10,
                    tooltip=(
                        "How often memory and load are sampled, in milliseconds. 50 suits nearly everything; "
                        "use 200 or more for runs of an hour."
                    ),
                ),
                choice_input(
                    "timing",
                    ["precise", "light"],
                    "precise: waits for the GPU after each node, so each is billed for its own work. "
                    "light: adds no waiting; GPU time is measured beside it with timing events.",
                ),
                choice_input(
                    "cache",
                    ["keep", "re-run", "cold"],
                    "keep: ComfyUI decides which nodes run again. re-run: every node runs. "
                    "cold: every node runs and all models are unloaded first.",
                ),
                choice_input(
                    "on_mismatch",
                    ["warn", "block", "ignore"],
                    "What to do when the workflow no longer matches the snapshot of Update nodes: "
                    "ask, refuse to run, or only note it.",
                ),
                io.Boolean.Input(
                    "enabled",
                    optional=True,
                    default=True,
                    tooltip="Off: nothing is measured and nothing runs in the background.",
                ),
                choice_input(
                    "memory_snapshot",
                    ["never", "on out of memory", "always"],
                    "Record PyTorch's memory history and save a file for pytorch.org/memory_viz: "
                    "when the run is out of memory, or always. Slows the run down; NVIDIA and AMD only.",
                ),
                choice_input(
                    "inside",
                    ["off", "functions", "kernels"],
                    "functions: also shows which function inside each node takes the time, and whose "
                    "code it is. kernels: records every operator of PyTorch inside the nodes of one "
                    "group, which slows them down. off: neither.",
                    default="functions",
                ),
                text_input(
                    "inside_group",
                    "For kernels: the name of the Profiler Group whose nodes are recorded. "
                    "Empty: the node that was slowest last time.",
                ),
                io.Int.Input(
                    "repeat",
                    optional=True,
                    default=0,
                    min=0,
                    max=100,
                    tooltip=(
                        "This many more runs follow by themselves, all nodes executed each time. The run you "
                        "start is then the warm-up. Cancelling one of them in the queue ends the series."
                    ),
                ),
                io.Boolean.Input(
                    "inside_shapes",
                    optional=True,
                    default=False,
                    tooltip=(
                        "For kernels: one line for each combination of input shapes, so that you see which "
                        "sizes an operator works on."
                    ),
                ),
            ],
            outputs=[
                PROFILER.Output(
                    display_name="profiler",
                    tooltip="Optional: wire it to a Profiler Report or Group to keep the graph readable.",
                )
            ],
        )

    @classmethod
    def execute(cls, **_settings: object) -> io.NodeOutput:
        return io.NodeOutput("profiler")
