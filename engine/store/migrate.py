"""Brings a database to the newest revision through Alembic, which is imported only then.

Never decides where a database lies. The migrations are found by path, because a
host may load this pack under any module name from any folder.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, inspect

from .errors import StoreTooNew
from .schema import HEAD, MIGRATIONS, VERSION_TABLE

_alembic_lock = threading.Lock()
"""Alembic's ``op`` and ``context`` are module globals: one migration at a time."""


def revision_of(connection: Connection) -> str | None:
    """The revision that the database is at, ``None`` for one this pack never opened."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    row = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").first()
    return None if row is None else str(row[0])


def is_current(engine: Engine) -> bool:
    """Whether no migration is missing."""
    with engine.connect() as connection:
        return revision_of(connection) == HEAD


def upgrade(engine: Engine, where: str) -> None:
    """Run the migrations that are missing, if any are, all in one transaction.

    ``engine`` must not enforce foreign keys on SQLite, where changing a table means
    dropping it. Raises :class:`StoreTooNew` for a revision that this pack does not know.
    """
    if is_current(engine):
        return
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with (
        _alembic_lock,
        engine.connect().execution_options(holaf_write=True) as connection,
        connection.begin(),
    ):
        # Asked inside the write transaction: another process may have been first.
        revision = revision_of(connection)
        if revision == HEAD:
            return
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if revision is not None and revision not in known:
            raise StoreTooNew(
                f"The history at {where} was written by a newer version of Workflow Profiler "
                f"(revision {revision}). Update the pack, or move that file away to start a new history."
            )
        config.attributes["connection"] = connection
        config.attributes["version_table"] = VERSION_TABLE
        with _quiet("alembic"):
            command.upgrade(config, "head")


@contextmanager
def _quiet(logger: str) -> Iterator[None]:
    """Keep a library's progress messages out of ComfyUI's console."""
    log = logging.getLogger(logger)
    before = log.level
    log.setLevel(logging.WARNING)
    try:
        yield
    finally:
        log.setLevel(before)
