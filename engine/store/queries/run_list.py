"""The list of runs: filters, sorting, paging. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from sqlalchemy import ColumnElement, Connection, Float, and_, cast, func, or_, select

from .. import codec, schema
from ..errors import BadQuery
from ..json_rows import Row, run_row
from .groups import visible

runs = schema.runs

SORTABLE = (
    "id",
    "timestamp",
    "name",
    "status",
    "total_time",
    "workflow_id",
    "workflow_hash",
    "node_count",
    "cached_count",
    "vram_max",
    "ram_max_bytes",
    "gpu_load_avg",
    "cpu_seconds",
    "energy_joules",
    "pinned",
    "timing",
    "cache",
    "user_id",
    "global_comment",
)
"""The columns that a list of runs can be sorted by."""
BULKY = ("changes_json", "devices_json", "metrics_json", "overhead_json", "workflow_values_json")
"""What a list of runs leaves out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Which runs a list shows. See ``History.list_runs``."""

    user_id: str | None = None
    q: str = ""
    status: tuple[str, ...] = ()
    workflow: str | None = None
    since: str | None = None
    until: str | None = None
    min_time: float | None = None
    max_time: float | None = None
    pinned: bool | None = None


def _conditions(connection: Connection, wanted: RunFilter) -> ColumnElement[bool]:
    sqlite = connection.dialect.name == "sqlite"
    conditions = [runs.c.deleted_at.is_(None), visible(runs.c.user_id, wanted.user_id)]
    if wanted.q.strip():
        lower = func.holaf_lower if sqlite else func.lower
        columns = (
            runs.c.name,
            runs.c.global_comment,
            runs.c.workflow_id,
            runs.c.workflow_hash,
            runs.c.status,
        )
        for word in wanted.q.lower().split():
            word = codec.storable(word)
            conditions.append(or_(*(lower(each).contains(word, autoescape=True) for each in columns)))
    if wanted.status:
        known = or_(runs.c.status.in_(wanted.status))
        # Rows of other programs have no status; they read as successful.
        conditions.append(or_(known, runs.c.status.is_(None)) if "success" in wanted.status else known)
    if wanted.workflow is not None:
        conditions.append(or_(runs.c.workflow_id == wanted.workflow, runs.c.workflow_hash == wanted.workflow))
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
    return and_(*conditions)


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
    written = moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
    return written, moment.timestamp()


def list_runs(
    connection: Connection, wanted: RunFilter, *, sort: str, limit: int, offset: int
) -> tuple[list[Row], int]:
    """One page and the number of all matches."""
    name = sort.removeprefix("-")
    if name not in SORTABLE:
        raise BadQuery(f"Runs cannot be sorted by {name!r}. Known: {', '.join(SORTABLE)}.")
    condition = _conditions(connection, wanted)
    total = connection.execute(select(func.count()).select_from(runs).where(condition)).scalar_one()
    column = runs.c[name]
    descending = sort.startswith("-")
    query = (
        select(*(each for each in runs.c if each.name not in BULKY))
        .where(condition)
        .order_by(
            column.is_(None),
            column.desc() if descending else column.asc(),
            runs.c.id.desc() if descending else runs.c.id.asc(),
        )
        .limit(max(0, limit))
        .offset(max(0, offset))
    )
    return [run_row(row) for row in connection.execute(query).mappings()], int(total)
