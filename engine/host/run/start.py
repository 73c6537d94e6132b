"""Decides whether a prompt is profiled, and starts its session. The one way in from the hooks."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from ... import clock
from ...model import CacheMode, Change, Run
from ...probes.select import open_probes
from ...workflow import prompt as prompts
from ...workflow.fingerprint import workflow_identity
from .. import paths
from ..executor.binding import PromptCall
from ..report import warm_up
from ..system import cache_mode, dynamic_vram
from . import story
from .archive import Archive
from .repeat import Plan
from .session import Session

log = logging.getLogger("holaf.profiler")

NAME_MAX = 200
_CARRIED = ("extra_pnginfo", "client_id")
"""What a run that follows by itself takes over from the one that was queued."""


def begin(call: PromptCall) -> Session | None:
    """The session for this prompt; ``None`` where no Profiler Start is switched on."""
    start_id = prompts.find_start(call.prompt)
    if start_id is None:
        return None
    settings, notes = prompts.start_settings(call.prompt, start_id)
    if not settings.enabled:
        return None
    cache_mode.apply(call.executor, settings.cache)
    note = call.extra_data.get("holaf_profiler")
    note = note if isinstance(note, Mapping) else {}
    workflow = _workflow_of(call.extra_data)
    probes = open_probes(host_usage=dynamic_vram.find_usage())
    draft = Run(
        timestamp=clock.utc_timestamp(),
        name=settings.run_name,
        global_comment=settings.comment,
        prompt_id=call.prompt_id,
        # As the guard found them when the prompt was queued; without it, assembly finds them at the end.
        workflow_id=note.get("workflow_id") or workflow_identity(workflow),
        workflow_hash=note.get("workflow_hash"),
        workflow_name=_name_in(note),
        user_id=str(note.get("user_id") or paths.DEFAULT_USER),
        settings=settings,
        cold=cache_mode.is_cold(),
        forced=note.get("forced") is True,
        snapshot_match=note.get("match")
        if note.get("match") in ("match", "mismatch", "no reference")
        else None,
        changes=_changes(note.get("changes")),
        devices=probes.devices,
        metrics=probes.metrics(),
        warnings=notes,
        queue_position=note.get("queue_position"),
        queue_wait_s=story.waited(call.extra_data),
        prompt=call.prompt,
        workflow=workflow,
    )
    archive = Archive(draft.user_id)
    session = Session(call, draft, probes, archive)
    try:
        session.start()
    except Exception as error:
        session.switch_off(error)
        raise
    if any(prompts.nodes_of_class(call.prompt, prompts.REPORT_ID)):
        warm_up.begin(session.live.wait_for_end)
    if settings.repeat and "repeat" not in note:
        _repeat(call, start_id, session)
    return session


def _repeat(call: PromptCall, start_id: str, session: Session) -> None:
    """Have more runs follow this one. They wait in the queue like any other prompt."""
    from .queue import repeats

    settings = session.draft.settings
    # With nothing but cached results there would be nothing to measure.
    cache: CacheMode = "re-run" if settings.cache == "keep" else settings.cache
    carried = {name: value for name, value in call.extra_data.items() if name in _CARRIED}
    plan = Plan(
        prompt=prompts.with_start(call.prompt, start_id, cache=cache),
        extra_data={
            **carried,
            "holaf_profiler": {
                "workflow_name": session.draft.workflow_name,
                "language": session.language,
            },
        },
        runs=settings.repeat,
        warm_ups=0,
    )
    if repeats().start(session.draft.user_id, plan) is None:
        log.warning("Profiler Start's repeat is left out: a series of runs goes on already.")


def _workflow_of(extra_data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    info = extra_data.get("extra_pnginfo")
    workflow = info.get("workflow") if isinstance(info, Mapping) else None
    return workflow if isinstance(workflow, Mapping) else None


def _name_in(note: Mapping[str, Any]) -> str:
    """What the page calls the workflow; "" where it does not say."""
    name = note.get("workflow_name")
    return name.strip()[:NAME_MAX] if isinstance(name, str) else ""


def _changes(noted: object) -> tuple[Change, ...]:
    if not isinstance(noted, (list, tuple)):
        return ()
    fields = ("kind", "node_id", "title", "detail")
    return tuple(
        Change(**{name: item[name] for name in fields}) for item in noted if isinstance(item, Mapping)
    )
