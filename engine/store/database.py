"""Opens the history's database and keeps it in order. Knows files, not runs.

Never deletes a database: a damaged file is set aside under a new name.
"""

from __future__ import annotations


class Database:
    """One database, opened at first use; safe from any thread.

    ``url`` is a path or any SQLAlchemy URL. ``notices`` are plain sentences that the
    user should see once (a damaged file set aside, a read-only folder).
    """

    def __init__(self, url: str, *, busy_timeout_s: float = 5.0) -> None:
        self.url = url
        self.busy_timeout_s = busy_timeout_s
        self.notices: list[str] = []
        self.read_only = False

    def close(self) -> None:
        """Close all connections. The next use opens the database again."""
