"""Which runs a text means: ``previous``, ``best``, ``pinned``, ``last 5``, ids or names."""

from __future__ import annotations

import re

from ..language import msg, t
from ..store.history import History

_LAST = re.compile(r"last\s+(\d+)", re.IGNORECASE)
LOOKED_AT = 100
"""How many of a workflow's newest runs are looked through."""
MOST = 40
ENDED_WELL = ("success", "partial")


HOW_TO_NAME = msg("Write previous, best, pinned, last 5, or the numbers or names of runs.")


class SelectionError(Exception):
    """The text means no run; the message says why and what to write."""


def choose(
    history: History,
    text: str,
    *,
    workflow: str | None,
    before: int | None = None,
    user_id: str | None = None,
) -> list[int]:
    """The ids of the runs that ``text`` means, oldest first. Raises :class:`SelectionError`.

    ``previous``, ``best``, ``pinned`` and ``last N`` are runs of ``workflow`` that ended
    well, before the run ``before``.
    """
    wanted = text.strip()
    word = wanted.casefold()
    last = _LAST.fullmatch(wanted)
    if word in ("previous", "best", "pinned") or last:
        if workflow is None:
            raise SelectionError(
                t("This workflow has no id yet, so its earlier runs are not known: save it once.")
            )
        pinned = True if word == "pinned" else None
        runs, _ = history.list_runs(
            user_id, limit=LOOKED_AT, workflow=workflow, status=ENDED_WELL, pinned=pinned, profiled=True
        )
        runs = [run for run in runs if before is None or run["id"] < before]
        if word == "best":
            timed = [run for run in runs if run["total_time"] is not None and not run["cached_count"]]
            runs = sorted(timed, key=lambda run: float(run["total_time"]))
        count = int(last[1]) if last else len(runs) if word == "pinned" else 1
        ids = sorted(run["id"] for run in runs[: min(count, MOST)])
        if not ids:
            raise SelectionError(
                t("There is no pinned run of this workflow to compare with.")
                if word == "pinned"
                else t("There is no earlier run of this workflow to compare with.")
            )
        return ids
    return _named(history, wanted, user_id)


def _named(history: History, text: str, user_id: str | None) -> list[int]:
    found = []
    for part in (piece.strip() for piece in re.split(r"[,;\n]", text)):
        if not part:
            continue
        if part.lstrip("#").isdigit():
            found.append(int(part.lstrip("#")))
            continue
        runs, _ = history.list_runs(user_id, limit=LOOKED_AT, q=part)
        named = [run["id"] for run in runs if run["name"].casefold() == part.casefold()]
        if not named:
            raise SelectionError(f"{t('No run is called “{name}”.', name=part[:60])} {t(HOW_TO_NAME)}")
        found += named
    if not found:
        raise SelectionError(f"{t('No run is named.')} {t(HOW_TO_NAME)}")
    return sorted(dict.fromkeys(found))[-MOST:]
