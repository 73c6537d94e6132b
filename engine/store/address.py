"""Where a history lies: what a path or a database address means. Opens nothing, imports no driver."""

from __future__ import annotations

import hashlib
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import StoreUnavailable

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

ENV_VARIABLE = "HOLAF_PROFILER_DATABASE_URL"
_SQLITE = re.compile(r"sqlite(?:\+\w+)?://(?:/([^?]*))?(?:\?.*)?")


def sqlite_path(url: str | Path) -> Path | None:
    """The file of a plain path or an ``sqlite:///`` address; ``None`` for a server's address.

    Raises :class:`StoreUnavailable` for an SQLite address without a file.
    """
    if isinstance(url, Path) or "://" not in url:
        return Path(url)
    found = _SQLITE.fullmatch(url)
    if found is None:
        return None
    if found.group(1) in (None, "", ":memory:"):
        raise StoreUnavailable(f"{ENV_VARIABLE} names an SQLite database without a file. Add a path to it.")
    return Path(found.group(1))


def server_url(url: str) -> URL:
    """A server's address, parsed. Raises :class:`StoreUnavailable`."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url)
    except ArgumentError as error:
        raise StoreUnavailable(
            f"{ENV_VARIABLE} is not a database address that SQLAlchemy understands. "
            "Examples: sqlite:////data/profiler.db, postgresql+psycopg2://user@host/name"
        ) from error


def shown(url: str | Path) -> str:
    """The place for people to read: no password in it."""
    path = sqlite_path(url)
    return str(path) if path is not None else server_url(str(url)).render_as_string(hide_password=True)


def companion(url: str | Path, folder: Path | None, suffix: str) -> Path:
    """A file of this machine that belongs to the history: beside an SQLite file, else in ``folder``.

    ``folder`` is needed for a server's address only; without one it is the temporary folder.
    """
    path = sqlite_path(url)
    if path is not None:
        return path.with_name(path.name + suffix)
    name = hashlib.sha256(str(url).encode()).hexdigest()[:12]
    return (folder or Path(tempfile.gettempdir())) / f"server-{name}{suffix}"
