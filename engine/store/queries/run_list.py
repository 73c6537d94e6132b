"""The list of runs: filters, sorting, paging. Reads only."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Float, and_, case, cast, false, func, or_, select, tuple_

from ...clock import utc_timestamp
from .. import codec, schema
from ..errors import BadQuery
from ..json_rows import Row, run_row
from ..rows import iso_timestamp
from .groups import visible
from .runs import BULKY
from .values import chunks, dicts

runs = schema.runs

SORTABLE = tuple(name for name in schema.LISTED if name not in ("deleted_at", "tags_json"))
"""The columns that a list of runs can be sorted by."""
_MONTH = re.compile(r"\d{4}-\d{2}")
OLDEST_FIRST = (runs.c.timestamp.asc().nulls_first(), runs.c.id.asc())
"""As the index by time is read backwards, where every run is dated."""
_COLUMNS = [each for each in runs.c if each.name not in BULKY | {"devices_json"}]
"""What a list of runs shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Which runs a list shows; all of them without any filter.

    ``q``: words in name, comment, tags, workflow and status. ``workflow``: a workflow's id or hash.
    ``since``, ``until``: ISO 8601. ``min_time``, ``max_time``: seconds of ``total_time``.
    """

    user_id: str | None = None
    q: str = ""
    status: tuple[str, ...] = ()
    workflow: str | None = None
    tag: str | None = None
    since: str | None = None
    until: str | None = None
    min_time: float | None = None
    max_time: float | None = None
    pinned: bool | None = None
    profiled: bool | None = None


def _conditions(connection: Connection, wanted: RunFilter) -> ColumnElement[bool]:
    sqlite = connection.dialect.name == "sqlite"
    conditions = [runs.c.deleted_at.is_(None), _of_user(connection, wanted.user_id)]
    conditions += [_contains(codec.storable(word), sqlite) for word in wanted.q.split()]
    if wanted.status:
        known = or_(runs.c.status.in_(wanted.status))
        # Rows of other programs have no status; they read as successful.
        conditions.append(or_(known, runs.c.status.is_(None)) if "success" in wanted.status else known)
    if wanted.workflow is not None:
        conditions.append(_of_workflow(connection, wanted.workflow))
    if wanted.tag is not None:
        # In its JSON list a tag stands between quotation marks, so no other one is found with it.
        conditions.append(runs.c.tags_json.contains(codec.to_json(wanted.tag), autoescape=True))
    if wanted.since is not None:
        text, number = _moment(wanted.since, end=False)
        conditions.append(_when(runs.c.timestamp >= text, _number() >= number, sqlite))
    if wanted.until is not None:
        text, number = _moment(wanted.until, end=True)
        conditions.append(_when(runs.c.timestamp <= text, _number() <= number, sqlite))
    if wanted.min_time is not None:
        conditions.append(runs.c.total_time >= wanted.min_time)
    if wanted.max_time is not None:
        conditions.append(runs.c.total_time <= wanted.max_time)
    if wanted.pinned is not None:
        conditions.append(func.coalesce(runs.c.pinned, False) == wanted.pinned)
    noted = runs.c.profiled == false()
    if wanted.profiled is False:
        conditions.append(noted)
    elif wanted.profiled and _any(connection, noted):
        conditions.append(func.coalesce(runs.c.profiled, True))
    return and_(*conditions)


# What follows asks first whether rows of other programs, or of workflows without an id, are there at all:
# a database uses an index for one column, and reads every run for "this column or that one".


def _of_user(connection: Connection, user_id: str | None) -> ColumnElement[bool]:
    if user_id is None or _any(connection, runs.c.user_id.is_(None)):
        return visible(runs.c.user_id, user_id)
    return runs.c.user_id == user_id


def _of_workflow(connection: Connection, workflow: str) -> ColumnElement[bool]:
    by_id, by_hash = runs.c.workflow_id == workflow, runs.c.workflow_hash == workflow
    return or_(by_id, by_hash) if _any(connection, by_hash) else by_id


def _any(connection: Connection, condition: ColumnElement[bool]) -> bool:
    return connection.execute(select(runs.c.id).where(condition).limit(1)).first() is not None


def _contains(word: str, sqlite: bool) -> ColumnElement[bool]:
    """Whether a run's texts have the word in them, in capitals or not."""
    columns = (
        runs.c.name,
        runs.c.global_comment,
        runs.c.workflow_name,
        runs.c.tags_json,
        runs.c.workflow_id,
        runs.c.workflow_hash,
        runs.c.status,
    )
    if not sqlite:
        return or_(*(each.icontains(word, autoescape=True) for each in columns))
    if word.isascii():  # SQLite's own LIKE knows the capitals of ASCII, and calls nothing in Python
        return or_(*(each.contains(word, autoescape=True) for each in columns))
    return or_(*(func.holaf_lower(each).contains(word.lower(), autoescape=True) for each in columns))


def _number() -> ColumnElement[float]:
    return cast(runs.c.timestamp, Float)


def _when(as_text: ColumnElement[bool], as_number: ColumnElement[bool], sqlite: bool) -> ColumnElement[bool]:
    """Compare times as text, and as seconds where another program stored numbers (SQLite only)."""
    if not sqlite:
        return as_text
    numeric = func.typeof(runs.c.timestamp).in_(("integer", "real"))
    return or_(and_(numeric, as_number), and_(~numeric, as_text))


def _moment(text: str, *, end: bool) -> tuple[str, float]:
    """ISO 8601 as this database writes it, and as seconds since 1970. A date alone means the whole day."""
    try:
        moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError as error:
        raise BadQuery(f"{text!r} is not a date or time like 2026-05-31 or 2026-05-31T12:00:00Z.") from error
    if len(text.strip()) == 10 and end:
        moment += timedelta(days=1, milliseconds=-1)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    moment = moment.astimezone(timezone.utc)
    return utc_timestamp(moment), moment.timestamp()


def newest_id(connection: Connection) -> int:
    """The largest id of a run; 0 where there is none."""
    return connection.execute(select(func.max(runs.c.id))).scalar_one() or 0


def count(connection: Connection, wanted: RunFilter, *, after_id: int | None = None) -> int:
    """How many runs match, of those with a larger id than ``after_id`` if given."""
    query = select(func.count()).select_from(runs).where(_conditions(connection, wanted))
    return int(
        connection.execute(query if after_id is None else query.where(runs.c.id > after_id)).scalar_one()
    )


def all_dated(connection: Connection) -> bool:
    """Whether every run says when it was: rows of other programs may not."""
    return not _any(connection, runs.c.timestamp.is_(None))


def ids(connection: Connection, wanted: RunFilter, *, sort: str, limit: int, offset: int) -> list[int]:
    """The runs of one page: an index knows them."""
    name = sort.removeprefix("-")
    if name not in SORTABLE:
        raise BadQuery(f"Runs cannot be sorted by {name!r}. Known: {', '.join(SORTABLE)}.")
    order = _order(runs.c[name], sort.startswith("-"))
    if sort == "timestamp" and all_dated(connection):
        order = OLDEST_FIRST
    page = select(runs.c.id).where(_conditions(connection, wanted)).order_by(*order)
    return list(connection.execute(page.limit(limit).offset(offset)).scalars())


class Place(NamedTuple):
    """Where one run is in a list by time."""

    timestamp: str
    id: int


def walk(
    connection: Connection,
    wanted: RunFilter,
    start: Place | None,
    *,
    newest_first: bool,
    skip: int,
    limit: int,
) -> list[Place]:
    """``limit`` runs from the newest or the oldest one on, or from ``start``, after ``skip`` others.

    ``start`` is itself the first one with ``newest_first``, and is left out without. All runs must be dated.
    """
    query = select(runs.c.timestamp, runs.c.id).where(_conditions(connection, wanted))
    if start is not None:
        here = tuple_(runs.c.timestamp, runs.c.id)
        query = query.where(here <= tuple_(*start) if newest_first else here > tuple_(*start))
    query = query.order_by(*(_order(runs.c.timestamp, True) if newest_first else OLDEST_FIRST))
    return [Place(*row) for row in connection.execute(query.limit(limit).offset(skip))]


def rows(connection: Connection, run_ids: list[int], names: Sequence[str] = ()) -> list[Row]:
    """What a list shows of these runs, in that order; or their columns ``names`` alone, as stored."""
    columns = [runs.c[name] for name in names] or _COLUMNS
    found: dict[int, Row] = {}
    for some in chunks(run_ids):
        query = select(runs.c.id.label("key"), *columns).where(runs.c.id.in_(some))
        for row in dicts(connection.execute(query)):
            key = row.pop("key")
            found[key] = row if names else run_row(row)
    return [found[run_id] for run_id in run_ids]


def run_before(connection: Connection, wanted: RunFilter, timestamp: str) -> Row | None:
    """The newest of the runs that began before ``timestamp``."""
    query = select(*_COLUMNS).where(_conditions(connection, wanted), runs.c.timestamp < timestamp)
    found = connection.execute(query.order_by(runs.c.timestamp.desc(), runs.c.id.desc()).limit(1))
    row = found.mappings().first()
    return None if row is None else run_row(row)


def _order(column: ColumnElement[Any], descending: bool) -> tuple[ColumnElement[Any], ...]:
    """Runs without a value come last."""
    if descending:
        return column.desc().nulls_last(), runs.c.id.desc()
    return column.asc().nulls_last(), runs.c.id.asc()


def workflows(connection: Connection, user_id: str | None) -> list[Row]:
    """``{"workflow", "name", "run_count", "newest"}`` of every workflow with runs, newest run first.

    ``name`` is what its newest run with a name for it calls it, "" where none does.
    """
    workflow = func.coalesce(runs.c.workflow_id, runs.c.workflow_hash)
    of_user = and_(runs.c.deleted_at.is_(None), _of_user(connection, user_id), workflow.isnot(None))
    newest = func.max(runs.c.timestamp)
    named = func.max(case((func.coalesce(runs.c.workflow_name, "") != "", runs.c.id)))
    query = select(workflow, func.count(), newest, named).where(of_user).group_by(workflow)
    found = list(connection.execute(query.order_by(newest.desc())))
    names: dict[int, str] = {}
    ids = [run_id for *_, run_id in found if run_id is not None]
    for some in chunks(ids):
        chosen = select(runs.c.id, runs.c.workflow_name).where(runs.c.id.in_(some))
        names.update((row.id, row.workflow_name) for row in connection.execute(chosen))
    return [
        {"workflow": key, "name": names.get(run_id, ""), "run_count": count, "newest": iso_timestamp(moment)}
        for key, count, moment, run_id in found
    ]


def tags(connection: Connection, user_id: str | None) -> dict[str, int]:
    """How many runs have each tag, by the tag's name."""
    condition = and_(runs.c.deleted_at.is_(None), _of_user(connection, user_id), runs.c.tags_json.isnot(None))
    query = select(runs.c.tags_json, func.count()).where(condition).group_by(runs.c.tags_json)
    counts: Counter[str] = Counter()
    for text, count in connection.execute(query):
        counts.update(dict.fromkeys(codec.from_json(text, []), count))
    return dict(sorted(counts.items()))


def totals(connection: Connection, wanted: RunFilter) -> Row:
    """What the runs of ``wanted`` come to, all of them, whatever the page.

    ``{"run_count", "total_time", "by_status": {status: count}, "success_rate", "months": [{"month",
    "run_count", "total_time"}]}``: seconds; ``success_rate`` is a share of the runs that are over, ``None``
    without one; months like ``2026-05``, oldest first.
    """
    month = func.substr(runs.c.timestamp, 1, 7)
    query = select(runs.c.status, month, func.count(), func.sum(runs.c.total_time))
    by_status: Counter[str] = Counter()
    months: dict[str, list[float]] = {}
    for status, text, count, seconds in connection.execute(
        query.where(_conditions(connection, wanted)).group_by(runs.c.status, month)
    ):
        by_status[status or "success"] += count
        if _MONTH.fullmatch(str(text)):  # not where another program wrote seconds
            known = months.setdefault(text, [0, 0.0])
            known[0] += count
            known[1] += seconds or 0.0
        else:
            months.setdefault("", [0, 0.0])[1] += seconds or 0.0
    over = sum(by_status.values()) - by_status["running"]
    return {
        "run_count": sum(by_status.values()),
        "total_time": sum(seconds for _, seconds in months.values()),
        "by_status": dict(by_status),
        "success_rate": by_status["success"] / over if over else None,
        "months": [
            {"month": name, "run_count": count, "total_time": seconds}
            for name, (count, seconds) in sorted(months.items())
            if name
        ],
    }
