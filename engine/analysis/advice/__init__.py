"""What to try next, from what was measured. Pure rules; each says which numbers it rests on.

A rule speaks only where its quantity was measured and where following it could
save something worth the trouble. Nothing here guesses: no numbers, no advice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ...model import Run, Summary
from ..summary import summarize
from ..trends import Trends
from .entry import Advice, Severity
from .history import leaking, repeated_work, slower
from .memory import decode_peak, memory_full, others_on_gpu
from .time import gpu_idle, loading, offloading, own_cost, sampling

__all__ = ["Advice", "Severity", "advise"]

_RANK: dict[str, int] = {"high": 0, "medium": 1, "low": 2}
_RULES: tuple[Callable[[Run, Summary], Iterable[Advice]], ...] = (
    loading,
    offloading,
    memory_full,
    others_on_gpu,
    decode_peak,
    gpu_idle,
    sampling,
    own_cost,
)


def advise(run: Run, earlier: Sequence[Run] = (), history: Trends | None = None) -> tuple[Advice, ...]:
    """Everything worth saying about ``run``, the most pressing first.

    ``earlier`` are previous runs of the same workflow, newest first, with their steps.
    ``history`` is what :func:`trends.trends` found for that workflow.
    """
    summary = summarize(run)
    found = [entry for rule in _RULES for entry in rule(run, summary)]
    found += repeated_work(run, earlier)
    found += slower(history) if history else []
    found += [leaking(leak) for leak in history.leaks] if history else []
    return tuple(sorted(found, key=lambda entry: (_RANK[entry.severity], -(entry.saving_s or 0.0))))
