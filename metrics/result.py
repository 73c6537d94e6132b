"""Where a benchmark's result goes, and on which machine it was measured."""

from __future__ import annotations

import platform
from pathlib import Path

FOLDER = Path(__file__).parent / "results"
MACHINE = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"


def write(name: str, text: str) -> None:
    """Print ``text`` (Markdown) and keep it as ``results/<name>.md``."""
    print(text)
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.md").write_text(text, encoding="utf-8")
