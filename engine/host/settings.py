"""A user's preferences for the panel: read, checked, written whole.

Owns ``profiler_settings.json``. Never fails because of what stands in the file: a
broken one, or a broken value in it, gives the defaults and a note.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .api import json_schema

SIZE_LIMIT = 262_144
"""Largest settings file that is read, in bytes."""

_NAME = {"type": "string", "maxLength": 100}
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "run_columns": {"type": "array", "items": _NAME, "maxItems": 100},
        "step_columns": {"type": "array", "items": _NAME, "maxItems": 100},
        "run_sort": _NAME,
        "step_sort": _NAME,
        "page_size": {"type": "integer", "minimum": 5, "maximum": 500},
        "run_count": {"type": "integer", "minimum": 1, "maximum": 1_000},
        "minimum_time_s": {"type": "number", "minimum": 0, "maximum": 1e9},
        "badges": {"type": "boolean"},
        "guard": {"type": "boolean"},
        "live_view": {"type": "boolean"},
        "theme": {"type": "string", "enum": ["auto", "dark", "light"]},
        "time_unit": {"type": "string", "enum": ["auto", "s", "ms"]},
        "memory_unit": {"type": "string", "enum": ["auto", "GB", "GiB", "MB", "MiB"]},
        "confirm_delete": {"type": "boolean"},
        "panel": {
            "type": "object",
            "maxProperties": 200,
            "additionalProperties": {
                "type": ["string", "number", "boolean", "null", "array"],
                "maxLength": 2_000,
                "maxItems": 200,
                "items": {"type": ["string", "number", "boolean"], "maxLength": 200},
            },
        },
    },
}
"""What a settings file may hold. ``panel`` is for what the browser keeps for itself."""

DEFAULTS: Mapping[str, Any] = {
    "run_columns": ["timestamp", "name", "status", "total_time", "vram_max", "node_count"],
    "step_columns": [
        "node_title",
        "exec_time",
        "share",
        "vram_max",
        "ram_max_bytes",
        "gpu_load_avg",
        "step_comment",
    ],
    "run_sort": "-timestamp",
    "step_sort": "-exec_time",
    "page_size": 50,
    "run_count": 3,
    "minimum_time_s": 0,
    "badges": False,
    "guard": True,
    "live_view": True,
    "theme": "auto",
    "time_unit": "auto",
    "memory_unit": "auto",
    "confirm_delete": False,
    "panel": {},
}


def read(file: Path) -> tuple[dict[str, Any], list[str]]:
    """The settings in ``file`` over the defaults, and notes about what could not be used."""
    settings = dict(DEFAULTS)
    try:
        if file.stat().st_size > SIZE_LIMIT:
            return settings, [f"{file.name} is too large to be a settings file; the defaults are used."]
        stored = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return settings, []
    except OSError as error:
        return settings, [f"{file.name} cannot be read ({error.strerror}); the defaults are used."]
    except (ValueError, RecursionError):
        return settings, [f"{file.name} is damaged; the defaults are used until settings are saved again."]
    if not isinstance(stored, dict):
        return settings, [f"{file.name} does not hold settings; the defaults are used."]
    notes = []
    for name, value in stored.items():
        problem = _problem(name, value)
        if problem is None:
            settings[name] = value
        else:
            notes.append(f"{file.name}: {problem}; left out.")
    return settings, notes


def _problem(name: str, value: object) -> str | None:
    try:
        json_schema.check(SCHEMA, {name: value}, "settings")
    except json_schema.InvalidError as error:
        return str(error)
    return None


def write(file: Path, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Put ``changes`` over what ``file`` holds and write it at once or not at all.

    Answers all settings as they are then. Raises :class:`schema.InvalidError` for a value
    that does not fit, and ``OSError`` where the file cannot be written.
    """
    json_schema.check(SCHEMA, dict(changes), "body")
    settings, _ = read(file)
    settings.update(changes)
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(draft, "w", encoding="utf-8") as stream:
            json.dump(settings, stream, indent=2, allow_nan=False)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(draft, file)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return settings
