"""Ties the routes to ComfyUI's server: one entry for all of ``/holaf/profiler/``.

Finds the route for a request and gives its handler what it needs of ComfyUI. The routes and
what they need are loaded with the first request: starting ComfyUI does not wait for them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web
from comfy.cli_args import args
from server import PromptServer

from .. import paths

if TYPE_CHECKING:
    from .call import Host

PREFIX = "/holaf/profiler/"

Answerer = Callable[[web.Request, str], Awaitable[web.StreamResponse]]

_log = logging.getLogger("holaf.profiler")


def mount() -> None:
    """Answer every request below :data:`PREFIX`. Called once, while the pack loads; opens nothing."""
    load = cache(_load)

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            answerer = await asyncio.get_running_loop().run_in_executor(None, load)
        except ImportError as error:
            _log.exception("The profiler's routes do not fit this ComfyUI; please report the lines below.")
            message = f"The profiler's routes do not fit this ComfyUI: {error}."
            body = {"error": {"type": "not_available", "message": message, "details": {}}}
            return web.json_response(body, status=424)
        return await answerer(request, request.match_info["tail"])

    PromptServer.instance.routes.route("*", PREFIX + r"{tail:[\s\S]*}")(answer)


def _load() -> Answerer:
    """What answers a request and the tail of its address."""
    from . import http
    from .call import RefusedError
    from .routes import ROUTES, find

    host = _host()

    async def answer(request: web.Request, tail: str) -> web.StreamResponse:
        found = find(ROUTES, request.method, tail)
        if found.route is not None:
            # Whoever starts ComfyUI with --enable-cors-header wants other sites to use it.
            other_sites = bool(getattr(args, "enable_cors_header", None))
            return await http.answer(
                request, found.route, found.path, host, find_user, other_sites=other_sites
            )
        if found.methods:
            methods = ", ".join(found.methods)
            refused = http.refuse(
                RefusedError(405, "wrong_method", f"{request.method} is not possible here, only {methods}.")
            )
            refused.headers["Allow"] = methods
            return refused
        message = f"There is no route {tail[:200]!r}."
        return http.refuse(RefusedError(404, "not_found", message, {"routes": PREFIX + "openapi.json"}))

    return answer


def find_user(request: web.Request) -> str:
    """The id of the user who sent ``request``. Raises ``KeyError`` for one ComfyUI does not know."""
    from .. import users

    user_id = str(PromptServer.instance.user_manager.get_request_user_id(request))
    users.note_client(request.headers.get(users.CLIENT_HEADER), user_id)
    return user_id


def _host() -> Host:
    from .. import preferences, users
    from ..run import events, live, manual_events, noting, queue
    from .call import Host, RefusedError

    def readable_file(name: str, user_id: str) -> Path:
        try:
            return paths.readable_file(name, user_id)
        except paths.ForbiddenPathError as error:
            raise RefusedError(403, "forbidden_path", str(error)) from None

    def of_known_user(find_for: Callable[[str], Any]) -> Callable[[str], Any]:
        def found(user_id: str) -> Any:
            try:
                return find_for(user_id)
            except paths.UnknownUserError as error:
                raise RefusedError(401, "unknown_user", str(error)) from None

        return found

    return Host(
        history=of_known_user(users.for_user),
        settings_file=of_known_user(paths.settings_file),
        readable_file=readable_file,
        status=live.status,
        send=events.send,
        repeats=queue.repeats,
        record_event=lambda text, user_id: manual_events.record(text, "route", user_id),
        take_in=noting.take_in,
        apply_settings=preferences.apply,
    )
