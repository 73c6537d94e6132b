"""What other packs may use: ``import holaf_profiler`` inside a function, once ComfyUI has loaded.

``holaf_profiler.subscribe(listener)`` and ``holaf_profiler.event("text")``. Loads nothing by itself.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

NAME = "holaf_profiler"


def install() -> None:
    """Let other packs import this module under a name of its own, wherever this pack's folder lies."""
    sys.modules.setdefault(NAME, sys.modules[__name__])


def subscribe(listener: Callable[[Mapping[str, Any]], None]) -> Callable[[], None]:
    """Call ``listener`` with every profiled run that ends; returns a function that stops it.

    It gets ``run_id``, ``name``, ``status``, ``total_time`` (s), ``headline``, ``outputs``, ``nodes`` ...
    on a thread of the profiler's, so that it delays no run. What it raises is logged.
    """
    from .run import subscribers

    return subscribers.subscribe(listener)


def event(text: str) -> bool:
    """Record that something happened just now in the run that goes on. False where none is profiled."""
    from .run import manual_events

    return manual_events.record(str(text), "python") is not None
