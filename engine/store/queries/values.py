"""How values reach a driver: many rows at once, and again made plain where a driver refuses one.

Rows go through the SQLite driver's own ``executemany`` with statements composed
once: through SQLAlchemy's row processing a step costs several times as much. Other
databases get SQLAlchemy's batched inserts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, Table, insert
from sqlalchemy.exc import DataError, DBAPIError

from .. import codec

T = TypeVar("T")


IN_CHUNK = 500
"""How many values one IN list takes; older SQLite allows 999 parameters."""


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """``values`` in parts of :data:`IN_CHUNK`."""
    return (values[start : start + IN_CHUNK] for start in range(0, len(values), IN_CHUNK))


def dicts(found: CursorResult[Any]) -> Iterator[dict[str, Any]]:
    """Rows as dictionaries, in a third of the time that those of ``mappings()`` take to be read."""
    names = tuple(found.keys())
    return (dict(zip(names, row, strict=True)) for row in found)


def insert_one(connection: Connection, table: Table, values: Mapping[str, Any]) -> int:
    """A new row; returns its id."""
    key = connection.execute(insert(table).values(dict(values))).inserted_primary_key
    assert key is not None
    return int(key[0])


def refusable(connection: Connection, write: Callable[[Any], T], values: Any) -> T:
    """``write(values)``, a row's dictionary or rows as tuples; made plain where a driver refuses one."""
    try:
        with connection.begin_nested():
            return write(values)
    except (ValueError, OverflowError, TypeError):
        pass
    except DBAPIError as error:
        refused = any(word in str(error.orig).lower() for word in ("binding", "adapt", "nul "))
        if not refused and not isinstance(error, DataError):
            raise
    if isinstance(values, dict):
        return write({name: codec.storable(value) for name, value in values.items()})
    return write([tuple(map(codec.storable, row)) for row in values])


def insert_many(
    connection: Connection, table: Table, columns: Sequence[str], rows: list[tuple[Any, ...]]
) -> None:
    """Insert many rows given as tuples of ``columns``."""
    marks = ",".join("?" * len(columns))
    statement = f"INSERT INTO {table.name} ({','.join(columns)}) VALUES ({marks})"

    def write(given: list[tuple[Any, ...]]) -> None:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(statement, given)
        else:
            connection.execute(insert(table), [dict(zip(columns, row, strict=True)) for row in given])

    refusable(connection, write, rows)
