"""The formats a report can be saved in. A new format is one new file in this folder.

Each module has ``SUFFIX`` (with its dot), ``MIME`` and ``render(report)``,
which answers bytes. The module's name is the format's name. Never writes files.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from typing import Protocol, cast

from ...language import speaking
from ..plain import SUMMARY_KEY, summary_json
from ..report import Report

__all__ = ["FORMATS", "SUMMARY_KEY", "Exported", "UnknownFormatError", "export", "summary_json"]

FORMATS: tuple[str, ...] = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))
"""The names of the formats: collapsed, csv, html, issue, json, md, png, speedscope, trace, txt."""


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
    def render(report: Report) -> bytes: ...


def export(report: Report, fmt: str) -> Exported:
    """``report`` as one of :data:`FORMATS`. Raises :class:`UnknownFormatError` for any other."""
    if fmt not in FORMATS:
        raise UnknownFormatError(fmt)
    module = cast(_Format, importlib.import_module(f".{fmt}", __name__))
    with speaking(report.options.language):
        return Exported(module.SUFFIX, module.MIME, module.render(report))
