"""Findings of an analysis as JSON takes them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass
from typing import Any


def plain(value: Any, without: Collection[str] = ()) -> Any:
    """``value`` with its dataclasses as objects; ``without`` are fields of the outermost to leave out.

    A row of numbers is handed on as it is: ``dataclasses.asdict`` would copy each of them.
    """
    if is_dataclass(value):
        names = (field.name for field in fields(value))
        return {name: plain(getattr(value, name)) for name in names if name not in without}
    if isinstance(value, Mapping):
        return {name: plain(entry) for name, entry in value.items()}
    if isinstance(value, (list, tuple)) and any(is_dataclass(entry) for entry in value[:1]):
        return [plain(entry) for entry in value]
    return value
