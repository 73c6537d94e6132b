"""Which versions of other node packs are installed, read from their files.

Runs no program (git stays unused) and imports no pack. Files that are missing or
broken make a pack "unknown", never an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

UNKNOWN = "unknown"
COMMIT_LENGTH = 10
_SIZE_LIMIT = 1_000_000
_SECTION = re.compile(r"^\s*\[+\s*([^\]]+?)\s*\]+", re.MULTILINE)
_VERSION = re.compile(r"""^\s*version\s*=\s*["']([^"'\n]{1,80})["']""", re.MULTILINE)
_NAME = re.compile(r"""^\s*name\s*=\s*["']([^"'\n]{1,80})["']""", re.MULTILINE)
_COMMIT = re.compile(r"^[0-9a-f]{40,64}$")


def installed_packs(folders: Iterable[str]) -> dict[str, str]:
    """Folder name -> version of every pack in the ``custom_nodes`` folders."""
    found: dict[str, str] = {}
    for entry in chain.from_iterable(map(_entries, folders)):
        hidden = entry.name.startswith((".", "__")) or entry.name.endswith(".disabled")
        if not hidden and entry.is_dir() and entry.name not in found:
            found[entry.name] = pack_version(entry)
    return found


def pack_version(folder: Path) -> str:
    """The version in ``pyproject.toml``, the commit that is checked out, or both."""
    version, commit = project_version(folder), git_commit(folder)
    if version and commit:
        return f"{version} ({commit})"
    return version or commit or UNKNOWN


def project_version(folder: Path) -> str | None:
    """``version`` of the ``[project]`` table."""
    return _project_value(folder, _VERSION)


def project_name(folder: Path) -> str:
    """``name`` of the ``[project]`` table, else the folder's own."""
    return _project_value(folder, _NAME) or folder.name


def pack_names(folders: Iterable[str]) -> dict[str, str]:
    """Path -> name of everything in the ``custom_nodes`` folders that can be a pack."""
    found: dict[str, str] = {}
    for entry in chain.from_iterable(map(_entries, folders)):
        if entry.is_dir():
            found[str(entry)] = project_name(entry)
        elif entry.suffix == ".py":
            found[str(entry)] = entry.stem
    return found


def _entries(folder: str) -> list[Path]:
    try:
        return sorted(Path(folder).iterdir())
    except OSError:
        return []


def _project_value(folder: Path, pattern: re.Pattern[str]) -> str | None:
    text = _read(folder / "pyproject.toml")
    if text is None:
        return None
    sections = list(_SECTION.finditer(text))
    for section, after in zip(sections, [*sections[1:], None], strict=False):
        if section.group(1) == "project":
            body = text[section.end() : after.start() if after else len(text)]
            match = pattern.search(body)
            return match.group(1) if match else None
    return None


def git_commit(folder: Path) -> str | None:
    """The first :data:`COMMIT_LENGTH` digits of the checked-out commit of a git work tree."""
    git = folder / ".git"
    if git.is_file():  # a worktree or a submodule: the file says where the repository is
        link = _read(git)
        if link is None or not link.startswith("gitdir:"):
            return None
        git = folder / link.removeprefix("gitdir:").strip()
    head = (_read(git / "HEAD") or "").strip()
    if not head.startswith("ref:"):
        return _short(head)
    name = head.removeprefix("ref:").strip()
    if not name.startswith("refs/") or ".." in name:
        return None
    shared = (_read(git / "commondir") or "").strip()
    for place in [git, git / shared] if shared else [git]:
        commit = _short((_read(place / name) or "").strip())
        if commit is not None:
            return commit
        for line in (_read(place / "packed-refs") or "").splitlines():
            if line.endswith(f" {name}"):
                return _short(line.split(" ", 1)[0])
    return None


def _short(commit: str) -> str | None:
    return commit[:COMMIT_LENGTH] if _COMMIT.match(commit) else None


def _read(path: Path) -> str | None:
    try:
        if path.stat().st_size > _SIZE_LIMIT:
            return None
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
