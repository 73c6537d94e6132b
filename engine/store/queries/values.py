"""How values reach a driver: many rows at once, and again made plain where a driver refuses one.

Rows go through the SQLite driver's own ``executemany`` with statements composed
once: through SQLAlchemy's row processing a step costs several times as much. Other
databases get SQLAlchemy's batched inserts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Table, insert
from sqlalchemy.exc import DataError, DBAPIError

from .. import codec


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
