"""What the user chose about a report; every format takes what concerns it."""

from __future__ import annotations

from dataclasses import dataclass

from ...model import Group


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """See :func:`engine.render.chart.draw` for the meaning of each."""

    theme: str = "dark"
    title: str = ""
    sort_by: str = "self time"
    top_n: int = 10
    groups: tuple[Group, ...] = ()
