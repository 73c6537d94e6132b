"""The files beside a history that hold the operators recorded inside nodes. They go with their runs."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from sqlalchemy import select

from . import schema, spool_file
from .address import companion
from .database import Database

log = logging.getLogger("holaf.profiler")

UNCLAIMED_S = 600.0
"""A file is there before its run is: so old, and in no run, it is nobody's."""


def folder(database: Database) -> Path:
    """Where this machine keeps the files of that history. It may not exist yet."""
    history = companion(database.url, database.folder, "")
    return history.with_name(f"{history.stem}_kernels")


def sweep(database: Database) -> None:
    """Remove the files of runs that the history holds no more. Raises ``StoreError``."""
    place = folder(database)
    if not place.is_dir() or spool_file.exists(database.url, database.folder):
        return
    with database.read() as connection:
        kept = set(connection.execute(select(schema.kernels.c.trace_file)).scalars())
    try:
        for file in place.iterdir():
            if file.name not in kept and time.time() - file.stat().st_mtime > UNCLAIMED_S:
                file.unlink(missing_ok=True)
    except OSError as error:  # tried again with the next removal
        log.info("A file of runs that are gone could not be removed: %s", error)
