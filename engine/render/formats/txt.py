"""Plain text: the table."""

from __future__ import annotations

from ...model import Run
from .. import table
from ..options import Options

SUFFIX = ".txt"
MIME = "text/plain; charset=utf-8"


def render(run: Run, options: Options) -> bytes:
    """The table as UTF-8."""
    text = table.render(
        run, title=options.title, sort_by=options.sort_by, top_n=options.top_n, groups=options.groups
    )
    return text.encode("utf-8", "replace")
