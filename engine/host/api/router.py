"""Finds the route for a request and gives its handler what it needs of ComfyUI."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import web
from comfy.cli_args import args
from server import PromptServer

from ...store.history import History
from .. import paths, users
from ..run import events, live
from . import PREFIX, http
from .call import Host, RefusedError
from .routes import ROUTES, find


async def answer(
    request: web.Request, tail: str, get_history: Callable[[str], History] | None
) -> web.StreamResponse:
    """The answer to ``request``; ``tail`` is its path below :data:`PREFIX`."""
    found = find(ROUTES, request.method, tail)
    if found.route is not None:
        # Whoever starts ComfyUI with --enable-cors-header wants other sites to use it.
        other_sites = bool(getattr(args, "enable_cors_header", None))
        host = _host(get_history or users.for_user)
        return await http.answer(request, found.route, found.path, host, find_user, other_sites=other_sites)
    if found.methods:
        methods = ", ".join(found.methods)
        refused = http.refuse(
            RefusedError(405, "wrong_method", f"{request.method} is not possible here, only {methods}.")
        )
        refused.headers["Allow"] = methods
        return refused
    return http.refuse(
        RefusedError(
            404, "not_found", f"There is no route {tail[:200]!r}.", {"routes": PREFIX + "openapi.json"}
        )
    )


def find_user(request: web.Request) -> str:
    """The id of the user who sent ``request``. Raises ``KeyError`` for one ComfyUI does not know."""
    return str(PromptServer.instance.user_manager.get_request_user_id(request))


def _host(find_history: Callable[[str], History]) -> Host:
    return Host(
        history=_known_user(find_history),
        settings_file=_known_user(paths.settings_file),
        readable_file=_readable_file,
        status=live.status,
        send=events.send,
    )


def _readable_file(name: str, user_id: str) -> Path:
    try:
        return paths.readable_file(name, user_id)
    except paths.ForbiddenPathError as error:
        raise RefusedError(403, "forbidden_path", str(error)) from None


def _known_user(find_for: Callable[[str], Any]) -> Callable[[str], Any]:
    def found(user_id: str) -> Any:
        try:
            return find_for(user_id)
        except paths.UnknownUserError as error:
            raise RefusedError(401, "unknown_user", str(error)) from None

    return found
