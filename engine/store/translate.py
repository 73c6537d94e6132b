"""Turns what database drivers raise into this pack's named errors. Decides nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError, SQLAlchemyError

from .address import ENV_VARIABLE
from .errors import (
    NotInHistory,
    StoreAway,
    StoreBusy,
    StoreConflict,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreReadOnly,
    StoreUnavailable,
)

_CONFLICT = ("deadlock detected", "could not serialize")
_AWAY = ("unable to open database file", "disk i/o error", "locking protocol")
_BY_TEXT: tuple[tuple[tuple[str, ...], type[StoreError], str], ...] = (
    (
        ("not a database", "malformed", "file is encrypted"),
        StoreDamaged,
        "The history at {where} is damaged. It is set aside under a new name as soon as it is opened again.",
    ),
    (
        ("is locked", "is busy", "lock timeout", "schema has changed"),
        StoreBusy,
        "The history at {where} is locked by another process. Close the other program that has it open, "
        "or wait until it is done.",
    ),
    (
        ("disk is full", "disk full", "no space left", "quota", "could not extend file"),
        StoreFull,
        "The disk that holds the history at {where} is full. Free some space there, or point "
        f"{ENV_VARIABLE} to another disk.",
    ),
    (
        ("out of range",),
        NotInHistory,
        "There is nothing with such a number in the history at {where}.",
    ),
    (
        ("readonly", "read-only", "permission denied", "operation not permitted"),
        StoreReadOnly,
        "The history at {where} cannot be written. Make the file and its folder writable, or point "
        f"{ENV_VARIABLE} to another place.",
    ),
)


def translated(error: BaseException, where: str) -> StoreError:
    """The named error for what a driver or the operating system raised."""
    cause = getattr(error, "orig", None) or error
    text = " ".join(str(cause).split())
    lowered = text.lower()
    if "disk i/o error" in lowered and _no_space(where):
        lowered = "disk full"  # SQLite could not grow the file that its processes share
    for needles, named, message in _BY_TEXT:
        if any(needle in lowered for needle in needles):
            return named(message.format(where=where))
    if isinstance(error, IntegrityError) or any(needle in lowered for needle in _CONFLICT):
        return StoreConflict(f"Another worker changed the history at {where} at the same time ({text}).")
    lost = isinstance(error, (OperationalError, InterfaceError)) and "://" in where
    kind = StoreAway if lost or any(needle in lowered for needle in _AWAY) else StoreUnavailable
    return kind(
        f"The history at {where} cannot be used ({text or type(cause).__name__}). Check that the place "
        f"exists and can be reached, or change {ENV_VARIABLE}."
    )


def _no_space(where: str) -> bool:
    folder = Path(where).parent
    return folder.is_dir() and shutil.disk_usage(folder).free < 1024 * 1024


@contextmanager
def translating(where: str) -> Iterator[None]:
    """Raise a :class:`StoreError` in place of driver and file errors."""
    import sqlite3

    try:
        yield
    except StoreError:
        raise
    except (SQLAlchemyError, sqlite3.Error, OSError, ImportError) as error:
        raise translated(error, where) from error
