"""How a run was measured, what that cost and what is missing, in plain sentences.

Shared by the picture, the table and the other formats, so that they say the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..analysis.contention import contention_sentences
from ..analysis.groups import GroupTotal
from ..analysis.labels import clean, shorten
from ..analysis.units import NOT_AVAILABLE, format_percent, format_seconds
from ..language import grouped, msg, stored, t
from ..model import Metric, Run, Summary

_NAMES = {
    "vram_bytes": msg("VRAM"),
    "device_vram_bytes": msg("whole-device VRAM"),
    "vram_max": msg("VRAM peaks"),
    "ram_bytes": msg("RAM"),
    "ram_max_bytes": msg("RAM peaks"),
    "cpu_percent": msg("CPU load"),
    "machine_cpu_percent": msg("whole-machine CPU load"),
    "cpu_wait_percent": msg("waiting for a core"),
    "cpu_seconds": msg("CPU time"),
    "gpu_load_percent": msg("GPU load"),
    "gpu_others_percent": msg("GPU load of other programs"),
    "gpu_slowed_percent": msg("slowing down of the GPU"),
    "gpu_time_s": msg("GPU time"),
    "energy_joules": msg("energy"),
    "power_watts": msg("power"),
    "read_bytes": msg("bytes read from disk"),
    "read_call_bytes": msg("bytes read through calls"),
}
_CHANGES = {
    "added": msg("added"),
    "removed": msg("removed"),
    "retyped": msg("retyped"),
    "rewired": msg("rewired"),
    "renamed": msg("renamed"),
}
_METHOD_ORDER = (
    "vram_bytes",
    "vram_max",
    "device_vram_bytes",
    "ram_bytes",
    "ram_max_bytes",
    "gpu_load_percent",
    "machine_cpu_percent",
    "cpu_percent",
    "cpu_wait_percent",
    "energy_joules",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """Texts for the foot of a report, each a sentence or a phrase without its end.

    ``measured``: how; ``missing``: what is not available and why; ``warnings``:
    what the reader must know before trusting the numbers; ``groups``: what was
    wrong with groups.
    """

    measured: tuple[str, ...]
    missing: tuple[str, ...]
    warnings: tuple[str, ...]
    groups: tuple[str, ...]

    @property
    def lines(self) -> list[str]:
        """All of it, a line each, what to beware of first."""
        measured = t("measured: {how}", how=" · ".join(self.measured))
        return [
            *self.warnings,
            *self.groups,
            measured,
            *(f"{NOT_AVAILABLE}: {text}" for text in self.missing),
        ]


def notes_for(run: Run, summary: Summary, totals: Sequence[GroupTotal] = ()) -> Notes:
    """Everything a report says in small print about ``run``."""
    return Notes(
        measured=tuple(_measured(run, summary)),
        missing=tuple(_missing(run)),
        warnings=tuple(dict.fromkeys(_warnings(run, summary))),
        groups=tuple(
            t("group “{group}”: {note}", group=shorten(clean(entry.name), 40), note=note)
            for entry in totals
            for note in entry.notes
        ),
    )


def metric_name(name: str) -> str:
    """``gpu_load_percent`` as people say it."""
    if name in _NAMES:
        return t(_NAMES[name])
    return name.removesuffix("_bytes").removesuffix("_percent").replace("_", " ")


def missing_reason(run: Run, name: str) -> str | None:
    """Why ``name`` was not measured, or ``None`` where it was or nobody knows."""
    metric = run.metric(name)
    return stored(clean(metric.reason)) if metric is not None and metric.reason else None


def cost_sentence(summary: Summary) -> str:
    """What profiling cost in this run."""
    known = summary.overhead_share is not None and summary.overhead_share <= 1
    cost = format_seconds(summary.overhead_s)
    if not known:
        return t("profiling cost {time}", time=cost)
    return t("profiling cost {time} ({share})", time=cost, share=format_percent(summary.overhead_share))


def sync_sentence(summary: Summary) -> str | None:
    """How long nodes were waited for at their ends, which is part of their own time; ``None`` for no wait."""
    if summary.sync_s < 0.0005:
        return None
    waited = format_seconds(summary.sync_s)
    return t("waiting for the GPU work of nodes, in their times: {time}", time=waited)


def _measured(run: Run, summary: Summary) -> list[str]:
    if run.settings.timing == "light":
        texts = [t("light timing: nothing added to wait for the GPU")]
    elif run.devices:
        texts = [t("precise timing: the GPU is waited for after each node")]
    else:
        texts = [t("precise timing")]
    median_s = run.overhead.sample_interval_median_s
    interval = t("sampled every {ms} ms", ms=run.settings.interval_ms)
    if median_s:
        p95_s = run.overhead.sample_interval_p95_s
        middle = t("median {time}", time=format_seconds(median_s))
        interval += f" ({middle}{f', p95 {format_seconds(p95_s)}' if p95_s else ''})"
    texts.append(interval)
    if run.overhead.stack_count:
        cost, count = run.overhead.stacks_s, grouped(run.overhead.stack_count)
        texts.append(
            t("stacks: {n} samples", n=count)
            if cost is None
            else t("stacks: {n} samples in {time}", n=count, time=format_seconds(cost))
        )
    known = {metric.name: metric for metric in reversed(run.metrics) if metric.method}
    texts += [
        f"{metric_name(name)}: {stored(clean(known[name].method or ''))}"
        for name in _METHOD_ORDER
        if name in known
    ]
    texts.append(cost_sentence(summary))
    if (sync := sync_sentence(summary)) is not None:
        texts.append(sync)
    if any(step.shared for step in run.measured_steps):
        texts.append(t("memory and load of nodes that overlap belong to all of them"))
    return texts


def _missing(run: Run) -> list[str]:
    """Reasons with what they keep from being known, each reason once."""
    present = {metric.name for metric in run.metrics if metric.method}
    by_reason: dict[str, list[Metric]] = {}
    for metric in run.metrics:
        if metric.reason and metric.name not in present:
            by_reason.setdefault(clean(metric.reason), []).append(metric)
    texts = []
    for reason, metrics in by_reason.items():
        names = list(dict.fromkeys(metric_name(metric.name) for metric in metrics))
        texts.append(f"{', '.join(names)}: {stored(reason)}")
    return texts


def _warnings(run: Run, summary: Summary) -> list[str]:
    texts = [stored(clean(text)) for text in run.warnings if clean(text)]
    texts += contention_sentences(summary.contention)
    if run.snapshot_match == "mismatch":
        changes = [
            f"{t(_CHANGES[change.kind])}: {shorten(clean(change.title), 30)} #{change.node_id}"
            for change in run.changes[:4]
        ]
        if len(run.changes) > 4:
            changes.append(t("and {n} more", n=len(run.changes) - 4))
        shown = f" ({'; '.join(changes)})" if changes else ""
        texts.append(
            t(
                "The workflow differs from its reference and was run by force{changes}: "
                "times may not compare with earlier runs.",
                changes=shown,
            )
            if run.forced
            else t(
                "The workflow differs from its reference{changes}: times may not compare with earlier runs.",
                changes=shown,
            )
        )
    elif run.forced:
        texts.append(t("This run was forced."))
    return texts
