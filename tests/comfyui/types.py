"""Run mypy over the pack as ComfyUI sees it: one package with relative imports.

The checkout's own name is no valid package name, so a link with one stands in a folder of its own.
"""

from __future__ import annotations

import subprocess
import sys

from .cache import REPOSITORY, cache_folder

PACKAGE = "holaf_profiler_pack"


def main() -> int:
    """Check the pack strictly; mypy's exit code."""
    folder = cache_folder() / "types"
    folder.mkdir(exist_ok=True)
    link = folder / PACKAGE
    if not link.is_symlink() or link.resolve() != REPOSITORY:
        link.unlink(missing_ok=True)
        link.symlink_to(REPOSITORY, target_is_directory=True)
    command = [sys.executable, "-m", "mypy", "--config-file", str(REPOSITORY / "pyproject.toml")]
    command += [
        "--cache-dir",
        str(folder / "cache"),
        "--exclude",
        "/(tests|metrics|js)/",
        "--package",
        PACKAGE,
    ]
    return subprocess.run(command, cwd=folder, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
