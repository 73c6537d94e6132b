"""Finds the counter of ComfyUI's own GPU allocator ("dynamic VRAM"), where it is in use.

The allocator hooks the driver's allocation calls, so its counter holds torch's memory as
well as its own: whoever adds it to torch's figures must take torch's share off first.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any

from ..probes.torch_memory import HostUsage

log = logging.getLogger("holaf.profiler")


def is_enabled() -> bool:
    """Whether ComfyUI places model weights with its own allocator."""
    memory = sys.modules.get("comfy.memory_management")
    return bool(getattr(memory, "aimdo_enabled", False))


def find_usage(primary_index: int = 0) -> HostUsage | None:
    """Device index -> bytes that the allocator counts there; ``None`` without dynamic VRAM.

    Call on the executor's thread; the answer may be called from any thread.
    ``primary_index`` is the device meant by a version that knows only one.
    """
    control: Any = sys.modules.get("comfy_aimdo.control")
    if not is_enabled() or control is None:
        return None
    total: Callable[[], int] | None = getattr(control, "get_total_vram_usage", None)
    if total is None:
        return None
    contexts = _contexts(control)
    if len(contexts) > 1:
        ask = control.lib.get_total_vram_usage
        return lambda index: int(ask(contexts[index])) if index in contexts else 0
    only = next(iter(contexts), primary_index)
    return lambda index: int(total()) if index == only else 0


def _contexts(control: Any) -> dict[int, Any]:
    """Device index -> the allocator's handle, of a version that has one for each device."""
    count = len(getattr(control, "devctxs", ()) or ())
    found: dict[int, Any] = {}
    for index in range(64):
        if len(found) == count:
            break
        context = _context(control, index)
        if context is not None:
            found[index] = context
    return found


def _context(control: Any, index: int) -> Any:
    try:
        return control.get_devctx(index)
    except RuntimeError:  # not a device of this allocator
        return None
    except AttributeError as error:
        log.debug("Profiler: dynamic VRAM has no count by device: %s", error)
        return None
