"""One run made ready for its renderers: what every picture, table and file says, worked out once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..analysis.groups import GroupTotal, total
from ..analysis.labels import clean
from ..analysis.soundness import sound
from ..analysis.summary import summarize
from ..language import speaking
from ..model import Group, Run, Summary
from .inside import Inside, inside_for
from .notes import Notes, notes_for
from .options import Options


@dataclass(frozen=True, kw_only=True, eq=False)
class Report:
    """What one run comes to, for all renderers. Made by :func:`prepare`.

    ``run`` is sound, its ``groups`` are those that are shown; ``totals`` has one entry for
    each. ``summary.ranking`` is sorted as ``options`` say. ``against`` is one line about the
    run before it or its baseline, empty where there is none.
    """

    run: Run
    options: Options
    summary: Summary
    totals: tuple[GroupTotal, ...]
    notes: Notes
    against: str = ""
    inside: Inside

    @property
    def name(self) -> str:
        """The title asked for, else the run's name; one clean line, maybe empty."""
        return clean(self.options.title) or clean(self.run.name)


def prepare(
    run: Run,
    options: Options | None = None,
    groups: Sequence[Group] | None = None,
    against: str = "",
) -> Report:
    """``run`` made ready. ``groups`` replace the run's own. Blocks for a moment with long runs."""
    options = options or Options()
    shown = sound(run)
    if groups is not None:
        shown = replace(shown, groups=tuple(groups))
    with speaking(options.language):
        summary = summarize(shown, options.sort_by)
        totals = total(shown, shown.groups)
        return Report(
            run=shown,
            options=options,
            summary=summary,
            totals=totals,
            notes=notes_for(shown, summary, totals),
            inside=inside_for(shown, summary),
            against=against,
        )
