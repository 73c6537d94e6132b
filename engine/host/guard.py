"""Looks at what is queued: a profiled workflow is compared with its reference first.

Owns the one middleware in front of ``POST /prompt`` and the note that it leaves for
the run in ``extra_data["holaf_profiler"]``. A prompt without a Profiler Start costs
one search through its bytes. Nothing that goes wrong in here keeps a prompt from
being queued.

The note: ``user_id``, ``workflow_id``, ``workflow_hash``, ``match`` ("match",
"mismatch", "no reference"), ``changes`` (as ``POST check`` answers them), ``forced``
(a mismatch that somebody let run), ``queue_position`` (how many prompts run or wait before
it), over whatever the client had put there; and ``language``, that of the page that queues,
where the client names none.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ..language import ENGLISH, known, speaking, stored
from ..workflow.prompt import START_ID, nodes_of_class, start_settings
from . import paths
from .run.background import in_thread

if TYPE_CHECKING:
    from ..model import Snapshot

KEY = "holaf_profiler"
"""Where in ``extra_data`` the note stands, and where a client says ``{"force": true}``."""

_PATHS = frozenset(("/prompt", "/api/prompt"))
_MARK = START_ID.encode("ascii")
_STRICTNESS = ("ignore", "warn", "block")

HISTORY_WAIT_S = 0.2
"""A history that does not answer by then keeps no prompt from being queued: it is not compared."""

Note = dict[str, Any]
FindReference = Callable[["Snapshot", str], "Snapshot | None"]

_NOTED = frozenset(
    ("user_id", "workflow_id", "workflow_hash", "match", "changes", "forced", "queue_position")
)

_log = logging.getLogger("holaf.profiler")
_note: ContextVar[Note | None] = ContextVar("holaf_profiler_note", default=None)
_warned = False


def install() -> None:
    """Put the guard into ComfyUI's server. Called once, while the pack loads."""
    from server import PromptServer

    server = PromptServer.instance
    try:
        server.app.middlewares.append(middleware)
    except (AttributeError, RuntimeError) as error:
        _log.warning("Queued workflows will not be compared with their reference: %s.", error)
        return
    server.add_on_prompt_handler(add_note)


@web.middleware
async def middleware(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Compare what is queued with its reference; refuse it where its Start says ``block``."""
    if request.method != "POST" or request.path not in _PATHS:
        return await handler(request)
    refusal = None
    try:
        content = await request.read()
        if _MARK in content:
            language = known(request.headers.get("Accept-Language"))
            with speaking(language):
                note, refusal = await in_thread(_judge, content, user_of(request))
            if note is not None and language != ENGLISH:
                note["language"] = language
            _note.set(note)
    except web.HTTPException:
        raise
    except Exception:  # noqa: BLE001 - first, do no harm: the prompt is queued whatever happens here
        _warn_once()
    try:
        return await handler(request) if refusal is None else refusal
    finally:
        # One task serves all requests of a connection: the next one starts clean.
        _note.set(None)


def add_note(json_data: dict[str, Any]) -> dict[str, Any]:
    """ComfyUI's on-prompt handler: leave the note in the prompt's ``extra_data``.

    Whatever a client claims under the note's names does not get through.
    """
    note = _note.get()
    extra = json_data.setdefault("extra_data", {}) if note is not None else json_data.get("extra_data")
    if isinstance(extra, dict) and (note is not None or KEY in extra):
        given = extra.get(KEY)
        kept = {name: given[name] for name in given if name not in _NOTED} if isinstance(given, dict) else {}
        extra[KEY] = {**(note or {}), **kept, **({} if note is None else _queue_position())}
    return json_data


def _queue_position() -> Note:
    from server import PromptServer

    try:
        return {"queue_position": int(PromptServer.instance.prompt_queue.get_tasks_remaining())}
    except (AttributeError, TypeError, ValueError):
        return {}


def user_of(request: web.Request) -> str:
    """Who queues; the default user where ComfyUI knows none."""
    from server import PromptServer

    try:
        return str(PromptServer.instance.user_manager.get_request_user_id(request))
    except (KeyError, AttributeError):
        return paths.DEFAULT_USER


def judge(
    body: Mapping[str, Any], user_id: str, find_reference: FindReference
) -> tuple[Note | None, str | None]:
    """The note for a queued ``body``, and the sentence that refuses it or ``None``.

    ``find_reference(current, user_id)`` answers the stored snapshot of the same workflow or
    ``None``. The note is ``None`` where no Profiler Start is switched on.
    """
    from ..workflow import fingerprint

    prompt = body.get("prompt")
    if not isinstance(prompt, Mapping):
        return None, None
    usable = {str(key): node for key, node in prompt.items() if isinstance(node, Mapping)}
    starts = [start_settings(usable, node_id)[0] for node_id in nodes_of_class(usable, START_ID)]
    policies = [start.on_mismatch for start in starts if start.enabled]
    if not policies:
        return None, None
    extra = _mapping(body.get("extra_data"))
    current = fingerprint.take(prompt, _mapping(_mapping(extra.get("extra_pnginfo")).get("workflow")))
    reference = find_reference(current, user_id)
    changes = fingerprint.diff(reference, current) if reference is not None else ()
    forced = bool(changes) and _mapping(extra.get(KEY)).get("force") is True
    note = {
        "user_id": user_id,
        "workflow_id": current.workflow_id,
        "workflow_hash": current.hash,
        "match": "no reference" if reference is None else "mismatch" if changes else "match",
        "changes": [asdict(change) for change in changes],
        "forced": forced,
    }
    if not changes or forced or max(policies, key=_STRICTNESS.index) != "block":
        return note, None
    return note, (
        f"The workflow has changed since its nodes were last updated: {fingerprint.describe(changes)}. "
        "Nothing was queued. Update nodes to make this the new reference, or force the run."
    )


def _judge(content: bytes, user_id: str) -> tuple[Note | None, web.Response | None]:
    # The database's libraries are imported with the first profiled run, not at start-up.
    from ..store.errors import StoreError
    from . import users

    note: Note | None = {"user_id": user_id}
    try:
        body = json.loads(content)
        if not isinstance(body, dict):
            return None, None
        users.note_client(body.get("client_id"), user_id)
        history = users.for_user(user_id)

        def reference(current: Snapshot, user_id: str) -> Snapshot | None:
            return history.within(HISTORY_WAIT_S, lambda: history.reference(current, user_id))

        note, sentence = judge(body, user_id, reference)
    except (OSError, StoreError) as error:  # the run's own report says what to do about its history
        _log.warning(
            "A queued workflow could not be compared with its reference; it runs all the same: %s", error
        )
        return note, None
    except Exception:  # noqa: BLE001 - the prompt is queued all the same, and ComfyUI judges its JSON itself
        _warn_once()
        return note, None
    return note, None if note is None or sentence is None else _refuse(note, sentence)


def _refuse(note: Mapping[str, Any], sentence: str) -> web.Response:
    error = {
        "type": "holaf_profiler_mismatch",
        "message": stored(sentence),
        "details": "An API client updates with POST /holaf/profiler/update_nodes, or forces with "
        '"extra_data": {"holaf_profiler": {"force": true}}.',
        "extra_info": {"workflow_id": note["workflow_id"], "changes": note["changes"]},
    }
    return web.json_response({"error": error, "node_errors": {}}, status=400)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _warn_once() -> None:
    global _warned
    if not _warned:
        _warned = True
        _log.warning(
            "A queued workflow could not be compared with its reference; it runs all the same.", exc_info=True
        )
