"""A user's preferences for the panel: read, checked, written whole.

Owns ``profiler_settings.json``. Never fails because of what stands in the file: a
broken one, or a broken value in it, gives the defaults and a note.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from .api.validation import InvalidError, check, integral

SIZE_LIMIT = 262_144
"""Largest settings file that is read or written, in bytes."""

_Column = Annotated[str, StringConstraints(max_length=100)]


_Dismissed = Annotated[
    str, StringConstraints(max_length=300), Field(description="a workflow's id, a colon, a kind of advice")
]


def _small(value: Any) -> Any:
    parts = value if isinstance(value, list) else [value]
    if len(parts) > 200 or not all(_is_small(part) for part in parts):
        raise ValueError("must be a short text, a number, true, false, null or a list of at most 200 of them")
    return value


def _is_small(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= 2_000
    return value is None or isinstance(value, (int, float))


_SCALARS: list[dict[str, Any]] = [
    {"type": "string", "maxLength": 2_000},
    {"type": ["number", "boolean", "null"]},
]
_Kept = Annotated[
    Any,
    AfterValidator(_small),
    WithJsonSchema({"anyOf": [*_SCALARS, {"type": "array", "maxItems": 200, "items": {"anyOf": _SCALARS}}]}),
]


class AdviceSettings(BaseModel):
    """From where on something is worth advice; see ``engine/analysis/advice/entry.py``."""

    model_config = ConfigDict(extra="forbid")

    long_run_s: Annotated[float, Field(ge=0, le=1e9)] = 60.0
    vram_share: Annotated[float, Field(ge=0, le=1)] = 0.95
    success_rate: Annotated[float, Field(ge=0, le=1)] = 0.8
    failures_in_a_row: Annotated[int, Field(ge=1, le=1_000), BeforeValidator(integral)] = 3
    long_video_frames: Annotated[int, Field(ge=1, le=1_000_000), BeforeValidator(integral)] = 121


class Settings(BaseModel):
    """What a settings file may hold. As a request's body it is a change: what is not given stays.

    ``keep_workflows``: how the workflow is kept with a run and in the pictures that a Report saves.
    Only a whole one can be opened and run again. ``keep_days``, ``keep_runs`` and ``keep_bytes``: older
    runs than that, more, and those of a larger file go by themselves; pinned and commented ones stay.
    ``note_unprofiled``: prompts without a Profiler Start are noted too, without steps. ``webhook_url``
    hears of every run that ends; "" for none. ``panel`` is for what the browser keeps for itself.
    """

    model_config = ConfigDict(extra="forbid")
    CHANGES_ONLY: ClassVar[bool] = True

    step_columns: Annotated[list[_Column], Field(max_length=100)] = [
        "node_title",
        "exec_time",
        "share",
        "vram_max",
        "ram_max_bytes",
        "gpu_load_avg",
        "step_comment",
    ]
    run_sort: _Column = "-timestamp"
    step_sort: _Column = "-exec_time"
    page_size: Annotated[int, Field(ge=5, le=500), BeforeValidator(integral)] = 50
    run_count: Annotated[int, Field(ge=1, le=1_000), BeforeValidator(integral)] = 3
    minimum_time_s: Annotated[float, Field(ge=0, le=1e9)] = 0
    theme: Literal["auto", "dark", "light"] = "auto"
    webhook_url: Annotated[str, StringConstraints(max_length=2_000, pattern=r"^(https?://[^\s\x00]+)?$")] = ""
    keep_days: Annotated[float, Field(ge=0, le=100_000)] | None = None
    keep_runs: Annotated[int, Field(ge=0, le=2**31), BeforeValidator(integral)] | None = None
    keep_bytes: Annotated[int, Field(ge=0, le=2**53 - 1), BeforeValidator(integral)] | None = None
    note_unprofiled: bool = False
    debug_log: bool = False
    keep_workflows: Literal["whole", "without secrets", "no"] = "whole"
    advice: AdviceSettings = AdviceSettings()
    dismissed_advice: Annotated[list[_Dismissed], Field(max_length=1_000)] = []
    panel: Annotated[dict[_Column, _Kept], Field(max_length=200)] = {}


DEFAULTS: Mapping[str, Any] = Settings().model_dump()
RETIRED = frozenset(
    (
        "run_columns",
        "badges",
        "guard",
        "live_view",
        "time_unit",
        "memory_unit",
        "confirm_delete",
    )
)
"""Names that older files hold and nothing reads any more; they are dropped without a word."""

_lock = threading.Lock()


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
        problem = None if name in RETIRED else _problem(name, value)
        if problem is not None:
            notes.append(f"{file.name}: {problem}; left out.")
        elif name not in RETIRED:
            settings[name] = value
    return settings, notes


def _problem(name: str, value: object) -> str | None:
    try:
        check(Settings, {name: value}, "settings")
    except InvalidError as error:
        return str(error)
    return None


def write(file: Path, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Put ``changes`` over what ``file`` holds and write it at once or not at all.

    Answers all settings as they are then. Changes from several threads follow one another. Raises
    :class:`InvalidError` for a value that does not fit or a file that would grow too large to be
    read, and ``OSError`` where the file cannot be written.
    """
    check(Settings, dict(changes), "body")
    with _lock:
        settings, _ = read(file)
        settings.update(changes)
        content = json.dumps(settings, indent=2, allow_nan=False)
        if len(content) > SIZE_LIMIT:
            raise InvalidError("body", f"makes the settings larger than {SIZE_LIMIT:,} bytes")
        _replace(file, content)
    return settings


def _replace(file: Path, content: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(draft, "w", encoding="ascii") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(draft, file)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
