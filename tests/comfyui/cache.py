"""Where downloads and environments lie, and how something half made is never taken for good.

Everything is made beside its final place and renamed onto it; a stamp in it says what it was made from.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from .problem import ProvisioningError

REPOSITORY = Path(__file__).resolve().parents[2]
CACHE_VARIABLE = "HOLAF_TEST_CACHE"
STAMP = ".provisioned.json"
_LOCK_PATIENCE_S = 1800.0


def cache_folder() -> Path:
    """The folder for everything that is fetched or built: ``.cache`` here, or where the variable says."""
    named = os.environ.get(CACHE_VARIABLE)
    folder = Path(named).expanduser().resolve() if named else REPOSITORY / ".cache"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".writable-{os.getpid()}"
        probe.write_text("", encoding="utf-8")
        probe.unlink()
    except OSError as error:
        raise ProvisioningError(
            f"The cache folder {folder} cannot be written ({error.strerror or error}): "
            f"remove what is in the way, or name another folder in {CACHE_VARIABLE}."
        ) from error
    return folder


def say(text: str) -> None:
    """One line of progress on stderr, at once."""
    print(text, file=sys.stderr, flush=True)


def digest(*parts: str | bytes) -> str:
    """A hash that changes when any of ``parts`` changes."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "big"))
        total.update(data)
    return total.hexdigest()


def file_digest(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    total = hashlib.sha256()
    with path.open("rb") as source:
        while block := source.read(1 << 20):
            total.update(block)
    return total.hexdigest()


def count_files(folder: Path) -> int:
    """How many files lie below ``folder``, byte code and the stamp left out."""
    total = 0
    for _, folders, names in os.walk(folder):
        if "__pycache__" in folders:
            folders.remove("__pycache__")
        total += sum(1 for name in names if name != STAMP and not name.endswith(".pyc"))
    return total


def stamped(folder: Path, key: str) -> dict[str, object] | None:
    """The stamp of ``folder`` if it was completed from the inputs that ``key`` stands for, else ``None``."""
    try:
        stamp = json.loads((folder / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return stamp if isinstance(stamp, dict) and stamp.get("key") == key else None


def write_stamp(folder: Path, key: str, **facts: object) -> None:
    """Declare ``folder`` complete. The last thing done to it."""
    text = json.dumps({"key": key, **facts}, indent=1)
    partial = folder / f"{STAMP}.{os.getpid()}"
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, folder / STAMP)


def remove(folder: Path) -> None:
    """Remove a file or a folder, there or not."""
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder, ignore_errors=True)
    else:
        folder.unlink(missing_ok=True)
    if folder.exists():
        raise ProvisioningError(
            f"{folder} is damaged and cannot be removed: delete it by hand and try again."
        )


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Let one process at a time provision into ``folder``; the others wait and find the work done.

    The lock is the operating system's: it ends with the process that holds it.
    """
    try:
        import fcntl
    except ImportError:  # Windows: no waiting; the renames keep the result whole
        yield
        return
    with (folder / ".lock").open("w", encoding="utf-8") as lock:
        deadline = time.monotonic() + _LOCK_PATIENCE_S
        told = False
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if time.monotonic() > deadline:
                    raise ProvisioningError(
                        f"Another process has been at work in {folder} for half an hour: stop it first."
                    ) from error
                if not told:
                    say("Another process is provisioning into the same cache: waiting for it ...")
                    told = True
                time.sleep(0.2)
        yield
