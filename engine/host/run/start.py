"""Decides whether a prompt is profiled, and starts its session. The one way in from the hooks."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from ... import clock
from ...model import Change, Run
from ...probes.select import open_probes
from ...workflow import prompt as prompts
from ...workflow.fingerprint import workflow_identity
from .. import paths
from ..executor.binding import PromptCall
from ..report import warm_up
from ..system import cache_mode, dynamic_vram
from .archive import Archive
from .session import Session

log = logging.getLogger("holaf.profiler")


def begin(call: PromptCall) -> Session | None:
    """The session for this prompt; ``None`` where no Profiler Start is switched on."""
    start_id = prompts.find_start(call.prompt)
    if start_id is None:
        return None
    settings, notes = prompts.start_settings(call.prompt, start_id)
    if not settings.enabled:
        return None
    cache_mode.apply(call.executor, settings.cache)
    told = call.extra_data.get("holaf_profiler")
    told = told if isinstance(told, Mapping) else {}
    workflow = _workflow_of(call.extra_data)
    probes = open_probes(host_usage=dynamic_vram.find_usage())
    draft = Run(
        timestamp=clock.utc_timestamp(),
        name=settings.run_name,
        global_comment=settings.comment,
        prompt_id=call.prompt_id,
        # As the guard found them when the prompt was queued; without it, assembly finds them at the end.
        workflow_id=told.get("workflow_id") or workflow_identity(workflow),
        workflow_hash=told.get("workflow_hash"),
        user_id=str(told.get("user_id") or paths.DEFAULT_USER),
        settings=settings,
        cold=cache_mode.is_cold(),
        forced=told.get("forced") is True,
        snapshot_match=told.get("match")
        if told.get("match") in ("match", "mismatch", "no reference")
        else None,
        changes=_changes(told.get("changes")),
        devices=probes.devices,
        metrics=probes.metrics(),
        warnings=notes,
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
    return session


def _workflow_of(extra_data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    info = extra_data.get("extra_pnginfo")
    workflow = info.get("workflow") if isinstance(info, Mapping) else None
    return workflow if isinstance(workflow, Mapping) else None


def _changes(told: object) -> tuple[Change, ...]:
    if not isinstance(told, (list, tuple)):
        return ()
    fields = ("kind", "node_id", "title", "detail")
    return tuple(
        Change(**{name: item[name] for name in fields}) for item in told if isinstance(item, Mapping)
    )
