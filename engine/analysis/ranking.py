"""The orders in which a report can list nodes. Never drops a node."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ..model import Step

SORT_KEYS = ("active time", "self time", "VRAM peak", "VRAM change", "RAM peak", "execution order")
"""What ``sort_by`` may be; the same words stand on the Profiler Report node."""


def vram_change(step: Step) -> int | None:
    """Bytes of GPU memory that the node kept (positive) or freed (negative)."""
    if step.vram_start is None or step.vram_end is None:
        return None
    return step.vram_end - step.vram_start


def ram_change(step: Step) -> int | None:
    """Bytes of RAM that the node kept (positive) or freed (negative)."""
    if step.ram_start_bytes is None or step.ram_end_bytes is None:
        return None
    return step.ram_end_bytes - step.ram_start_bytes


def time_share(steps: Iterable[Step], total_time: float | None) -> float | None:
    """The part (0 to 1) of the run's ``total_time`` that is these nodes', see :class:`Step`.

    ``None`` where nothing ran, or where only an older record that cannot be divided is left.
    """
    found = [share for step in steps if (share := _time_share(step, total_time)) is not None]
    return sum(found) if found else None


def _time_share(step: Step, total_time: float | None) -> float | None:
    if step.time_share is not None or step.exec_time is None or step.shared or not total_time:
        return step.time_share
    return min(1.0, step.exec_time / total_time)


_VALUES: dict[str, Callable[[Step], float | None]] = {
    "active time": lambda step: step.exec_time,
    "self time": lambda step: step.self_time_s,
    "VRAM peak": lambda step: step.vram_max,
    "VRAM change": vram_change,
    "RAM peak": lambda step: step.ram_max_bytes,
}


def rank(steps: Sequence[Step], sort_by: str = SORT_KEYS[0]) -> tuple[Step, ...]:
    """``steps`` with the largest value first; nodes that did not run come last.

    An unknown ``sort_by`` means active time. Equal or unmeasured values keep their
    execution order, the unmeasured after the measured.
    """
    if sort_by == "execution order":
        return tuple(sorted(steps, key=lambda step: (did_not_run(step), step.position)))
    read = _VALUES.get(sort_by, _VALUES[SORT_KEYS[0]])

    def order(step: Step) -> tuple[bool, bool, float, int]:
        value = read(step)
        return (did_not_run(step), value is None, -(value or 0.0), step.position)

    return tuple(sorted(steps, key=order))


def did_not_run(step: Step) -> bool:
    """Whether the step stands for a node that was cached or skipped in this run."""
    return step.status in ("cached", "skipped")
