"""What can go wrong with the history, by name. Each message says what to do.

Never raised towards a user's workflow: the writer keeps them on the run's
handle, routes turn them into JSON answers.
"""
# ruff: noqa: N818 - they say what is the matter, and read well in an except line

from __future__ import annotations


class StoreError(Exception):
    """The history cannot do what was asked. The text is for people."""


class StoreReadOnly(StoreError):
    """The database file or its folder cannot be written."""


class StoreBusy(StoreError):
    """Another process kept the database locked for longer than the busy timeout."""


class StoreFull(StoreError):
    """The disk that holds the database is full, or its quota is used up."""


class StoreDamaged(StoreError):
    """The database is not a readable database any more."""


class StoreTooNew(StoreError):
    """The database was written by a newer version of this pack."""


class StoreUnavailable(StoreError):
    """The database cannot be reached: wrong address, missing driver, server down."""


class NotInHistory(StoreError, LookupError):
    """No run, step or group has the id that was asked for."""


class BadQuery(StoreError, ValueError):
    """A sort column, filter or field that the history does not have."""


class NotAHistory(StoreError, ValueError):
    """The file to import is not a database with a profiler's tables."""
