"""Pages of a long list of runs, and how many it has, without going through all of it for each page.

A small number is counted every time. A large one is kept for a moment and only what came since is added:
what another process deletes or changes shows in it up to :data:`FRESH_S` later; what this one does, at once.

A database finds the 500,000th run by walking over all that come before it. Of a page that deep its *place* is
kept: a run, and how many runs are as old or older, which new runs do not change. The next page is walked to
from the nearest place, or from the nearer end of the list.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from operator import itemgetter

from sqlalchemy import Connection

from .asking import Asker
from .database import Database
from .errors import StoreError
from .json_rows import Row
from .queries import run_list
from .queries.run_list import Place, RunFilter

LARGE = 20_000
"""From so many runs on numbers and places are kept: a database goes through fewer in a few milliseconds."""
FRESH_S = 30.0
PATIENCE_S = 0.02
"""How long a page waits for a kept number to be counted anew; if it takes longer, the kept one is shown."""
KEPT_MAX = 100
NEAR = 1_000
"""Runs between two places that are both worth keeping."""


@dataclass(frozen=True, slots=True)
class _Counted:
    """What is known of one list. ``places``: by the number of runs that are as old or older."""

    total: int
    newest_id: int
    edits: int
    until_s: float
    places: dict[int, Place] = field(default_factory=dict)


class Pages:
    """The lists of one database. Any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asker = Asker(lambda: database.where)
        self._counted: dict[RunFilter, _Counted] = {}

    def read(
        self,
        connection: Connection,
        wanted: RunFilter,
        *,
        sort: str,
        limit: int,
        offset: int,
        names: Sequence[str] = (),
    ) -> tuple[list[Row], int]:
        """One page, and how many runs ``wanted`` matches. See ``History.list_runs``."""
        limit, offset = max(0, limit), max(0, offset)
        if offset >= LARGE and sort in ("-timestamp", "timestamp") and run_list.all_dated(connection):
            counted, total = self._count(connection, wanted)
            first = total - offset - limit + 1 if sort[0] == "-" else offset + 1
            numbers = max(1, first), min(total, first + limit - 1)
            ids = self._walk(connection, wanted, counted, total, numbers)
            return run_list.rows(connection, ids[::-1] if sort[0] == "-" else ids, names), total
        ids = run_list.ids(connection, wanted, sort=sort, limit=limit, offset=offset)
        if len(ids) < limit and (ids or not offset):  # the list ends here
            return run_list.rows(connection, ids, names), offset + len(ids)
        return run_list.rows(connection, ids, names), self._count(connection, wanted)[1]

    def _walk(
        self,
        connection: Connection,
        wanted: RunFilter,
        counted: _Counted,
        total: int,
        numbers: tuple[int, int],
    ) -> list[int]:
        """The ids of the runs with these ``numbers``, from first to last; the oldest run has number 1."""
        oldest, newest = numbers
        if newest < oldest:
            return []
        starts: list[tuple[int, bool, Place | None]] = [
            (total - newest, True, None),
            (oldest - 1, False, None),
        ]
        for number, place in list(counted.places.items()):
            if number >= newest:
                starts.append((number - newest, True, place))
            elif number < oldest:
                starts.append((oldest - 1 - number, False, place))
        skip, newest_first, start = min(starts, key=itemgetter(0))
        found = run_list.walk(
            connection, wanted, start, newest_first=newest_first, skip=skip, limit=newest - oldest + 1
        )
        if newest_first:
            found.reverse()
        if found and skip > NEAR and len(starts) < KEPT_MAX:
            counted.places[newest] = found[-1]
        return [place.id for place in found]

    def _count(self, connection: Connection, wanted: RunFilter) -> tuple[_Counted, int]:
        """What is known of a list, and how many runs it has now."""
        known = self._counted.get(wanted)
        if known is None or known.edits != self._edits():
            known = self._count_all(connection, wanted)
            return known, known.total
        if time.monotonic() >= known.until_s:
            with suppress(StoreError):  # what is late goes on, for the pages to come
                known = self._asker.within(PATIENCE_S, lambda: self._count_anew(wanted))
        return known, known.total + run_list.count(connection, wanted, after_id=known.newest_id)

    def _count_anew(self, wanted: RunFilter) -> _Counted:
        with self._database.read() as connection:
            return self._count_all(connection, wanted)

    def _count_all(self, connection: Connection, wanted: RunFilter) -> _Counted:
        edits, newest_id = self._edits(), run_list.newest_id(connection)
        counted = _Counted(run_list.count(connection, wanted), newest_id, edits, time.monotonic() + FRESH_S)
        before = self._counted.pop(wanted, None)
        if counted.total >= LARGE:
            if before is not None and before.edits == edits:
                since = run_list.count(connection, wanted, after_id=before.newest_id)
                if before.total + since == counted.total:  # nothing went
                    counted.places.update(before.places)
            if len(self._counted) >= KEPT_MAX:
                self._counted.clear()
            self._counted[wanted] = counted
        return counted

    def _edits(self) -> int:
        return self._database.edits + self._database.fresh_starts
