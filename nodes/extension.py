"""The pack as ComfyUI's V3 API sees it."""

from __future__ import annotations

from comfy_api.latest import ComfyExtension, io

from .budget import ProfilerBudget
from .compare import ProfilerCompare
from .event import ProfilerEvent
from .group import ProfilerGroup
from .report import ProfilerReport
from .start import ProfilerStart
from .trend import ProfilerTrend


class ProfilerExtension(ComfyExtension):
    """The seven nodes."""

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        return [
            ProfilerStart,
            ProfilerGroup,
            ProfilerEvent,
            ProfilerReport,
            ProfilerCompare,
            ProfilerTrend,
            ProfilerBudget,
        ]


async def comfy_entrypoint() -> ProfilerExtension:
    """What ComfyUI calls to get the nodes."""
    return ProfilerExtension()
