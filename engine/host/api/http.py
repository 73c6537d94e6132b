"""HTTP on one side, plain function calls on the other. The only route file that knows aiohttp.

Owns reading and checking a request, the thread that handlers run on, and the shape
of every answer. Never answers 5xx, and never lets a handler block the event loop.
"""

from __future__ import annotations

import json
import logging
import math
import tempfile
from collections.abc import Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import web

from ...language import known, speaking, stored
from ...store import errors
from ..run.background import in_thread
from . import schemas
from .call import Call, File, Host, RefusedError, Route
from .validation import InvalidError, check, check_one, check_text

UPLOAD_LIMIT = 1 << 30
"""Largest file that may be sent, in bytes."""
VALUES_LIMIT = 1_000_000
"""Most values in a JSON body: while Python decodes them, nothing else in the process runs."""
_UPLOAD_TYPES = (
    "application/octet-stream",
    "application/vnd.sqlite3",
    "application/x-sqlite3",
    "application/zip",
)
_HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


FindUser = Callable[[web.Request], str]
"""The id of the user who sent a request. Raises ``KeyError`` for one nobody knows."""


async def answer(
    request: web.Request,
    route: Route,
    path: Mapping[str, str],
    host: Host,
    find_user: FindUser,
    *,
    other_sites: bool = False,
) -> web.StreamResponse:
    """What ``route`` answers to ``request``; ``path`` are its path's parameters as text.

    ``other_sites``: pages of other sites may ask.
    """
    with speaking(known(request.headers.get("Accept-Language"))):
        try:
            if not other_sites and request.headers.get("Sec-Fetch-Site") == "cross-site":
                raise RefusedError(403, "other_site", "Pages of other sites may not ask this.")
            return await _answer(request, route, path, host, find_user)
        except Exception as error:  # noqa: BLE001 - the edge: whatever went wrong becomes an answer
            return refuse(refusal(error, f"{request.method} {request.path}"))


def refuse(refused: RefusedError) -> web.Response:
    """An error as the routes answer it."""
    return to_json(body(refused), refused.status)


def to_json(content: Any, status: int = 200) -> web.Response:
    """``content`` as JSON; numbers that JSON does not know become ``null``."""
    try:
        text = json.dumps(content, allow_nan=False, default=_as_text)
    except ValueError:
        text = json.dumps(_finite(content), allow_nan=False, default=_as_text)
    return web.Response(text=text, status=status, content_type="application/json", headers=_HEADERS)


async def _answer(
    request: web.Request, route: Route, path_given: Mapping[str, str], host: Host, find_user: FindUser
) -> web.StreamResponse:
    try:
        user_id = find_user(request)
    except KeyError:
        raise RefusedError(401, "unknown_user", "ComfyUI does not know this user; sign in again.") from None
    path = {name: check_one(schemas.PATH[name], text, f"path.{name}") for name, text in path_given.items()}
    query = _query(request, route)
    async with _body(request, route) as (body, upload):
        call = Call(user_id=user_id, host=host, path=path, query=query, body=body, upload=upload)
        content = await in_thread(route.handler, call)
        return _file(content) if isinstance(content, File) else await in_thread(to_json, content)


def _query(request: web.Request, route: Route) -> dict[str, Any]:
    given: dict[str, str] = {}
    for name, value in request.query.items():
        # ids=1&ids=2 means the same as ids=1,2
        given[name] = f"{given[name]},{value}" if name in given else value
    if route.query is not None:
        return check_text(route.query, given, "query")
    if given:
        raise InvalidError(f"query.{next(iter(given))[:60]}", "is unknown; known here: none")
    return {}


@asynccontextmanager
async def _body(request: web.Request, route: Route) -> Any:
    if route.method in ("GET", "DELETE"):
        yield None, None
        return
    # A form on another site can send neither of these types without asking first.
    if request.content_type == "application/json":
        yield await _json_body(request, route), None
    elif route.upload and request.content_type in _UPLOAD_TYPES:
        with tempfile.TemporaryDirectory(prefix="holaf-profiler-") as folder:
            yield None, await _uploaded(request, Path(folder) / "upload.db")
    else:
        wanted = " or ".join(("application/json", *(_UPLOAD_TYPES[:1] if route.upload else ())))
        raise RefusedError(415, "wrong_content_type", f"Send this with the header Content-Type: {wanted}.")


async def _json_body(request: web.Request, route: Route) -> Any:
    too_large = RefusedError(413, "too_large", f"The body may be at most {route.body_limit:,} bytes long.")
    if (request.content_length or 0) > route.body_limit:
        raise too_large
    try:
        content = await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise too_large from None
    if len(content) > route.body_limit:
        raise too_large
    return await in_thread(_parse, content, route)


def _parse(content: bytes, route: Route) -> Any:
    """The body that ``route`` takes. On a thread: a large workflow takes its time."""
    if any(content.count(mark) > VALUES_LIMIT for mark in (b",", b"[", b"{")):
        raise RefusedError(413, "too_large", f"The body may hold at most {VALUES_LIMIT:,} values.")
    try:
        value = json.loads(content) if content.strip() else {}
    except UnicodeDecodeError:
        raise InvalidError("body", "is not UTF-8 text") from None
    except RecursionError:
        raise InvalidError("body", "nests too deep") from None
    except ValueError as error:
        raise InvalidError("body", f"is not JSON ({error})") from None
    if route.body is not None:
        return check(route.body, value, "body")
    if value not in (None, {}):
        raise InvalidError("body", "must be empty")
    return None


async def _uploaded(request: web.Request, file: Path) -> Path:
    size = 0
    with file.open("wb") as stream:
        async for chunk in request.content.iter_chunked(1 << 20):
            size += len(chunk)
            if size > UPLOAD_LIMIT:
                raise RefusedError(413, "too_large", f"The file may be at most {UPLOAD_LIMIT:,} bytes long.")
            await in_thread(stream.write, chunk)
    return file


def _file(file: File) -> web.Response:
    # A page is saved and not shown: here it would be a page of ComfyUI's own.
    shown = "attachment" if file.content_type.startswith("text/html") else "inline"
    headers = {**_HEADERS, "Content-Disposition": f"{shown}; filename*=UTF-8''{quote(file.name)}"}
    kind, _, charset = file.content_type.partition("; charset=")
    return web.Response(body=file.content, content_type=kind, charset=charset or None, headers=headers)


def _as_text(value: object) -> str:
    """For what JSON does not know: bytes that another program left where text belongs."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value


_log = logging.getLogger("holaf.profiler")

_STORE: tuple[tuple[type[errors.StoreError], int, str], ...] = (
    (errors.NotInHistory, 404, "not_found"),
    (errors.BadQuery, 400, "invalid_request"),
    (errors.NotAHistory, 422, "not_a_history"),
    (errors.StoreReadOnly, 409, "history_read_only"),
    (errors.StoreBusy, 423, "history_locked"),
    (errors.StoreFull, 409, "disk_full"),
    (errors.StoreDamaged, 409, "history_damaged"),
    (errors.StoreTooNew, 409, "history_too_new"),
    (errors.StoreUnavailable, 424, "history_unavailable"),
    (errors.StoreError, 409, "history_failed"),
)


def refusal(error: BaseException, what: str) -> RefusedError:
    """The answer to ``error``; ``what`` names the request for the log."""
    if isinstance(error, RefusedError):
        return error
    if isinstance(error, InvalidError):
        return RefusedError(
            400, "invalid_request", f"{error.where} {error.why}.", {"where": error.where, "why": error.why}
        )
    for kind, status, name in _STORE:
        if isinstance(error, kind):
            return RefusedError(status, name, str(error))
    if isinstance(error, FileNotFoundError):
        return RefusedError(404, "not_found", str(error))
    if isinstance(error, PermissionError):
        return RefusedError(409, "not_writable", f"ComfyUI may not write there: {error.strerror or error}.")
    if isinstance(error, OSError):
        return RefusedError(409, "disk_failed", f"The disk refused: {error.strerror or error}.")
    if isinstance(error, NotImplementedError):
        return RefusedError(404, "not_available", "This version of the profiler cannot do that.")
    _log.error("The profiler could not answer %s; please report this.", what, exc_info=error)
    return RefusedError(
        422,
        "unexpected",
        "The profiler could not answer this. The reason is in ComfyUI's log.",
        {"request": what},
    )


def body(refused: RefusedError) -> dict[str, Any]:
    """The JSON body of a refusal."""
    return {"error": {"type": refused.kind, "message": stored(refused.message), "details": refused.details}}
