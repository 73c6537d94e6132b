"""What another program says happened in the run that goes on."""

from __future__ import annotations

from dataclasses import asdict

from .call import Answer, Call, RefusedError


def record_event(call: Call) -> Answer:
    """Mark this moment in the run that goes on, with a text."""
    event = call.host.record_event(call.body["text"], call.user_id)
    if event is None:
        raise RefusedError(
            409, "no_run", "No profiled run of yours goes on now, or it holds too many events."
        )
    return {"event": asdict(event)}
