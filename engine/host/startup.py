"""What happens once, when ComfyUI loads the pack. Fast: nothing heavy is imported, no file is opened here.

In a ComfyUI that is too old, and where another copy of the pack is at work, nothing happens but one log line.

A part that does not fit this ComfyUI is left out with one log line; the others still work.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..workflow import prompt as prompts
from . import compatibility, paths, public
from .executor import patch
from .executor.binding import PromptCall
from .executor.hooks import NodeHooks
from .run import noting

log = logging.getLogger("holaf.profiler")

FOLDER = Path(__file__).resolve().parents[2]
"""Where this copy of the pack lies."""

_started = False


def start() -> bool:
    """Hook into the executor, add the routes, look for crashed runs. Further calls do nothing.

    False where the pack has to stand back: no node of it may be registered then.
    """
    global _started
    if _started:
        return True
    if (reason := compatibility.why_not(FOLDER)) is not None:
        log.warning("%s", reason)
        return False
    _started = True
    compatibility.claim(FOLDER)
    _install("measuring", _install_hooks)
    _install("model loading times", _install_model_times)
    _install("the history panel and its routes", _install_routes)
    _install("the snapshot guard", _install_guard)
    public.install()
    threading.Thread(target=_recover, name="holaf-profiler-recover", daemon=True).start()
    return True


def _install(what: str, install: Callable[[], None]) -> None:
    try:
        install()
    except Exception:
        log.exception(
            "Workflow Profiler: %s could not be set up on this ComfyUI and is left out. "
            "Please report the lines below with your ComfyUI version.",
            what,
        )


def _install_hooks() -> None:
    from server import PromptServer

    patch.install(_begin)
    PromptServer.instance.add_on_prompt_handler(_when_queued)


def _when_queued(json_data: Any) -> Any:
    """ComfyUI's on-prompt handler: the hooks are looked after while nothing runs through them."""
    patch.put_back()
    return json_data


def _begin(call: PromptCall) -> NodeHooks | None:
    """The run to profile. All that profiling needs is loaded with the first prompt that asks for it."""
    if prompts.find_start(call.prompt) is not None:
        from .run import start as start_run

        if (session := start_run.begin(call)) is not None:
            return session
    noting.note(call.prompt_id, call.extra_data)
    return None


def _install_model_times() -> None:
    from .system import models

    models.install()


def _install_routes() -> None:
    from .api import server

    server.mount()


def _install_guard() -> None:
    from . import guard

    guard.install()


def _recover() -> None:
    from ..store.recovery import recover
    from . import preferences

    preferences.apply_all()
    crashed = sum(recover(url, paths.data_folder()) for url in paths.existing_databases())
    if crashed:
        log.info("Workflow Profiler: %d run(s) were cut off by a crash; the history says where.", crashed)
