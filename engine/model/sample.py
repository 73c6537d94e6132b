"""What the monitor thread reads, and how each quantity was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """How one quantity was measured in a run, or why it was not.

    ``name`` is the series or field name (``ram_bytes``, ``gpu_load_percent``).
    Exactly one of ``method`` and ``reason`` is set: ``method`` says in plain words
    how the values were got, ``reason`` why there are none.
    """

    name: str
    unit: str
    method: str | None = None
    reason: str | None = None
    device: str | None = None

    @classmethod
    def unless(
        cls, reason: str | None, name: str, unit: str, method: str, device: str | None = None
    ) -> Metric:
        """Measured by ``method``, unless there is a ``reason`` why it was not."""
        return cls(name=name, unit=unit, method=None if reason else method, reason=reason, device=device)


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading of one quantity by the monitor thread.

    ``t_s`` is on the engine's clock. ``device`` is the :attr:`Device.key`, or
    ``None`` for the process and the machine. ``start_s`` is set where the value
    is an average over ``start_s..t_s`` and not an instant.
    """

    metric: str
    t_s: float
    value: float
    device: str | None = None
    start_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """All samples of one quantity in a run, in time order.

    ``t_s`` are seconds since the run started; ``t_s`` and ``value`` have equal
    lengths. ``start_s`` is empty for instants; for averages over an interval it
    holds the interval's begin for each value.
    """

    metric: str
    unit: str
    t_s: Sequence[float]
    value: Sequence[float]
    start_s: Sequence[float] = ()
    device: str | None = None
