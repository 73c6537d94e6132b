"""What the widgets of a Profiler Report may say, and what is made of them. Light: read at start-up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..analysis.ranking import SORT_KEYS
from ..model import Group
from ..workflow.prompt import NAME_LENGTH_MAX

SORT_CHOICES = SORT_KEYS
THEMES = ("dark", "light")
DEFAULT_PREFIX = "profile/run"
TOP_N_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a Report's widgets ask for, with sense made of every value."""

    title: str = ""
    sort_by: str = SORT_CHOICES[0]
    top_n: int = 10
    theme: str = THEMES[0]
    save: bool = False
    filename_prefix: str = DEFAULT_PREFIX
    formats: str = ""

    @classmethod
    def read(cls, inputs: Mapping[str, Any]) -> Wishes:
        """The node's inputs; what makes no sense becomes the default."""
        sort_by, top_n, theme = inputs.get("sort_by"), inputs.get("top_n"), inputs.get("theme")
        return cls(
            title=str(inputs.get("title") or "")[:NAME_LENGTH_MAX],
            sort_by=sort_by if sort_by in SORT_CHOICES else SORT_CHOICES[0],
            top_n=min(max(int(top_n), 1), TOP_N_MAX) if isinstance(top_n, (int, float)) else 10,
            theme=theme if theme in THEMES else THEMES[0],
            save=inputs.get("save") is True,
            filename_prefix=str(inputs.get("filename_prefix") or DEFAULT_PREFIX),
            formats=str(inputs.get("formats") or ""),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """See :func:`engine.render.chart.draw` for the meaning of each."""

    theme: str = "dark"
    title: str = ""
    sort_by: str = "self time"
    top_n: int = 10
    groups: tuple[Group, ...] = ()
