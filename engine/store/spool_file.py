"""Where runs wait that their history did not take, and whether there are any. Imports nothing heavy."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from .address import companion

SUFFIX = "-undelivered"
BUSY_TIMEOUT_S = 0.5


def places(url: str, folder: Path | None) -> list[Path]:
    """Where a spool of this history may lie, the better place first."""
    beside = companion(url, folder, SUFFIX)
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "")
    elsewhere = Path(tempfile.gettempdir()) / f"holaf-profiler-{user}"
    return [beside, companion(f"spool://{url}", elsewhere, SUFFIX)]


def exists(url: str, folder: Path | None) -> bool:
    """Whether runs wait to be delivered. Asks the plain driver, for ComfyUI's start."""
    return any(holds_runs(path) for path in places(url, folder) if path.is_file())


def holds_runs(path: Path) -> bool:
    try:
        address = path.absolute().as_uri() + "?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT_S)) as connection:
            return connection.execute("SELECT 1 FROM profiler_runs LIMIT 1").fetchone() is not None
    except sqlite3.Error:
        return False


def make_private(folder: Path) -> None:
    """Make the folder where it is missing, for this user alone. Raises ``OSError`` for somebody else's."""
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True)
    if not is_ours(folder):
        raise PermissionError(f"{folder} belongs to another user")


def is_ours(folder: Path) -> bool:
    """A folder that anybody may make (in the temporary one) counts only if this user made it."""
    temporary = folder.parent == Path(tempfile.gettempdir())
    return not temporary or not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()
