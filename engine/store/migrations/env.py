"""Runs migrations on the connection that ``migrate.py`` hands over. Never opens one itself."""

from __future__ import annotations

from alembic import context

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    version_table=context.config.attributes["version_table"],
)
# The connection is in a transaction already, on SQLite too: a host killed half-way loses nothing.
with context.begin_transaction():
    context.run_migrations()
