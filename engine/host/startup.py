"""What happens once, when ComfyUI loads the pack. Fast: nothing heavy is imported, no file is opened here."""

from __future__ import annotations

import logging
import threading

from ..store.recovery import recover
from . import hooks, paths, profiling, routes
from .guard import install as install_guard

log = logging.getLogger("holaf.profiler")

_started = False


def start() -> None:
    """Hook into the executor, add the routes, look for crashed runs. Further calls do nothing."""
    global _started
    if _started:
        return
    _started = True
    hooks.install(profiling.begin)
    routes.register()
    install_guard()
    threading.Thread(target=_recover, name="holaf-profiler-recover", daemon=True).start()


def _recover() -> None:
    crashed = recover(paths.database_url())
    if crashed:
        log.info("Workflow Profiler: %d run(s) were cut off by a crash; see the history.", crashed)
