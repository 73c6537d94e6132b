"""Ties the routes to ComfyUI's server: one entry for all of ``/holaf/profiler/``.

The routes themselves are looked up by ``router.py``, which is loaded with the first
request, so that starting ComfyUI does not wait for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING

from aiohttp import web
from server import PromptServer

from . import PREFIX

if TYPE_CHECKING:
    from ...store.history import History

_log = logging.getLogger("holaf.profiler")
_router: ModuleType | None = None


def mount(get_history: Callable[[str], History] | None = None) -> None:
    """Answer every request below :data:`PREFIX`."""

    async def answer(request: web.Request) -> web.StreamResponse:
        global _router
        if _router is None:
            try:
                _router = await asyncio.get_running_loop().run_in_executor(None, _load)
            except ImportError as error:
                _log.exception(
                    "The profiler's routes do not fit this ComfyUI; please report the lines below."
                )
                message = f"The profiler's routes do not fit this ComfyUI: {error}."
                body = {"error": {"type": "not_available", "message": message, "details": {}}}
                return web.json_response(body, status=424)
        found: web.StreamResponse = await _router.answer(request, request.match_info["tail"], get_history)
        return found

    PromptServer.instance.routes.route("*", PREFIX + "{tail:.*}")(answer)


def _load() -> ModuleType:
    from . import router

    return router
