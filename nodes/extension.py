"""The pack as ComfyUI's V3 API sees it."""

from __future__ import annotations

from comfy_api.latest import ComfyExtension, io

from .group import ProfilerGroup
from .report import ProfilerReport
from .start import ProfilerStart


class ProfilerExtension(ComfyExtension):
    """The three nodes."""

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        return [ProfilerStart, ProfilerGroup, ProfilerReport]


async def comfy_entrypoint() -> ProfilerExtension:
    """What ComfyUI calls to get the nodes."""
    return ProfilerExtension()
