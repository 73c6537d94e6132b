"""A small file for each run that goes on: it names the node at work, and its lock says that the run lives.

The name is written at every node boundary, on the executor's thread, into memory that the
kernel keeps when the process is killed. The lock ends with its process, whatever the
clock says and in whatever container it ran. Knows nothing of databases.
"""

from __future__ import annotations

import mmap
import os
import re
import sys
from functools import lru_cache
from pathlib import Path
from typing import Literal

SIZE = 256
"""Bytes for a node's id; a longer one is cut."""
_MAPPED_FILE_SYSTEMS = frozenset(("ext2", "ext3", "ext4", "xfs", "tmpfs", "overlay"))
"""Where a written block stays where it is. On one that copies on write, a full disk would end the process
at its next write to mapped memory; there the name is written through the file."""
UNKNOWN = b"?"
"""What the file says before its run names a node, or names none."""
_NOBODY = bytes(SIZE)
_own: set[Path] = set()
"""Runs of this process: asking for their lock would give it up."""


class RunMark:
    """The file of one run of this process. Made before its first node; :meth:`remove` when it is on disk."""

    def __init__(self, path: Path) -> None:
        """Raises ``OSError`` where the file cannot be made."""
        self._path = path
        self._memory: mmap.mmap | None = None
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)
        try:
            _lock(self._file)
            os.write(self._file, UNKNOWN.ljust(SIZE, b"\0"))
            if _keeps_blocks(path.parent.resolve()):
                self._memory = mmap.mmap(self._file, SIZE)
        except OSError:
            os.close(self._file)
            path.unlink(missing_ok=True)
            raise
        _own.add(path)

    def name(self, node_id: str | None) -> None:
        """This node is at work now; ``None`` for none. A few hundred nanoseconds; never raises."""
        text = node_id.encode("utf-8", "replace")[:SIZE].ljust(SIZE, b"\0") if node_id else _NOBODY
        try:
            if self._memory is not None:
                self._memory[:] = text
            elif hasattr(os, "pwrite"):
                os.pwrite(self._file, text, 0)
            else:
                os.lseek(self._file, 0, os.SEEK_SET)
                os.write(self._file, text)
        except (OSError, ValueError):  # removed, or a full disk: the run goes on without its name
            return

    def remove(self) -> None:
        """The run is on disk."""
        self.abandon()
        discard(self._path)

    def abandon(self) -> None:
        """The run is given up: leave the file to whoever marks the run as crashed."""
        if self._path not in _own:
            return
        if self._memory is not None:
            self._memory.close()
        file, self._file = self._file, -1  # another file may get the number that closing sets free
        _own.discard(self._path)
        os.close(file)


State = Literal["held", "left", "none"]


def state(path: Path) -> State:
    """``held``: its run goes on. ``left``: its process is gone. ``none``: no file, or no way to know."""
    if path in _own:
        return "held"
    try:
        file = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    except OSError:
        return "none"
    try:
        _lock(file)
    except (BlockingIOError, PermissionError):
        return "held"
    except OSError:  # a file system without locks
        return "none"
    else:
        return "left"
    finally:
        os.close(file)


def node_at_work(path: Path, otherwise: str | None) -> str | None:
    """The node that a file names; ``otherwise`` where it does not know."""
    try:
        text = path.read_bytes()[:SIZE].rstrip(b"\0")
    except OSError:
        return otherwise
    return otherwise if text == UNKNOWN else text.decode("utf-8", "replace") or None


def discard(path: Path) -> None:
    """Remove the file of a run that is marked."""
    try:
        path.unlink(missing_ok=True)
    except OSError:  # Windows keeps a file that somebody else has open
        return


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        # Behind the name: Windows lets nobody else read what is locked.
        os.lseek(file, SIZE, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        os.lseek(file, 0, os.SEEK_SET)

    def _keeps_blocks(folder: Path) -> bool:
        return True

else:
    import fcntl

    def _lock(file: int) -> None:
        # A record lock: unlike flock's, a child process does not inherit it.
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    @lru_cache(maxsize=16)
    def _keeps_blocks(folder: Path) -> bool:
        try:
            table = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return False
        places = {}
        for line in table.splitlines():
            left, _, right = line.partition(" - ")
            place = re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), left.split()[4])
            places[Path(place)] = right.split()[0]
        kinds = [places[place] for place in (folder, *folder.parents) if place in places]
        return bool(kinds) and kinds[0] in _MAPPED_FILE_SYSTEMS
