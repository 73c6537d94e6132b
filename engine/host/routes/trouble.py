"""Which answer each named exception becomes. Nothing here is a 5xx.

A route that the store cannot serve says what is in the way and what to do; an
error that nobody foresaw goes to the log with its trace and to the browser
without it.
"""

from __future__ import annotations

import logging
from typing import Any

from ...store import errors
from ..schema import InvalidError
from .call import RefusedError

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
    (errors.StoreError, 409, "history_trouble"),
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
        return RefusedError(409, "disk_trouble", f"The disk refused: {error.strerror or error}.")
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
    return {"error": {"type": refused.kind, "message": refused.message, "details": refused.details}}
