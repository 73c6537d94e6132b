"""Ties the table of routes to ComfyUI's server and gives handlers what they need of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import web
from comfy.cli_args import args
from server import PromptServer

from ...store.history import History
from .. import events, histories, live, paths
from . import PREFIX, edge
from .call import Host, RefusedError
from .table import ROUTES


def mount(get_history: Callable[[str], History] | None = None) -> None:
    """Register every route of the table, and one that answers for all unknown ones."""
    find_history = get_history or histories.for_user
    host = Host(
        history=_known_user(find_history),
        settings_file=_known_user(paths.settings_file),
        readable_file=readable_file,
        status=live.status,
        send=events.send,
    )
    routes = PromptServer.instance.routes
    # Whoever starts ComfyUI with --enable-cors-header wants other sites to use it.
    other_sites = bool(getattr(args, "enable_cors_header", None))
    for route in ROUTES:
        handle = edge.serve(route, host, find_user, other_sites=other_sites)
        routes.route(route.method, PREFIX + route.path)(handle)
    routes.route("*", PREFIX + "{tail:.*}")(unknown)


def find_user(request: web.Request) -> str:
    """The id of the user who sent ``request``. Raises ``KeyError`` for one ComfyUI does not know."""
    return str(PromptServer.instance.user_manager.get_request_user_id(request))


def readable_file(name: str, user_id: str) -> Path:
    """:func:`paths.readable_file`, with a refusal for what may not be read."""
    try:
        return paths.readable_file(name, user_id)
    except paths.ForbiddenPathError as error:
        raise RefusedError(403, "forbidden_path", str(error)) from None


async def unknown(request: web.Request) -> web.StreamResponse:
    """The answer for an address that is none of the table's, or for a wrong method."""
    tail = request.match_info["tail"]
    methods = sorted({route.method for route in ROUTES if _fits(route.path, tail)})
    if methods:
        answer = edge.refuse(
            RefusedError(
                405, "wrong_method", f"{request.method} is not possible here, only {', '.join(methods)}."
            )
        )
        answer.headers["Allow"] = ", ".join(methods)
        return answer
    return edge.refuse(
        RefusedError(
            404, "not_found", f"There is no route {tail[:200]!r}.", {"routes": PREFIX + "openapi.json"}
        )
    )


def _fits(path: str, tail: str) -> bool:
    wanted, given = path.split("/"), tail.split("/")
    return len(wanted) == len(given) and all(
        part == actual or part.startswith("{") for part, actual in zip(wanted, given, strict=True)
    )


def _known_user(find: Callable[[str], Any]) -> Callable[[str], Any]:
    def found(user_id: str) -> Any:
        try:
            return find(user_id)
        except paths.UnknownUserError as error:
            raise RefusedError(401, "unknown_user", str(error)) from None

    return found
