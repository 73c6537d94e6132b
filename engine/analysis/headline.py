"""The two sentences above a report. Plain words, true for every way a run can end."""

from __future__ import annotations

import re
from collections import defaultdict

from ..model import Peak, Run, Step, Summary
from .labels import clean, node_title, shorten
from .ranking import time_share
from .units import format_bytes, format_capacity, format_count, format_percent, format_seconds

_MEMORY_ERROR = re.compile(r"out\s?of\s?memory|\bOOM\b|memoryerror", re.IGNORECASE)
_WORTH_SAYING = 0.25
"""A share of the run that passes outside nodes is mentioned from here on."""


def headline_sentence(run: Run, summary: Summary) -> str:
    """The answer in one sentence: what took the time, or how the run ended."""
    elapsed = format_seconds(summary.total_time)
    after = f" after {elapsed}" if summary.total_time is not None else ""
    if run.status == "crashed":
        where = _named(run, summary, run.running_node_id)
        into = f", {elapsed} into the run" if summary.total_time is not None else ""
        return f"ComfyUI ended{f' while {where} was running' if where else ' before the run did'}{into}"
    if run.status == "failed":
        return _failed(run, summary, after)
    if run.status == "interrupted":
        where = _named(run, summary, _stopped_in(run))
        return f"Interrupted{f' in {where}' if where else ''}{after}"
    if not summary.node_count:
        return "Nothing ran: there was no node to measure"
    if not summary.executed_count:
        return _nothing_ran(summary)
    if run.status == "running" and run.total_time is None:
        where = _named(run, summary, run.running_node_id)
        return f"Still running{f': {where}' if where else ''}{f', {elapsed} so far' if after else ''}"
    busy = "" if summary.others_cpu_share is None else ", on a machine that other programs kept busy"
    return f"{_what_took_the_time(run, summary, elapsed)}{busy}"


def detail_sentence(run: Run, summary: Summary) -> str:
    """The second line: memory peaks, idle GPU, and what else explains the time."""
    parts = []
    if summary.vram_peak is not None and summary.vram_peak.value_bytes > 0:
        parts.append(_peak("VRAM", summary.vram_peak, summary))
    elif summary.ram_peak is not None and summary.executed_count:
        parts.append(_peak("RAM", summary.ram_peak, summary))
    if summary.idle is not None and summary.executed_count:
        parts.append(_idle(summary))
    parts += _sampler(summary)
    total = summary.total_time
    if (
        run.status != "crashed"
        and total
        and summary.executed_count
        and total - summary.busy_s > _WORTH_SAYING * total
    ):
        parts.append(f"{format_percent((total - summary.busy_s) / total)} of the time passes outside nodes.")
    if summary.cached_count and summary.executed_count:
        are = "was" if summary.cached_count == 1 else "were"
        parts.append(f"{summary.cached_count:,} of {format_count(summary.node_count, 'node')} {are} cached.")
    if run.status == "partial" and summary.error_count:
        parts.append(f"{format_count(summary.error_count, 'node')} failed.")
    if run.status in ("failed", "crashed") and run.error_message and not _is_memory_error(run):
        parts.append(_closed(shorten(clean(run.error_message), 110)))
    return " ".join(parts)


def error_words(error_type: str | None, error_message: str | None = None) -> str | None:
    """An error's name as one reads it: ``torch.OutOfMemoryError`` is ``out of memory``."""
    if _MEMORY_ERROR.search(f"{error_type or ''} {error_message or ''}"):
        return "out of memory"
    name = clean(error_type or "").rpartition(".")[2]
    return shorten(name, 40) or None


def _failed(run: Run, summary: Summary, after: str) -> str:
    failed = next((step for step in run.steps if step.status == "error"), None)
    where = _named(run, summary, run.error_node_id or (failed.node_id if failed else None)) or "The run"
    error_type = run.error_type or (failed.error_type if failed else None)
    message = run.error_message or (failed.error_message if failed else None)
    words = error_words(error_type, message)
    return f"{where} failed{f' with {words}' if words else ''}{after}"


def _is_memory_error(run: Run) -> bool:
    return error_words(run.error_type, run.error_message) == "out of memory"


def _stopped_in(run: Run) -> str | None:
    known = run.running_node_id or run.error_node_id
    return known or next((step.node_id for step in run.steps if step.status == "interrupted"), None)


def _named(run: Run, summary: Summary, node_id: str | None) -> str | None:
    if node_id is None:
        return None
    return summary.names.get(node_id) or shorten(node_title(run, node_id) or "", 42) or None


def _nothing_ran(summary: Summary) -> str:
    if summary.cached_count == summary.node_count:
        return "Everything was cached: nothing ran"
    if summary.cached_count:
        return "Nothing ran: nodes were cached or skipped"
    return "Nothing ran: every node was skipped"


def _what_took_the_time(run: Run, summary: Summary, elapsed: str) -> str:
    ran = [step for step in summary.ranking if step.exec_time is not None]
    if not ran or not summary.total_time:
        return f"{format_count(summary.executed_count, 'node')} ran in {elapsed}"
    total = summary.total_time
    top = max(ran, key=lambda step: step.exec_time or 0.0)
    share = time_share([top], total) or 0.0
    by_type: dict[str, list[Step]] = defaultdict(list)
    for step in ran:
        by_type[step.node_type].append(step)
    kind, alike = max(by_type.items(), key=lambda item: sum(step.exec_time or 0.0 for step in item[1]))
    alike_share = time_share(alike, total) or 0.0
    if len(alike) > 1 and share < 0.5 and 1.5 * share < alike_share <= 1.0 and alike_share >= 0.1:
        name = shorten(clean(kind), 42)
        return f"{len(alike):,} {name} nodes take {format_percent(alike_share)} of {elapsed}"
    if share < 0.05 and len(ran) > 10:
        return (
            f"{format_count(len(ran), 'node')} share {elapsed}: none takes more than {format_percent(share)}"
        )
    return f"{summary.names[top.node_id]} takes {format_percent(min(1.0, share))} of {elapsed}"


def _peak(what: str, peak: Peak, summary: Summary) -> str:
    value = (
        format_capacity(peak.value_bytes, peak.capacity_bytes)
        if peak.capacity_bytes
        else format_bytes(peak.value_bytes)
    )
    name = summary.names.get(peak.node_id) if peak.node_id else None
    return f"{what} peaks at {value}{f' in {name}' if name else ''}."


def _sampler(summary: Summary) -> list[str]:
    """How fast the longest-running node samples, where the host told its steps."""
    step = max(summary.ranking, key=lambda one: one.exec_time or 0.0, default=None)
    if (
        step is None
        or step.status != "ok"
        or not step.sampler_steps
        or not step.sampler_step_median_s
        or step.sampler_steps < 2
    ):
        return []
    each = format_seconds(step.sampler_step_median_s)
    return [f"{summary.names[step.node_id]} does {step.sampler_steps:,} steps of {each}."]


def _idle(summary: Summary) -> str:
    idle = summary.idle
    assert idle is not None
    if idle.share < 0.01:
        return "The GPU is never idle."
    sentence = f"The GPU is idle {format_percent(idle.share)} of the time"
    if idle.share >= 0.05 and idle.loading_share > 0.5:
        return f"{sentence}, most of it while models load."
    name = summary.names.get(idle.node_id) if idle.node_id else None
    if idle.share >= 0.05 and name and idle.node_share > 0.5:
        return f"{sentence}, most of it in {name}."
    return f"{sentence}."


def _closed(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
