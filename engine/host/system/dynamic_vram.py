"""Finds the counter of ComfyUI's own GPU allocator ("dynamic VRAM"), where it is in use.

The allocator hooks the driver's allocation calls, so its counter holds torch's memory as
well as its own: whoever adds it to torch's figures must take torch's share off first.
It does not hook ``cuMemCreate``, with which torch makes expandable segments.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from ...probes.torch_memory import HostUsage

log = logging.getLogger("holaf.profiler")


ALLOCATOR_SETTINGS = ("PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF", "PYTORCH_HIP_ALLOC_CONF")


def is_enabled() -> bool:
    """Whether ComfyUI places model weights with its own allocator."""
    memory = sys.modules.get("comfy.memory_management")
    return bool(getattr(memory, "aimdo_enabled", False))


def find_usage(primary_index: int = 0, environ: Mapping[str, str] = os.environ) -> HostUsage | None:
    """The allocator's counter; ``None`` without dynamic VRAM.

    Call on the executor's thread; the counter may be asked from any thread.
    ``primary_index`` is the device meant by a version that knows only one.
    """
    control: Any = sys.modules.get("comfy_aimdo.control")
    if not is_enabled() or control is None:
        return None
    total: Callable[[], int] | None = getattr(control, "get_total_vram_usage", None)
    if total is None:
        return None
    has_segments = not _are_expandable(environ)
    contexts = _contexts(control)
    if len(contexts) > 1:
        ask = control.lib.get_total_vram_usage
        return HostUsage(lambda index: int(ask(contexts[index])) if index in contexts else 0, has_segments)
    only = next(iter(contexts), primary_index)
    return HostUsage(lambda index: int(total()) if index == only else 0, has_segments)


def _are_expandable(environ: Mapping[str, str]) -> bool:
    """Whether the segments of torch's native allocator are expandable. On Windows they never are."""
    settings = ",".join(environ.get(name, "") for name in ALLOCATOR_SETTINGS).lower().replace(" ", "")
    return sys.platform != "win32" and "expandable_segments:true" in settings


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
