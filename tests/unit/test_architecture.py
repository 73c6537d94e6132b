"""docs/architecture.md names what there is: each path in it exists, and no room is left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
TREE = TEXT.split("```")[1]
ROOMS = ("engine", "nodes", "js", "tests", "metrics", "locales", "docs")


def existing() -> set[str]:
    """Files and folders of the rooms, from the root, ``/``-separated."""
    found = {path for room in ROOMS for path in (ROOT / room).rglob("*") if "__pycache__" not in path.parts}
    found |= {ROOT / "__init__.py", *(ROOT / room for room in ROOMS)}
    return {path.relative_to(ROOT).as_posix() for path in found}


def drawn() -> Iterator[str]:
    """The paths of the tree at the top of the page, indented below the folder they lie in."""
    folders: list[tuple[int, str]] = []
    for line in TREE.splitlines():
        name = re.match(r"( *)([\w./]+(?:/|\.py))\s", line + " ")
        if name is None:
            continue
        depth = len(name[1])
        folders = [(at, folder) for at, folder in folders if at < depth]
        path = "".join(folder for _, folder in folders) + name[2]
        if name[2].endswith("/"):
            folders.append((depth, name[2]))
        yield path.rstrip("/")


def test_every_path_of_the_tree_exists() -> None:
    paths = set(drawn())
    assert len(paths) > 15
    assert not paths - existing()


def test_every_room_is_drawn() -> None:
    rooms = {
        path.relative_to(ROOT).as_posix()
        for folder in ("engine", "engine/host")
        for path in (ROOT / folder).iterdir()
        if path.is_dir() and path.name != "__pycache__"
    }
    assert not rooms - set(drawn())
    files = {path.stem for path in (ROOT / "engine/host").glob("*.py")} - {"__init__"}
    assert not files - set(re.findall(r"\w+", TREE)), "engine/host has a file that the page does not name"


def test_every_path_in_the_text_exists() -> None:
    """A path may leave out where its room lies: ``run/start.py`` is in ``engine/host``."""
    known = existing()
    named = re.findall(r"`([\w*]+(?:/[\w.*]+)+|\w+\.(?:py|js))`", TEXT.replace("```", ""))
    assert len(named) > 20
    for name in named:
        pattern = re.compile(rf"(?:.*/)?{re.escape(name.rstrip('/')).replace(re.escape('*'), '[^/]*')}")
        assert any(pattern.fullmatch(path) for path in known), name
