"""The two sentences above a report. Plain words, true for every way a run can end."""

from __future__ import annotations

import re
from collections import defaultdict

from ..language import grouped, msg, sentences, t, tn
from ..model import Peak, Run, Step, Summary
from .contention import with_contention
from .labels import clean, node_title, shorten
from .ranking import time_share
from .units import format_bytes, format_capacity, format_percent, format_seconds

_MEMORY_ERROR = re.compile(r"out\s?of\s?memory|\bOOM\b|memoryerror", re.IGNORECASE)
_WORTH_SAYING = 0.25
"""A share of the run that passes outside nodes is mentioned from here on."""


def headline_sentence(run: Run, summary: Summary) -> str:
    """The answer in one sentence: what took the time, or how the run ended."""
    elapsed = format_seconds(summary.total_time)
    is_timed = summary.total_time is not None
    if run.status == "crashed":
        where = _named(run, summary, run.running_node_id)
        text = (
            t("ComfyUI ended while {node} was running", node=where)
            if where
            else t("ComfyUI ended before the run did")
        )
        return t("{what}, {time} into the run", what=text, time=elapsed) if is_timed else text
    if run.status == "failed":
        return _after(_failed(run, summary), elapsed if is_timed else None)
    if run.status == "interrupted":
        where = _named(run, summary, _stopped_in(run))
        text = t("Interrupted in {node}", node=where) if where else t("Interrupted")
        return _after(text, elapsed if is_timed else None)
    if run.stopped_early:
        return _after(
            t("Measuring stopped early because of an error in the profiler"), elapsed if is_timed else None
        )
    if not summary.node_count:
        return t("Nothing ran: there was no node to measure")
    if not summary.executed_count:
        return _nothing_ran(summary)
    if run.status == "running" and run.total_time is None:
        where = _named(run, summary, run.running_node_id)
        text = t("Still running: {node}", node=where) if where else t("Still running")
        return t("{what}, {time} so far", what=text, time=elapsed) if is_timed else text
    answer = _what_took_the_time(run, summary, elapsed)
    return with_contention(answer, summary.contention)


def detail_sentence(run: Run, summary: Summary) -> str:
    """The second line: memory peaks, idle GPU, and what else explains the time."""
    parts = []
    if summary.vram_peak is not None and summary.vram_peak.value_bytes > 0:
        parts.append(_peak(t("VRAM"), summary.vram_peak, summary))
    elif summary.ram_peak is not None and summary.executed_count:
        parts.append(_peak(t("RAM"), summary.ram_peak, summary))
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
        outside = format_percent((total - summary.busy_s) / total)
        parts.append(t("{share} of the time passes outside nodes.", share=outside))
    if summary.cached_count and summary.executed_count:
        forms = msg("{n} of {nodes} was cached.|{n} of {nodes} were cached.")
        parts.append(tn(forms, summary.cached_count, nodes=node_count(summary.node_count)))
    if run.status == "partial" and summary.error_count:
        parts.append(tn("{n} node failed.|{n} nodes failed.", summary.error_count))
    if run.status in ("failed", "crashed") and run.error_message and not _is_memory_error(run):
        parts.append(_closed(shorten(clean(run.error_message), 110)))
    return sentences(parts)


def node_count(count: int) -> str:
    """``1 node``, ``1,200 nodes``."""
    return tn("{n} node|{n} nodes", count)


def error_words(error_type: str | None, error_message: str | None = None) -> str | None:
    """An error's name as one reads it: ``torch.OutOfMemoryError`` is ``out of memory``."""
    if _MEMORY_ERROR.search(f"{error_type or ''} {error_message or ''}"):
        return t("out of memory")
    name = clean(error_type or "").rpartition(".")[2]
    return shorten(name, 40) or None


def _after(what: str, elapsed: str | None) -> str:
    return what if elapsed is None else t("{what} after {time}", what=what, time=elapsed)


def _failed(run: Run, summary: Summary) -> str:
    failed = next((step for step in run.steps if step.status == "error"), None)
    where = _named(run, summary, run.error_node_id or (failed.node_id if failed else None)) or t("The run")
    error_type = run.error_type or (failed.error_type if failed else None)
    message = run.error_message or (failed.error_message if failed else None)
    words = error_words(error_type, message)
    return (
        t("{node} failed with {error}", node=where, error=words) if words else t("{node} failed", node=where)
    )


def _is_memory_error(run: Run) -> bool:
    return error_words(run.error_type, run.error_message) == t("out of memory")


def _stopped_in(run: Run) -> str | None:
    known = run.running_node_id or run.error_node_id
    return known or next((step.node_id for step in run.steps if step.status == "interrupted"), None)


def _named(run: Run, summary: Summary, node_id: str | None) -> str | None:
    if node_id is None:
        return None
    return summary.names.get(node_id) or shorten(node_title(run, node_id) or "", 42) or None


def _nothing_ran(summary: Summary) -> str:
    if summary.cached_count == summary.node_count:
        return t("Everything was cached: nothing ran")
    if summary.cached_count:
        return t("Nothing ran: nodes were cached or skipped")
    return t("Nothing ran: every node was skipped")


def _what_took_the_time(run: Run, summary: Summary, elapsed: str) -> str:
    ran = [step for step in summary.ranking if step.exec_time is not None]
    if not ran or not summary.total_time:
        return tn("{n} node ran in {time}|{n} nodes ran in {time}", summary.executed_count, time=elapsed)
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
        return t(
            "{n} {type} nodes take {share} of {time}",
            n=grouped(len(alike)),
            type=name,
            share=format_percent(alike_share),
            time=elapsed,
        )
    if share < 0.05 and len(ran) > 10:
        return t(
            "{nodes} share {time}: none takes more than {share}",
            nodes=node_count(len(ran)),
            time=elapsed,
            share=format_percent(share),
        )
    return t(
        "{node} takes {share} of {time}",
        node=summary.names[top.node_id],
        share=format_percent(min(1.0, share)),
        time=elapsed,
    )


def _peak(what: str, peak: Peak, summary: Summary) -> str:
    value = (
        format_capacity(peak.value_bytes, peak.capacity_bytes)
        if peak.capacity_bytes
        else format_bytes(peak.value_bytes)
    )
    name = summary.names.get(peak.node_id) if peak.node_id else None
    if name:
        return t("{what} peaks at {size} in {node}.", what=what, size=value, node=name)
    return t("{what} peaks at {size}.", what=what, size=value)


def _sampler(summary: Summary) -> list[str]:
    """How fast the longest-running node samples, where the host counts its steps."""
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
    return [
        t(
            "{node} does {n} steps of {time}.",
            node=summary.names[step.node_id],
            n=grouped(step.sampler_steps),
            time=each,
        )
    ]


def _idle(summary: Summary) -> str:
    idle = summary.idle
    assert idle is not None
    if idle.share < 0.01:
        return t("The GPU is never idle.")
    share = format_percent(idle.share)
    if idle.share >= 0.05 and idle.loading_share > 0.5:
        return t("The GPU is idle {share} of the time, most of it while models load.", share=share)
    name = summary.names.get(idle.node_id) if idle.node_id else None
    if idle.share >= 0.05 and name and idle.node_share > 0.5:
        return t("The GPU is idle {share} of the time, most of it in {node}.", share=share, node=name)
    return t("The GPU is idle {share} of the time.", share=share)


def _closed(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…", "。")) else f"{text}."
