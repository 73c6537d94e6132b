"""What to try next, from what was measured. Pure rules; each says which numbers it rests on.

A rule speaks only where its quantity was measured and where following it could
save something worth the trouble. Nothing here guesses: no numbers, no advice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ..model import Run, Step
from .findings import Summary
from .labels import step_title
from .spread import known
from .summary import loads_models, summarize
from .trends import Leak, Trends
from .units import format_bytes, format_capacity, format_percent, format_seconds

Severity = Literal["high", "medium", "low"]
_RANK: dict[str, int] = {"high": 0, "medium": 1, "low": 2}

LEAST_S = 1.0
"""Advice about time is given only where at least so many seconds are at stake."""
FULL_SHARE = 0.95
IDLE_SHARE = 0.4
LOADING_SHARE = 0.25
REPEATED_RUNS = 3

_DECODER = re.compile(r"vae.*decode", re.IGNORECASE)
_TILED = re.compile(r"tiled", re.IGNORECASE)
_SAMPLER = re.compile(r"sampler", re.IGNORECASE)
_ENCODER = re.compile(r"text.*encode|encode.*text|conditioning", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One thing worth doing. ``kind`` names the rule.

    ``text`` says what was seen and what to do; ``evidence`` are the numbers it rests on,
    with units in their names. ``saving_s`` is what a run could save at most, where it can
    be told.
    """

    kind: str
    severity: Severity
    text: str
    node_ids: tuple[str, ...] = ()
    evidence: dict[str, Any] = field(default_factory=dict)
    saving_s: float | None = None


def advise(run: Run, earlier: Sequence[Run] = (), history: Trends | None = None) -> tuple[Advice, ...]:
    """Everything worth saying about ``run``, the most pressing first.

    ``earlier`` are previous runs of the same workflow, newest first, with their steps.
    ``history`` is what :func:`trends.trends` found for that workflow.
    """
    summary = summarize(run)
    found = [entry for rule in _RULES for entry in rule(run, summary)]
    found += _repeated_work(run, earlier)
    found += _slower(history) if history else []
    found += [_leak(leak) for leak in history.leaks] if history else []
    return tuple(sorted(found, key=lambda entry: (_RANK[entry.severity], -(entry.saving_s or 0.0))))


def _loading(run: Run, summary: Summary) -> Iterable[Advice]:
    total = summary.total_time
    loading = [(step, spent) for step in _ran(run) if (spent := _load_time(step))]
    spent_s = sum(spent for _, spent in loading)
    if not total or spent_s < LOADING_SHARE * total or spent_s < LEAST_S:
        return
    rest = "They stay loaded as long as memory allows" if run.cold else "Some were not loaded any more"
    yield Advice(
        kind="model_loading",
        severity="medium" if run.cold else "high",
        text=(
            f"Loading models takes {format_seconds(spent_s)}, {format_percent(spent_s / total)} of this run. "
            f"{rest}: "
            "run it twice to see the time without loading. If every run loads again, the models do not fit "
            "together: use smaller ones (fp8, GGUF), or change fewer of them between runs. Models on an SSD "
            "load "
            "several times faster than on a hard disk."
        ),
        node_ids=tuple(step.node_id for step, _ in loading),
        evidence={"load_time_s": spent_s, "total_time": total, "cold": run.cold},
        saving_s=spent_s,
    )


def _load_time(step: Step) -> float | None:
    """As the host marked it; a loader without marks spent all its time loading."""
    return step.load_time_s or (step.exec_time if loads_models(step) else None)


def _offloading(run: Run, summary: Summary) -> Iterable[Advice]:
    spent_s = sum(known(step.offload_time_s for step in _ran(run)))
    if summary.total_time and spent_s >= LEAST_S and spent_s >= 0.1 * summary.total_time:
        yield Advice(
            kind="offloading",
            severity="medium",
            text=(
                f"Moving models out of GPU memory takes {format_seconds(spent_s)}. They do not fit beside "
                "each other: "
                "a smaller model or text encoder, or a smaller image, avoids it."
            ),
            node_ids=tuple(step.node_id for step in _ran(run) if step.offload_time_s),
            evidence={"offload_time_s": spent_s, "total_time": summary.total_time},
            saving_s=spent_s,
        )


def _memory_full(run: Run, summary: Summary) -> Iterable[Advice]:
    for peak in (summary.device_vram_peak, *summary.vram_peaks):
        if peak is None or not peak.capacity_bytes or peak.value_bytes < FULL_SHARE * peak.capacity_bytes:
            continue
        where = f" in {_name(run, peak.node_id)}" if peak.node_id else ""
        yield Advice(
            kind="memory_full",
            severity="high",
            text=(
                f"GPU memory is full{where}: {format_capacity(peak.value_bytes, peak.capacity_bytes)}. A "
                "little more and "
                "the run fails or falls back to slow paths. Lower the batch size or the resolution, use "
                "tiled VAE "
                "nodes, or a smaller version of the model."
            ),
            node_ids=(peak.node_id,) if peak.node_id else (),
            evidence={
                "peak_bytes": peak.value_bytes,
                "capacity_bytes": peak.capacity_bytes,
                "device": peak.device,
            },
        )
        return


def _others_on_gpu(run: Run, summary: Summary) -> Iterable[Advice]:
    device = run.primary_device
    capacity = device.memory_total_bytes if device else None
    shares = [
        step.device_vram_max_bytes - step.vram_max
        for step in _ran(run)
        if step.device_vram_max_bytes is not None and step.vram_max is not None
    ]
    others = min(shares, default=0)
    if capacity and others > max(0.1 * capacity, 1 << 30):
        yield Advice(
            kind="gpu_shared",
            severity="medium",
            text=(
                f"Other programs hold {format_bytes(others)} of the GPU's {format_bytes(capacity)} the whole "
                "time. "
                "Closing them gives the workflow more room."
            ),
            evidence={"others_bytes": others, "capacity_bytes": capacity},
        )


def _decode_peak(run: Run, summary: Summary) -> Iterable[Advice]:
    peak = summary.vram_peak
    step = next((step for step in _ran(run) if peak and step.node_id == peak.node_id), None)
    if peak is None or step is None or not _DECODER.search(step.node_type) or _TILED.search(step.node_type):
        return
    others = max(known(other.vram_max for other in _ran(run) if other.node_id != step.node_id), default=0.0)
    crowded = peak.capacity_bytes is not None and peak.value_bytes > 0.7 * peak.capacity_bytes
    if not crowded or peak.value_bytes < 1.2 * others:
        return
    yield Advice(
        kind="decode_peak",
        severity="medium",
        text=(
            f"The run's highest memory use, {format_bytes(peak.value_bytes)}, is in {step_title(step)}; "
            "every other node "
            f"stays below {format_bytes(others)}. VAE Decode (Tiled) decodes piece by piece and needs far "
            "less."
        ),
        node_ids=(step.node_id,),
        evidence={
            "peak_bytes": peak.value_bytes,
            "others_peak_bytes": others,
            "capacity_bytes": peak.capacity_bytes,
        },
    )


def _gpu_idle(run: Run, summary: Summary) -> Iterable[Advice]:
    idle, total = summary.idle, summary.total_time
    if idle is None or not total or idle.share < IDLE_SHARE or idle.share * total < LEAST_S:
        return
    if idle.loading_share > 0.5:
        reason = "Most of that passes while models are loaded."
    elif idle.node_id and idle.node_share > 0.3:
        reason = f"Most of it is in {_name(run, idle.node_id)}, which works on the CPU or waits for the disk."
    else:
        reason = "It is spread over many nodes that work on the CPU."
    yield Advice(
        kind="gpu_idle",
        severity="medium",
        text=(
            f"The GPU has nothing to do for {format_percent(idle.share)} of the run "
            f"({format_seconds(idle.share * total)}). {reason} A faster GPU would not help there."
        ),
        node_ids=(idle.node_id,) if idle.node_id else (),
        evidence={"idle_share": idle.share, "loading_share": idle.loading_share, "total_time": total},
        saving_s=idle.share * total,
    )


def _sampling(run: Run, summary: Summary) -> Iterable[Advice]:
    total = summary.total_time
    for step in _ran(run):
        spent = step.exec_time
        if not (total and spent and step.sampler_steps and step.sampler_step_median_s):
            continue
        if not _SAMPLER.search(step.node_type) or spent < 0.5 * total or spent < LEAST_S:
            continue
        yield Advice(
            kind="sampling",
            severity="low",
            text=(
                f"{step_title(step)} is where the time goes: {step.sampler_steps} steps of "
                f"{format_seconds(step.sampler_step_median_s)} each, {format_percent(spent / total)} of the "
                "run. Each step "
                f"less saves {format_seconds(step.sampler_step_median_s)}."
            ),
            node_ids=(step.node_id,),
            evidence={
                "exec_time": spent,
                "total_time": total,
                "sampler_steps": step.sampler_steps,
                "sampler_step_median_s": step.sampler_step_median_s,
            },
        )


def _own_cost(run: Run, summary: Summary) -> Iterable[Advice]:
    share = summary.overhead_share
    if share is not None and share > 0.05 and summary.overhead_s > 0.05:
        yield Advice(
            kind="profiler_cost",
            severity="low",
            text=(
                f"Measuring itself took {format_percent(share)} of this run. Set the timing of Profiler "
                "Start to light, "
                "or its interval to 200 ms or more."
            ),
            evidence={"overhead_s": summary.overhead_s, "overhead_share": share},
            saving_s=summary.overhead_s,
        )


def _repeated_work(run: Run, earlier: Sequence[Run]) -> Iterable[Advice]:
    """Nodes that did the same work, from the same inputs, in every one of the last runs."""
    runs = [run, *(other for other in earlier if other.settings.cache == "keep")][:REPEATED_RUNS]
    if run.settings.cache != "keep" or len(runs) < REPEATED_RUNS:
        return
    for step in _ran(run):
        spent = step.exec_time or 0.0
        if not step.inputs_hash or spent < 0.2 or spent < 0.03 * (run.total_time or 0.0):
            continue
        before = [_same_work(other, step) for other in runs[1:]]
        if not all(before):
            continue
        again = "the text" if _ENCODER.search(step.node_type) else "its inputs"
        yield Advice(
            kind="text_encoded_again" if _ENCODER.search(step.node_type) else "never_cached",
            severity="medium" if spent >= LEAST_S else "low",
            text=(
                f"{step_title(step)} ran again in {len(runs)} runs in a row although {again} did not change, "
                "for "
                f"{format_seconds(spent)} each time. ComfyUI keeps results only between runs that need them: "
                "something "
                "before it changes every time (a random seed, a node that always runs), or the cache was "
                "full or "
                "switched off."
            ),
            node_ids=(step.node_id,),
            evidence={
                "exec_time": spent,
                "run_ids": [other.id for other in runs],
                "inputs_hash": step.inputs_hash,
            },
            saving_s=spent,
        )


def _same_work(run: Run, step: Step) -> bool:
    return any(
        other.node_id == step.node_id and other.inputs_hash == step.inputs_hash and other.status == "ok"
        for other in run.measured_steps
    )


def _slower(history: Trends) -> list[Advice]:
    trend = history.total_time
    count = len(known(trend.values))
    if not trend.is_certain or count < 5 or trend.change_share is None or trend.change_share < 0.15:
        return []
    return [
        Advice(
            kind="slower",
            severity="medium",
            text=(
                f"This workflow has become {format_percent(trend.change_share)} slower over its last {count} "
                "runs, about "
                f"{format_seconds(trend.slope_per_run)} a run. A hot GPU, a fuller memory or another program "
                "can be the "
                "reason; compare the first and the last run."
            ),
            evidence={
                "slope_s_per_run": trend.slope_per_run,
                "change_share": trend.change_share,
                "run_count": count,
            },
        )
    ]


def _leak(leak: Leak) -> Advice:
    place = "GPU memory" if leak.kind == "vram" else "RAM"
    return Advice(
        kind=f"{leak.kind}_leak",
        severity="high",
        text=(
            f"{leak.node_title} keeps about {format_bytes(leak.bytes_per_run)} of {place} in every run and "
            "does not give "
            f"it back: {format_bytes(leak.total_bytes)} over {len(leak.run_ids)} runs. Restarting ComfyUI "
            "frees it; an "
            "update of that node's pack may cure it."
        ),
        node_ids=(leak.node_id,),
        evidence={
            "bytes_per_run": leak.bytes_per_run,
            "total_bytes": leak.total_bytes,
            "run_ids": list(leak.run_ids),
        },
    )


def _ran(run: Run) -> list[Step]:
    return [step for step in run.measured_steps if step.status not in ("cached", "skipped")]


def _name(run: Run, node_id: str | None) -> str:
    return next((step_title(step) for step in run.steps if step.node_id == node_id), f"node {node_id}")


_RULES: tuple[Callable[[Run, Summary], Iterable[Advice]], ...] = (
    _loading,
    _offloading,
    _memory_full,
    _others_on_gpu,
    _decode_peak,
    _gpu_idle,
    _sampling,
    _own_cost,
)
