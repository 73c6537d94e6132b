"""The formats a report can be saved in. A new format is one new file in this folder.

Each module has ``SUFFIX`` (with its dot), ``MIME`` and ``render(run, options)``,
which answers bytes. The module's name is the format's name. Never writes files.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from ...analysis.soundness import sound
from ...model import Group, Run
from ..options import Options
from ..plain import summary_json

__all__ = ["FORMATS", "Exported", "UnknownFormatError", "export", "summary_json"]

_HELPERS = ("options",)
FORMATS: tuple[str, ...] = tuple(
    sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name not in _HELPERS)
)
"""The names of the formats: csv, html, json, md, png, trace, txt."""


class UnknownFormatError(ValueError):
    """A format was asked for that no file in this folder makes."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no format “{name}”; there are {', '.join(FORMATS)}")
        self.name = name


@dataclass(frozen=True, slots=True)
class Exported:
    """A finished file: how its name ends (``.png``), its media type, its content."""

    filename_suffix: str
    mime: str
    data: bytes


class _Format(Protocol):
    SUFFIX: str
    MIME: str

    @staticmethod
    def render(run: Run, options: Options) -> bytes: ...


def export(
    run: Run,
    fmt: str,
    *,
    theme: str = "dark",
    title: str = "",
    sort_by: str = "self time",
    top_n: int = 10,
    groups: Sequence[Group] | None = None,
) -> Exported:
    """``run`` as one of :data:`FORMATS`. Raises :class:`UnknownFormatError` for any other."""
    if fmt not in FORMATS:
        raise UnknownFormatError(fmt)
    module = cast(_Format, importlib.import_module(f".{fmt}", __name__))
    run = sound(run)
    chosen = run.groups if groups is None else tuple(groups)
    options = Options(theme=theme, title=title, sort_by=sort_by, top_n=top_n, groups=tuple(chosen))
    return Exported(module.SUFFIX, module.MIME, module.render(run, options))
