"""Workflow Profiler: a ComfyUI custom-node pack. ComfyUI loads this file; nothing else happens here."""

from __future__ import annotations

import importlib.util

if importlib.util.find_spec("folder_paths") is not None:
    from .engine.host import startup

    if startup.start():
        from .nodes.extension import comfy_entrypoint

        WEB_DIRECTORY = "./js"
        __all__ = ["WEB_DIRECTORY", "comfy_entrypoint"]
    else:
        # Standing back: what ComfyUI's loader takes for a pack that adds nothing.
        NODE_CLASS_MAPPINGS: dict[str, type] = {}
