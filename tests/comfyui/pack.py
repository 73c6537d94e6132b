"""Putting this checkout into a ComfyUI's ``custom_nodes``, as a user's clone would lie there.

Only the files that belong to the pack are copied: nothing of tests, caches or ignored folders. A copy, not a
link, so that a pack which wrote into its own folder would be seen.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from .cache import REPOSITORY

PACK_FOLDER = "workflow-profiler"
_PARTS = (
    "__init__.py",
    "nodes",
    "engine",
    "js",
    "locales",
    "tools",
    "example_workflows",
    "pyproject.toml",
    "requirements.txt",
)


def pack_files() -> list[Path]:
    """The pack's files, relative to the repository: tracked ones and new ones that git does not ignore."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *_PARTS]
    try:
        listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
        names = [Path(name) for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):  # an unpacked archive, without git
        found = [path for part in _PARTS for path in [REPOSITORY / part, *(REPOSITORY / part).rglob("*")]]
        names = [path.relative_to(REPOSITORY) for path in found if "__pycache__" not in path.parts]
    return sorted({name for name in names if (REPOSITORY / name).is_file()})


def install_pack(custom_nodes: Path, folder: str = PACK_FOLDER) -> Path:
    """Copy the pack into ``folder`` below ``custom_nodes`` and return it."""
    target = custom_nodes / folder
    shutil.rmtree(target, ignore_errors=True)
    for name in pack_files():
        copy = target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPOSITORY / name, copy)
    return target


def install_test_nodes(custom_nodes: Path) -> Path:
    """Copy the nodes that tests build their workflows from, and return their folder."""
    return install_double(custom_nodes, "test_nodes", "profiler-test-nodes")


def install_double(custom_nodes: Path, name: str, folder: str | None = None) -> Path:
    """Copy the test pack ``name``, which lies beside this file, and return its folder."""
    target = custom_nodes / (folder or name)
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(Path(__file__).with_name(name), target, ignore=shutil.ignore_patterns("__pycache__"))
    return target
