"""An entry of ComfyUI's own history as a run that was only noted: when, how it ended, what it made. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, TypeGuard

from ..model import Run, RunStatus
from .fingerprint import take
from .outputs import frame_count, outputs_of
from .secrets import hide_in_text
from .sizes import sizes

_ENDS: Mapping[str, RunStatus] = {
    "execution_success": "success",
    "execution_interrupted": "interrupted",
    "execution_error": "failed",
}
MESSAGE_LENGTH_MAX = 2_000


def run_of_entry(entry: object, user_id: str) -> Run | None:
    """The run that an entry tells of; ``None`` where it does not say what ran, when, and how it ended.

    An entry is ``{"prompt": (number, id, prompt, extra_data, ...), "outputs", "status": {"messages":
    [(name, {"timestamp": ms, ...}), ...]}}``. Its run has no steps, and the same UUID each time.
    """
    queued = entry.get("prompt") if isinstance(entry, Mapping) else None
    if not isinstance(entry, Mapping) or not isinstance(queued, Sequence) or len(queued) < 4:
        return None
    prompt_id, prompt, extra = queued[1], queued[2], queued[3]
    messages = _messages(entry.get("status"))
    started_ms = messages.get("execution_start", {}).get("timestamp")
    end = next((name for name in _ENDS if name in messages), None)
    if not isinstance(prompt, Mapping) or not isinstance(prompt_id, str) or end is None:
        return None
    ended_ms = messages[end].get("timestamp")
    if not _is_time(started_ms) or not _is_time(ended_ms) or ended_ms < started_ms:
        return None
    extra = extra if isinstance(extra, Mapping) else {}
    workflow = _mapping(_mapping(extra.get("extra_pnginfo")).get("workflow"))
    snapshot = take(prompt, workflow)
    asked_for, outputs = sizes(prompt), outputs_of(entry.get("outputs"))
    error = messages[end] if end == "execution_error" else {}
    created_ms = extra.get("create_time")
    return Run(
        timestamp=_iso(started_ms),
        uuid=uuid.uuid5(uuid.NAMESPACE_OID, f"{user_id} {prompt_id} {started_ms}").hex,
        profiled=False,
        status=_ENDS[end],
        total_time=(ended_ms - started_ms) / 1000.0,
        prompt_id=prompt_id,
        user_id=user_id,
        workflow_id=snapshot.workflow_id,
        workflow_hash=snapshot.hash,
        prompt=prompt,
        workflow=workflow or None,
        sizes=asked_for,
        outputs=outputs,
        output_count=sum(output.count for output in outputs),
        frame_count=frame_count(outputs, asked_for),
        queue_wait_s=max(started_ms - created_ms, 0) / 1000.0 if _is_time(created_ms) else None,
        error_node_id=_text(error.get("node_id")),
        error_type=_text(error.get("exception_type")),
        error_message=_text(error.get("exception_message")),
    )


def _messages(status: object) -> dict[str, Mapping[str, Any]]:
    given = status.get("messages") if isinstance(status, Mapping) else None
    pairs: Iterable[Any] = given if isinstance(given, Sequence) else ()
    return {
        str(pair[0]): pair[1]
        for pair in pairs
        if isinstance(pair, Sequence) and len(pair) == 2 and isinstance(pair[1], Mapping)
    }


def _is_time(value: Any) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e14


def _iso(milliseconds: float) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000.0, timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str | None:
    return None if value is None else hide_in_text(str(value)[:MESSAGE_LENGTH_MAX])
