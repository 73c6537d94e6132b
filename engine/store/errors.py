"""What can go wrong with the history, by name. Each message says what to do.

Never raised towards a user's workflow: the writer keeps them on the run's
handle, routes turn them into JSON answers.
"""
# ruff: noqa: N818 - they say what is the matter, and read well in an except line

from __future__ import annotations


class StoreError(Exception):
    """The history cannot do what was asked. The text is for people."""

    passes = False
    """Whether the same may work later without anybody changing the pack or the question."""


class StoreReadOnly(StoreError):
    """The database file or its folder cannot be written."""

    passes = True


class StoreBusy(StoreError):
    """Another process kept the database locked for longer than the busy timeout."""

    passes = True


class StoreFull(StoreError):
    """The disk that holds the database is full, or its quota is used up."""

    passes = True


class StoreDamaged(StoreError):
    """The database is not a readable database any more."""

    passes = True


class StoreTooNew(StoreError):
    """The database was written by a newer version of this pack."""


class StoreUnavailable(StoreError):
    """The database cannot be reached: wrong address, missing driver, server down."""


class StoreAway(StoreUnavailable):
    """The database's server or disk does not answer now."""

    passes = True


class StoreConflict(StoreError):
    """Another worker changed the same rows at the same time; nothing was written."""

    passes = True


class NotInHistory(StoreError, LookupError):
    """No run, step or group has the id that was asked for."""


class BadQuery(StoreError, ValueError):
    """A sort column, filter or field that the history does not have."""


class NotAHistory(StoreError, ValueError):
    """The file to import is not a database with a profiler's tables."""
