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


def driver_insert(table: Table, columns: Sequence[str]) -> str:
    marks = ",".join("?" * len(columns))
    return f"INSERT INTO {table.name} ({','.join(columns)}) VALUES ({marks})"


def refusable(write: Callable[[bool], None], connection: Connection) -> None:
    """Run ``write(False)``; if a driver refuses a value, ``write(True)`` with every value made plain."""
    try:
        with connection.begin_nested():
            write(False)
    except (ValueError, OverflowError, TypeError):
        pass
    except DBAPIError as error:
        refused = any(word in str(error.orig).lower() for word in ("binding", "adapt", "nul "))
        if not refused and not isinstance(error, DataError):
            raise
    else:
        return
    write(True)


def many(
    connection: Connection, table: Table, columns: Sequence[str], statement: str, values: list[Any]
) -> None:
    """Insert many rows given as tuples of ``columns``."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(statement, values)
    else:
        connection.execute(insert(table), [dict(zip(columns, row, strict=True)) for row in values])


def plain_rows(values: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [tuple(codec.storable(value) for value in row) for row in values]
