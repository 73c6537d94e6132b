"""Whether ComfyUI's page is dark or light for a user: what a report's theme ``auto`` follows.

Reads the settings file that ComfyUI's page keeps; never writes it.
"""

from __future__ import annotations

import json
from dataclasses import replace

from ...render.options import Options
from .. import paths

_SETTINGS = "comfy.settings.json"
_BUILT_IN_LIGHT = ("light",)


def settle(options: Options, user_id: str) -> Options:
    """``options`` with ``auto`` settled for ``user_id``."""
    return replace(options, theme=page_theme(user_id)) if options.theme == "auto" else options


def page_theme(user_id: str) -> str:
    """``dark`` or ``light``: the colour palette of the page, dark where nothing is known of it."""
    try:
        file = paths.data_folder(user_id).parents[1] / _SETTINGS
        settings = json.loads(file.read_text(encoding="utf-8"))
        name = settings.get("Comfy.ColorPalette", "dark")
        own = settings.get("Comfy.CustomColorPalettes", {}).get(str(name).removeprefix("custom_"), {})
        light = name in _BUILT_IN_LIGHT or own.get("light_theme") is True
    except (OSError, ValueError, AttributeError):
        return "dark"
    return "light" if light else "dark"
