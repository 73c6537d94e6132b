"""How many runs a list has, without counting a long history anew for each of its pages.

A small number is counted every time. A large one is kept for a moment and only what came since is added:
what another process deletes or changes shows in it up to :data:`FRESH_S` later; what this one does, at once.
"""

from __future__ import annotations

import time
from typing import NamedTuple

from sqlalchemy import Connection

from .database import Database
from .queries import run_list
from .queries.run_list import RunFilter

LARGE = 20_000
"""From so many runs on a number is kept: a database counts fewer in a few milliseconds."""
FRESH_S = 30.0
KEPT_MAX = 100


class _Counted(NamedTuple):
    total: int
    newest_id: int
    edits: int
    until_s: float


class Totals:
    """The numbers of one database. Any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counted: dict[RunFilter, _Counted] = {}

    def of(self, connection: Connection, wanted: RunFilter) -> int:
        """How many runs ``wanted`` matches."""
        edits, now_s = self._database.edits + self._database.fresh_starts, time.monotonic()
        known = self._counted.get(wanted)
        if known is not None and known.edits == edits and now_s < known.until_s:
            return known.total + run_list.count(connection, wanted, after_id=known.newest_id)
        newest_id = run_list.newest_id(connection)
        total = run_list.count(connection, wanted)
        if total >= LARGE:
            if len(self._counted) >= KEPT_MAX:
                self._counted.clear()
            self._counted[wanted] = _Counted(total, newest_id, edits, now_s + FRESH_S)
        return total
