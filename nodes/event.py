"""Profiler Event: marks the moment at which something arrives, on the timeline of the run."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from .types import node_schema, text_input


class ProfilerEvent(io.ComfyNode):
    """Records that something happened. Hands nothing on, so that it changes nobody's cache."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return node_schema(
            node_id="HolafProfilerEvent",
            display_name="Profiler Event",
            description=(
                "Marks a moment of the run on its timeline, with a text such as a scene's name: the moment "
                "at which what you wire to it is ready. Needs a Profiler Start in the workflow."
            ),
            search_aliases=["profile event", "timeline mark", "annotation", "marker"],
            is_output_node=True,
            is_input_list=True,
            hidden=[io.Hidden.unique_id, io.Hidden.prompt],
            inputs=[
                text_input(
                    "text", "What happened. Empty: the title of this node. A list gives a mark for each text."
                ),
                io.AnyType.Input(
                    "after",
                    optional=True,
                    tooltip="Wire anything here: the mark stands where that was ready.",
                ),
            ],
            outputs=[],
        )

    @classmethod
    def fingerprint_inputs(cls, **_inputs: object) -> float:
        # Happens in every run: never equal to itself, so never cached.
        return float("nan")

    @classmethod
    def execute(cls, text: Any = (), **_inputs: object) -> io.NodeOutput:
        from ..engine.host.run import manual_events

        texts = text if isinstance(text, (list, tuple)) else (text,)
        manual_events.record_from_node(texts, node_id=cls.hidden.unique_id, prompt=cls.hidden.prompt)
        return io.NodeOutput()
