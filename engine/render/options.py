"""What the widgets of a Profiler Report may say. Light: read as ComfyUI starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..analysis.ranking import SORT_KEYS
from ..language import current
from ..workflow.prompt import NAME_LENGTH_MAX

__all__ = ["DEFAULT_PREFIX", "SORT_KEYS", "THEMES", "TOP_N_MAX", "Options"]

THEMES = ("auto", "dark", "light")
DEFAULT_PREFIX = "profile/run"
TOP_N_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a report looks, and whether and where it is saved.

    ``title`` replaces the run's name. ``sort_by`` is one of
    :data:`engine.analysis.ranking.SORT_KEYS`. ``top_n`` nodes are listed, 0 means all
    (a picture has a limit). ``theme`` is one of :data:`THEMES`; what draws takes
    ``auto`` for dark, since only the host knows the page's colours. ``formats`` are names of
    :data:`engine.render.formats.FORMATS`, separated by commas. ``language`` is the reader's,
    see :mod:`engine.language`.
    """

    title: str = ""
    sort_by: str = SORT_KEYS[0]
    top_n: int = 10
    theme: str = THEMES[0]
    save: bool = False
    filename_prefix: str = DEFAULT_PREFIX
    formats: str = ""
    language: str = field(default_factory=current)

    @classmethod
    def read(cls, inputs: Mapping[str, Any]) -> Options:
        """The node's inputs; what makes no sense becomes the default."""
        sort_by, top_n, theme = inputs.get("sort_by"), inputs.get("top_n"), inputs.get("theme")
        return cls(
            title=str(inputs.get("title") or "")[:NAME_LENGTH_MAX],
            sort_by=sort_by if sort_by in SORT_KEYS else SORT_KEYS[0],
            top_n=min(max(int(top_n), 1), TOP_N_MAX) if isinstance(top_n, (int, float)) else 10,
            theme=theme if theme in THEMES else THEMES[0],
            save=inputs.get("save") is True,
            filename_prefix=str(inputs.get("filename_prefix") or DEFAULT_PREFIX),
            formats=str(inputs.get("formats") or ""),
        )
