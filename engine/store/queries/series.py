"""Statements about samples. Each runs in its caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, delete, func, insert, select

from ...model import Series
from .. import rows, schema

table = schema.series

Written = dict[tuple[str, str], tuple[int, int]]
"""``{(metric, device or ""): (samples, chunks)}`` on disk."""


def read(connection: Connection, run_id: int) -> tuple[Series, ...]:
    """All samples of a run."""
    query = (
        select(table).where(table.c.run_id == run_id).order_by(table.c.metric, table.c.device, table.c.seq)
    )
    return rows.series_from_rows(list(connection.execute(query).mappings()))


def written(connection: Connection, run_id: int) -> Written:
    """How much of a run is on disk."""
    query = (
        select(table.c.metric, table.c.device, func.sum(table.c.sample_count), func.max(table.c.seq) + 1)
        .where(table.c.run_id == run_id)
        .group_by(table.c.metric, table.c.device)
    )
    return {(metric, device): (samples, seq) for metric, device, samples, seq in connection.execute(query)}


def write(connection: Connection, run_id: int, chunks: Iterable[Series], before: Written) -> Written:
    """Append chunks to what is on disk; returns how much is then."""
    counts = dict(before)
    values = []
    for chunk in chunks:
        key = (chunk.metric, chunk.device or "")
        samples, seq = counts.get(key, (0, 0))
        values.append(rows.series_row(run_id, seq, chunk))
        counts[key] = (samples + len(chunk.t_s), seq + 1)
    if values:
        connection.execute(insert(table), values)
    return counts


def remove(connection: Connection, run_id: int) -> None:
    """All samples of a run."""
    connection.execute(delete(table).where(table.c.run_id == run_id))
