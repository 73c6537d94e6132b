"""What to try next, from what was measured. Pure rules; each says which numbers it rests on.

A rule speaks only where its quantity was measured and where following it could
save something worth doing. Nothing here guesses: no numbers, no advice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from ...model import Run, Summary
from ..summary import summarize
from ..trends import Trends
from .actions import actions
from .entry import Advice, Severity, Thresholds
from .history import leaking, often_failing, repeated_work, slower
from .memory import (
    decode_peak,
    fits_cards,
    long_video,
    memory_full,
    models_swapped,
    others_on_gpu,
)
from .outcome import dominates, failed, long_run, out_of_memory, outputs_cost
from .time import foreign_code, gpu_idle, loading, offloading, own_cost, sampling

__all__ = ["Advice", "Severity", "Thresholds", "advise"]

_RANK: dict[str, int] = {"high": 0, "medium": 1, "low": 2}
_RULES: tuple[Callable[[Run, Summary], Iterable[Advice]], ...] = (
    loading,
    offloading,
    models_swapped,
    others_on_gpu,
    decode_peak,
    gpu_idle,
    sampling,
    dominates,
    outputs_cost,
    foreign_code,
    own_cost,
    fits_cards,
)
_LIMITED: tuple[Callable[[Run, Summary, Thresholds], Iterable[Advice]], ...] = (
    memory_full,
    long_video,
    long_run,
)


def advise(
    run: Run,
    earlier: Sequence[Run] = (),
    history: Trends | None = None,
    limits: Thresholds | None = None,
) -> tuple[Advice, ...]:
    """Everything worth saying about ``run``, the most pressing first; no second is offered twice.

    ``earlier`` are previous runs of the same workflow, newest first, with their steps.
    ``history`` is what :func:`trends.trends` found for that workflow.
    """
    summary = summarize(run)
    limits = limits or Thresholds()
    found = [entry for rule in _RULES for entry in rule(run, summary)]
    found += [entry for limited in _LIMITED for entry in limited(run, summary, limits)]
    found += [*out_of_memory(run, earlier), *failed(run, earlier)]
    found += repeated_work(run, earlier)
    if history is not None:
        found += [*slower(history), *often_failing(history, limits)]
        found += [leaking(leak) for leak in history.leaks]
    ordered = sorted(found, key=lambda entry: (_RANK[entry.severity], -(entry.saving_s or 0.0)))
    return tuple(replace(entry, actions=actions(entry, run)) for entry in _each_second_once(ordered))


def _each_second_once(found: Sequence[Advice]) -> Iterable[Advice]:
    """``found`` without savings that another entry offers for the same nodes already."""
    offered: set[str] = set()
    for entry in found:
        nodes = set(entry.node_ids)
        if entry.saving_s is not None and nodes and nodes <= offered:
            yield replace(entry, saving_s=None)
            continue
        if entry.saving_s is not None:
            offered |= nodes
        yield entry
