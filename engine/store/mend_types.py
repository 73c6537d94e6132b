"""Makes the values of a file that another program wrote fit the columns they stand in.

SQLite keeps bytes in a text column and words in a number's without complaint; drivers, JSON,
PostgreSQL and everything that reckons with a run do not. Only for a file of one's own: a copy.
"""

from __future__ import annotations

import math
import sqlite3
import zlib
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, get_args

from sqlalchemy import Boolean, Column, Double, LargeBinary, Text

from .. import model
from . import codec, schema
from .queries import inside

_MAY_BE_NUMBERS = frozenset(("timestamp", "node_id"))
"""Text columns in which whole numbers are read as well."""
_INTEGER_MAX = 2**63 - 1
_WORDS = {
    ("profiler_runs", "status"): model.RunStatus,
    ("profiler_runs", "timing"): model.Timing,
    ("profiler_runs", "cache"): model.CacheMode,
    ("profiler_runs", "snapshot_match"): model.SnapshotMatch,
    ("profiler_steps", "status"): model.StepStatus,
    ("profiler_steps", "role"): model.Role,
}
"""Text columns that hold one of a few words."""
_STRUCTURES: dict[str, Any] = {
    "settings_json": model.RunSettings,
    "overhead_json": model.Overhead,
    "tags_json": list[str],
    "warnings_json": list[str],
    "changes_json": list[model.Change],
    "devices_json": list[model.Device],
    "metrics_json": list[model.Metric],
    "sizes_json": dict[str, int],
    "outputs_json": list[model.Output],
    "events_json": list[model.Event],
    "models_json": list[model.ResidentModel],
    "segments_json": list[tuple[model.SegmentKind, float, float]],
    "load_spans_json": list[tuple[float, float]],
    "sampler_step_spans_json": list[tuple[float, float]],
    "patterns_json": list[str],
    "unmatched_json": list[str],
    "environment_json": dict[str, str],
    "nodes_json": list[model.SnapshotNode],
}


def mend(path: Path) -> int:
    """Change what does not fit in the profiler's tables of the file; answers how many values that were.

    Bytes in a text column become text, with a mark for what is none. What is no number in a number's
    column, no structure that the model knows in a JSON column and no known word becomes NULL:
    not measured. Samples, stacks and operators that cannot be unpacked are removed. Raises ``sqlite3.Error``.
    """
    with closing(sqlite3.connect(str(path))) as connection, connection:
        # Text that is no UTF-8 is read all the same.
        connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
        mended = 0
        for table in schema.metadata.sorted_tables:
            names = {row[1] for row in connection.execute(f'PRAGMA table_info("{table.name}")')}
            for column in table.columns:
                if column.name in names and not isinstance(column.type, LargeBinary):
                    mended += _mend_column(connection, table.name, column)
                    if column.name in _STRUCTURES:
                        mended += _drop_unknown_structures(connection, table.name, column.name)
                    if (table.name, column.name) in _WORDS:
                        words = get_args(_WORDS[table.name, column.name])
                        mended += _drop_unknown_words(connection, table.name, column.name, words)
            if table.name in _PACKED and names:
                mended += _drop_damaged(connection, table.name, *_PACKED[table.name])
            if table is schema.owner_times and names:
                mended += connection.execute(f"DELETE FROM {table.name} WHERE time_s IS NULL").rowcount
    return mended


def _mend_column(connection: sqlite3.Connection, table: str, column: Column[Any]) -> int:
    fit: Callable[[Any], Any]
    if isinstance(column.type, Text):
        fit = _as_number_or_text if column.name in _MAY_BE_NUMBERS else _as_text
        # A text may hold bytes that are none, or a NUL, which only looking at it shows.
        where = ""
    elif isinstance(column.type, Double):
        fit, where = _as_float, " WHERE typeof({0}) NOT IN ('real', 'integer', 'null')"
    else:
        fit = _as_flag if isinstance(column.type, Boolean) else _as_integer
        where = " WHERE typeof({0}) NOT IN ('integer', 'null')"
    name = f'"{column.name}"'
    query = f'SELECT rowid, {name} FROM "{table}"{where.format(name)}'
    changes = [
        (fitted, rowid)
        for rowid, value in connection.execute(query)
        if value is not None and not _same(fitted := fit(value), value)
    ]
    return _update(connection, table, name, changes)


def _update(connection: sqlite3.Connection, table: str, name: str, changes: Sequence[tuple[Any, int]]) -> int:
    # Two keys that differ in what is mended would collide: the second stays as it is.
    connection.executemany(f'UPDATE OR IGNORE "{table}" SET {name} = ? WHERE rowid = ?', changes)
    return len(changes)


def _drop_unknown_structures(connection: sqlite3.Connection, table: str, name: str) -> int:
    from pydantic import TypeAdapter, ValidationError

    adapter = TypeAdapter(_STRUCTURES[name])

    def known(text: str) -> bool:
        try:
            adapter.validate_json(text.encode("utf-8", "replace"), strict=True)
        except ValidationError:
            return False
        return True

    query = f'SELECT rowid, "{name}" FROM "{table}" WHERE "{name}" IS NOT NULL'
    unknown = [(None, rowid) for rowid, text in connection.execute(query) if not known(text)]
    return _update(connection, table, f'"{name}"', unknown)


def _drop_unknown_words(connection: sqlite3.Connection, table: str, name: str, words: tuple[str, ...]) -> int:
    marks = ",".join("?" * len(words))
    query = f'UPDATE "{table}" SET "{name}" = NULL WHERE "{name}" NOT IN ({marks})'
    return connection.execute(query, words).rowcount


def _drop_damaged(
    connection: sqlite3.Connection, table: str, columns: tuple[str, ...], check: Callable[..., None]
) -> int:
    query = f"SELECT rowid, {', '.join(columns)} FROM {table}"
    damaged = [(rowid,) for rowid, *packed in connection.execute(query) if not _is_sound(packed, check)]
    connection.executemany(f"DELETE FROM {table} WHERE rowid = ?", damaged)
    return len(damaged)


def _is_sound(packed: list[Any], check: Callable[..., None]) -> bool:
    try:
        check(*packed)
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError, zlib.error):
        return False
    return all(value is None or isinstance(value, bytes) for value in packed)


def _check_samples(*packed: bytes | None) -> None:
    t_s, value, start_s = map(codec.unpack_floats, packed)
    if len(t_s) != len(value) or len(start_s) not in (0, len(t_s)):
        raise ValueError("as many values as times are needed")


def _check_stacks(functions: bytes, frames: bytes) -> None:
    from pydantic import TypeAdapter

    found = codec.record(inside.unpack(functions, frames))
    found["trees"] = [codec.record(tree) for tree in found["trees"]]
    stacks = TypeAdapter(model.Stacks).validate_python(found)
    for tree in stacks.trees:
        if not len(tree.functions) == len(tree.parents) == len(tree.self_s):
            raise ValueError("a frame needs a function, a parent and a time")
        if any(not -1 <= parent < at for at, parent in enumerate(tree.parents)):
            raise ValueError("a frame stands behind its parent")
    known, owners = range(len(stacks.functions)), range(len(stacks.owners))
    called = {at for tree in stacks.trees for at in tree.functions}
    named = {tree.owner for tree in stacks.trees if tree.owner is not None}
    if not called.issubset(known) or not named.union(each.owner for each in stacks.functions).issubset(
        owners
    ):
        raise ValueError("a function or an owner is missing")


def _check_operators(operators: bytes) -> None:
    from pydantic import TypeAdapter

    TypeAdapter(list[model.Operator]).validate_json(codec.unpack_text(operators) or "")


_PACKED: dict[str, tuple[tuple[str, ...], Callable[..., None]]] = {
    "profiler_series": (("t_s", "value", "start_s"), _check_samples),
    "profiler_stacks": (("functions", "frames"), _check_stacks),
    "profiler_kernels": (("operators",), _check_operators),
}
"""By table the columns that are packed together, and what raises where they cannot be used."""


def _same(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other


def _as_text(value: object) -> str:
    raw = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogateescape")
    return raw.decode("utf-8", "replace").replace("\0", "\ufffd")


def _as_number_or_text(value: object) -> object:
    return value if isinstance(value, (int, float)) else _as_text(value)


def _as_float(value: object) -> float | None:
    try:
        number = float(_as_text(value))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _as_integer(value: object) -> int | None:
    number = _as_float(value)
    return int(number) if number is not None and abs(number) <= _INTEGER_MAX else None


def _as_flag(value: object) -> bool | None:
    number = _as_float(value)
    return None if number is None else bool(number)
