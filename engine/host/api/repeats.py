"""Series of repeated runs: begun, watched and ended from anywhere, kept by ComfyUI itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...language import current
from ...workflow.prompt import find_start, start_settings, with_start
from ..run.repeat import Plan
from .call import Answer, Call, RefusedError


def list_repeats(call: Call) -> Answer:
    """The user's series since ComfyUI started, newest first, with what their runs come to so far."""
    return {"repeats": [each.as_json() for each in call.host.repeats().of_user(call.user_id)]}


def start_repeat(call: Call) -> Answer:
    """Run a workflow several times: warm-ups that do not count, then runs until there are enough."""
    body = call.body
    prompt = _with_cache(body["prompt"], body["cache"])
    workflow = body.get("workflow")
    extra_data: dict[str, Any] = {"extra_pnginfo": {"workflow": workflow}} if workflow else {}
    ours = {name: body[name] for name in ("workflow_name", "force") if body.get(name)}
    extra_data["holaf_profiler"] = {"language": current(), **ours}
    if client_id := body.get("client_id"):
        extra_data["client_id"] = client_id  # whose page ComfyUI tells which node runs
    plan = Plan(
        prompt=prompt,
        extra_data=extra_data,
        runs=body["runs"],
        warm_ups=body["warm_ups"],
        narrow=body.get("narrow"),
    )
    series = call.host.repeats().start(call.user_id, plan)
    if series is None:
        raise RefusedError(409, "already_repeating", "A series of runs goes on already: cancel it first.")
    return {"repeat": series.as_json()}


def cancel_repeat(call: Call) -> Answer:
    """End a series now. The run that goes on is interrupted; those that ended stay in the history."""
    series = call.host.repeats().cancel(call.user_id, call.path["repeat_id"])
    if series is None:
        raise RefusedError(404, "not_found", f"There is no series of runs number {call.path['repeat_id']}.")
    return {"repeat": series.as_json()}


def _with_cache(prompt: Mapping[str, Any], cache: str) -> dict[str, Any]:
    """The prompt with its Profiler Start's ``cache`` as the series wants it."""
    start_id = find_start(prompt)
    if start_id is None or not start_settings(prompt, start_id)[0].enabled:
        raise RefusedError(
            422,
            "no_profiler_start",
            "This workflow has no Profiler Start that is switched on.",
        )
    return with_start(prompt, start_id, cache=cache)
