"""Upkeep of the history: removing what is old or too much, giving space back, starting anew."""

from __future__ import annotations

from ...store import upkeep
from .call import Answer, Call


def tidy_history(call: Call) -> Answer:
    """Remove runs beyond what is to be kept, for good; with ``preview`` only count them.

    Runs that are pinned or commented, or whose steps are, always stay.
    """
    given = dict(call.body)
    preview, wants_space = given.pop("preview"), given.pop("vacuum")
    database = call.history.database
    going = upkeep.beyond(database, upkeep.Limits(**given), call.user_id)
    if preview:
        return {"runs": len(going), "bytes_before": None, "bytes_after": None}
    upkeep.remove(database, going)
    sizes = upkeep.vacuum(database) if wants_space else None
    call.changed("history")
    return {"runs": len(going), **_sizes(sizes)}


def reset_history(call: Call) -> Answer:
    """Remove all runs, groups and references of the user, pinned ones too, once that has been typed."""
    count = upkeep.empty(call.history.database, call.user_id)
    sizes = upkeep.vacuum(call.history.database)
    call.changed("history")
    return {"runs": count, **_sizes(sizes)}


def _sizes(sizes: tuple[int, int] | None) -> Answer:
    before, after = sizes or (None, None)
    return {"bytes_before": before, "bytes_after": after}
