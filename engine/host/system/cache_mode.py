"""Makes a run start as the Profiler Start's ``cache`` asks: as it is, without cached results, or cold."""

from __future__ import annotations

import gc
from typing import Any

from ...model import CacheMode


def apply(executor: Any, mode: CacheMode) -> None:
    """Prepare ``executor`` for a run.

    ``keep`` changes nothing. ``re-run`` forgets cached results, so that every node
    executes. ``cold`` also unloads all models, as after a fresh start.
    """
    if mode == "keep":
        return
    executor.reset()
    if mode == "cold":
        import comfy.model_management as management

        management.unload_all_models()
        gc.collect()
        management.soft_empty_cache()


def is_cold() -> bool:
    """Whether the host holds no model now."""
    import comfy.model_management as management

    return not getattr(management, "current_loaded_models", None)
