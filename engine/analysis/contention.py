"""Whether other programs or the hardware kept a run from what it asked for. Never guesses."""

from __future__ import annotations

from ..language import t
from ..model import Contention, Run
from .series import CPU_LOAD, CPU_WAIT, GPU_OTHERS, GPU_SLOWED, MACHINE_LOAD, find_series, mean
from .units import format_percent

_BUSY = 0.9
"""From this share of all cores on, a program that wants another one has to wait for it."""
_OTHERS = 0.25
"""Others must have had at least this share: less is what any machine does beside."""
_MISSING = 0.15
"""Less than this share of what a process asked for is missing on a quiet machine too."""
_LEAST_WAIT = 10.0
"""Percent of one core."""
_GPU_OTHERS = 0.1
_GPU_SLOWED = 0.1


def find_contention(run: Run, total_time: float | None) -> Contention:
    """What was missing in ``run``, from readings over ``total_time`` seconds."""
    primary = run.primary_device
    device = primary.key if primary is not None else None
    own = mean(find_series(run, CPU_LOAD), total_time)
    waited = mean(find_series(run, CPU_WAIT), total_time)
    missing = None if own is None or waited is None or own + waited <= 0 else waited / (own + waited)
    is_missing = missing is not None and missing >= _MISSING and (waited or 0.0) >= _LEAST_WAIT
    # Where the wait itself is known, how busy the machine was says no more about this run.
    others = _others_cpu_share(run, own, total_time) if waited is None or is_missing else None
    return Contention(
        cpu_missing_share=missing if is_missing else None,
        others_cpu_share=others,
        gpu_others_share=_at_least(_GPU_OTHERS, run, GPU_OTHERS, device, total_time),
        gpu_slowed_share=_at_least(_GPU_SLOWED, run, GPU_SLOWED, device, total_time),
    )


def _others_cpu_share(run: Run, own: float | None, total_time: float | None) -> float | None:
    """From the loads of the whole machine and of this process; ``None`` where it had cores to spare."""
    cores = run.environment.get("cpu.count", "")
    machine = mean(find_series(run, MACHINE_LOAD), total_time)
    if machine is None or own is None or not cores.isdecimal() or int(cores) < 1:
        return None
    others = (machine - own / int(cores)) / 100
    return others if machine / 100 >= _BUSY and others >= _OTHERS else None


def _at_least(
    least: float, run: Run, metric: str, device: str | None, total_time: float | None
) -> float | None:
    share = mean(find_series(run, metric, device), total_time) if device is not None else None
    return share / 100 if share is not None and share >= 100 * least else None


def contention_kinds(found: Contention) -> str | None:
    """What was missing as ``Run.contention`` has it; ``None`` where nothing was."""
    kinds = {
        "cpu": found.cpu_missing_share is not None or found.others_cpu_share is not None,
        "gpu shared": found.gpu_others_share is not None,
        "gpu slowed": found.gpu_slowed_share is not None,
    }
    return ", ".join(kind for kind, is_so in kinds.items() if is_so) or None


def with_contention(answer: str, found: Contention) -> str:
    """A headline with what was missing, the gravest only."""
    if found.cpu_missing_share is not None or found.others_cpu_share is not None:
        return t("{answer}, on a machine that other programs kept busy", answer=answer)
    if found.gpu_others_share is not None:
        return t("{answer}, on a GPU that other programs used", answer=answer)
    if found.gpu_slowed_share is not None:
        return t("{answer}, on a GPU that was slowed down", answer=answer)
    return answer


def contention_sentences(found: Contention) -> list[str]:
    """What a report says of it, one sentence a shortage."""
    texts = []
    if found.others_cpu_share is not None:
        share = format_percent(found.others_cpu_share)
        texts.append(t("Other programs used {share} of all cores: this run was slower for it.", share=share))
    if found.cpu_missing_share is not None:
        share = format_percent(found.cpu_missing_share)
        texts.append(t("This run got {share} less CPU time than it asked for.", share=share))
    if found.gpu_others_share is not None:
        share = format_percent(found.gpu_others_share)
        texts.append(t("Other programs used {share} of the GPU: this run was slower for it.", share=share))
    if found.gpu_slowed_share is not None:
        share = format_percent(found.gpu_slowed_share)
        texts.append(
            t("For {share} of the time the GPU was slowed down, for heat or its power supply.", share=share)
        )
    return texts
