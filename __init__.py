"""Workflow Profiler: a ComfyUI custom-node pack. ComfyUI loads this file; nothing else happens here."""

from __future__ import annotations

import importlib.util

if importlib.util.find_spec("comfy_api") is not None:
    from .engine.host import startup
    from .nodes.extension import comfy_entrypoint

    WEB_DIRECTORY = "./js"
    __all__ = ["WEB_DIRECTORY", "comfy_entrypoint"]

    startup.start()
