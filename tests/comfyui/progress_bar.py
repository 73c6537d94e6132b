"""One line in the terminal that says which node runs and how far it is; elsewhere one line a node."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from typing import Any

_LAST = ("execution_success", "execution_error", "execution_interrupted")
_WIDTH = 24


class ProgressBar:
    """Fed with a prompt's WebSocket messages. ``titles``: node id -> title, of all nodes that may run."""

    def __init__(self, titles: Mapping[str, str]) -> None:
        self._titles = titles
        self._done: set[str] = set()
        self._running = ""
        self._step = ""
        self._shown = ""
        self._terminal = sys.stderr.isatty()
        self.over = False
        self.error: str | None = None

    def show(self, kind: str, data: Mapping[str, Any]) -> None:
        """Take one message in."""
        if kind == "execution_cached":
            self._done.update(map(str, data["nodes"]))
        elif kind == "executed":
            self._done.add(str(data["node"]))
        elif kind == "executing" and data.get("node") is not None:
            if self._running:
                self._done.add(self._running)
            self._running, self._step = str(data["node"]), ""
        elif kind == "progress":
            self._step = f" {data['value']}/{data['max']}"
        elif kind == "execution_error":
            self.error = f"{data.get('node_type')}: {data.get('exception_message')}"
        if kind in _LAST:
            self.over = True
            self._done.update(self._titles)
            self._running = ""
        self._draw()

    def close(self) -> None:
        """Leave the line."""
        if self._terminal:
            sys.stderr.write("\n")
            sys.stderr.flush()

    def _draw(self) -> None:
        total = len(self._titles)
        done = len(self._done & set(self._titles))
        title = self._titles.get(self._running, self._running)
        if not self._terminal:
            line = f"  {title}" if title else ""
            if line and line != self._shown:
                print(line, file=sys.stderr, flush=True)
            self._shown = line
            return
        filled = _WIDTH * done // max(total, 1)
        line = f"[{'#' * filled}{'.' * (_WIDTH - filled)}] {done}/{total} {title}{self._step}"
        line = line[: shutil.get_terminal_size().columns - 1]
        sys.stderr.write("\r" + line.ljust(len(self._shown)))
        sys.stderr.flush()
        self._shown = line
