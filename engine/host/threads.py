"""Threads for work that would hold up ComfyUI's event loop. Made with the first use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="holaf-profiler")


async def in_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    """``function(*arguments)`` on a thread of the profiler's own."""
    return await asyncio.get_running_loop().run_in_executor(_threads, function, *arguments)
