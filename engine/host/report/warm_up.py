"""Loads what drawing needs beside the first run that has a Report: its picture is quick. Never at start-up.

Loading holds Python's lock for more than a second in all, which would be billed to the nodes of a first run.
So it is done in pieces, each begun only while nobody else wants the lock: while a node computes in PyTorch or
waits. The thread has no low priority: whenever it had the lock and other programs the processor, the whole
workflow would wait for it.
"""

from __future__ import annotations

import importlib
import logging
import sys
import threading
import time
from collections.abc import Callable

log = logging.getLogger("holaf.profiler")

DELAY_S = 0.25
"""A run that ends within this time draws before loading beside it would have helped."""
PAUSE_S = 0.05
"""Between two pieces, and until the next look whether the lock is free."""
FREE_S = 0.003
"""Who runs Python code gives it away after 5 ms (``sys.getswitchinterval``), a free one comes at once."""

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
    if wait(DELAY_S):
        _started = False
        return
    for name in PIECES:
        while not is_lock_free():
            if wait(PAUSE_S):
                _started = False
                return
        try:
            importlib.import_module(name if not name.startswith("engine.") else _own(name))
        except Exception as error:  # noqa: BLE001 - drawing itself says what is missing and what to do
            log.debug("Profiler: %s could not be loaded early: %s", name, error)
            return
        if wait(PAUSE_S):
            _started = False
            return


def is_lock_free() -> bool:
    """Whether Python's lock was to be had at once."""
    began_s = time.perf_counter()
    time.sleep(0.0005)
    return time.perf_counter() - began_s < FREE_S


def _own(name: str) -> str:
    """The full name of a module of this pack, which ComfyUI loads under a name of its own choice."""
    return __name__.partition(".host.")[0] + name.removeprefix("engine")
