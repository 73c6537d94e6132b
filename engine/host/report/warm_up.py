"""Loads what drawing needs beside the first run that has a Report: its picture is quick. Never at start-up.

Loading holds Python's lock for more than a second in all. It is done in pieces with pauses between
them, on a thread that the system prefers least, and not at all for a run that is over sooner.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import sys
import threading
from collections.abc import Callable

log = logging.getLogger("holaf.profiler")

DELAY_S = 0.25
"""A run that ends within this time draws before loading beside it would have helped."""
PAUSE_S = 0.05
"""Between two pieces the run has Python's lock to itself."""

PIECES = (
    "pyparsing",
    "kiwisolver",
    "dateutil.rrule",
    "matplotlib",
    "matplotlib.font_manager",
    "matplotlib.text",
    "matplotlib.artist",
    "matplotlib.lines",
    "matplotlib.collections",
    "matplotlib.ticker",
    "matplotlib.axis",
    "matplotlib.axes",
    "matplotlib.figure",
    "matplotlib.backends.backend_agg",
    "engine.render.table",
    "engine.render.chart.picture",
)
"""Modules in an order in which each loads little beyond those before it."""

_started = False


def begin(wait: Callable[[float], bool]) -> None:
    """Load in the background, once in the life of the process.

    ``wait`` waits that many seconds and answers whether the run is over by then.
    """
    global _started
    if _started or PIECES[-1] in sys.modules:
        return
    _started = True
    threading.Thread(target=_load, args=(wait,), name="holaf-profiler-warm-up", daemon=True).start()


def _load(wait: Callable[[float], bool]) -> None:
    global _started
    _prefer_others()
    if wait(DELAY_S):
        _started = False
        return
    for name in PIECES:
        try:
            importlib.import_module(name if not name.startswith("engine.") else _own(name))
        except Exception as error:  # noqa: BLE001 - drawing itself says what is missing and what to do
            log.debug("Profiler: %s could not be loaded early: %s", name, error)
            return
        if wait(PAUSE_S):
            return


def _own(name: str) -> str:
    """The full name of a module of this pack, which ComfyUI loads under a name of its own choice."""
    return __name__.partition(".host.")[0] + name.removeprefix("engine")


def _prefer_others() -> None:
    if sys.platform == "linux":  # elsewhere a thread has no such priority of its own
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
