"""Numbers as people read them: times, sizes, shares. Pure text; never rounds what is stored.

Sizes are binary, as graphics cards are sold and as ``nvidia-smi`` counts them:
1 GB here is 1024 MB is 1024**3 bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

NOT_AVAILABLE = "n/a"
GB = 1024.0**3
_BYTE_STEPS = (("GB", GB), ("MB", 1024.0**2), ("KB", 1024.0), ("B", 1.0))


class Scale(NamedTuple):
    """A unit and how many base units (seconds or bytes) one of it is."""

    unit: str
    factor: float


def format_seconds(seconds: float | None) -> str:
    """``0.00123`` -> ``1.2 ms``, ``41.23`` -> ``41.2 s``, ``7384`` -> ``2 h 3 min``."""
    if seconds is None or not math.isfinite(seconds):
        return NOT_AVAILABLE
    if seconds <= 0:
        return "0 s"
    if seconds < 0.00005:
        return "<0.1 ms"
    if seconds < 0.00995:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours:,} h {minutes} min" if minutes else f"{hours:,} h"


def format_bytes(count: float | None) -> str:
    """``19649073152`` -> ``18.3 GB``; below 10 one decimal, megabytes and less whole."""
    if count is None or not math.isfinite(count):
        return NOT_AVAILABLE
    unit, factor = bytes_scale([count])
    value = count / factor
    return f"{value:,.1f} GB" if unit == "GB" else f"{value:,.0f} {unit}"


def format_capacity(used: float, total: float | None) -> str:
    """``18.3 of 24 GB``: both in the unit of ``total``; without ``total`` just ``used``."""
    if not total:
        return format_bytes(used)
    unit, factor = bytes_scale([total])
    whole = f"{total / factor:,.1f}".removesuffix(".0")
    if used and used / factor < 0.1:
        return f"{format_bytes(used)} of {whole} {unit}"
    return f"{used / factor:,.1f} of {whole} {unit}"


def format_change(count: float | None) -> str:
    """A difference in bytes with its sign; ``±0`` for less than would show as a digit."""
    if count is None or not math.isfinite(count):
        return NOT_AVAILABLE
    if abs(count) < 512 * 1024:
        return "±0"
    return ("+" if count > 0 else "−") + format_bytes(abs(count))


def format_percent(share: float | None) -> str:
    """A share of 1 as percent: ``0.782`` -> ``78 %``, ``0.004`` -> ``0.4 %``."""
    if share is None or not math.isfinite(share):
        return NOT_AVAILABLE
    percent = share * 100
    if percent <= 0:
        return "0 %"
    if percent > 999:
        return ">999 %"
    if percent < 0.1:
        return "<0.1 %"
    if percent < 0.95:
        return f"{percent:.1f} %"
    if 99.5 <= percent < 99.95:
        return f"{percent:.1f} %"
    return f"{percent:.0f} %"


def format_energy(joules: float | None) -> str:
    """Joules, with watt hours beside them once they are worth saying."""
    if joules is None or not math.isfinite(joules):
        return NOT_AVAILABLE
    text = f"{joules:,.0f} J" if joules < 10_000 else f"{joules / 1000:,.1f} kJ"
    return f"{text} ({joules / 3600:,.1f} Wh)" if joules >= 360 else text


def format_count(count: int, noun: str) -> str:
    """``1, "node"`` -> ``1 node``; ``1200, "node"`` -> ``1,200 nodes``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def bytes_scale(values: Iterable[float | None]) -> Scale:
    """The unit in which the largest of ``values`` reads best."""
    top = max((abs(value) for value in values if value is not None), default=0.0)
    for unit, factor in _BYTE_STEPS:
        if top >= factor * (0.9995 if unit == "GB" else 1.0):
            return Scale(unit, factor)
    return Scale("B", 1.0)


def seconds_scale(values: Iterable[float | None]) -> Scale:
    """Milliseconds, seconds, minutes or hours, by the largest of ``values``."""
    top = max((abs(value) for value in values if value is not None), default=0.0)
    if top < 1.0:
        return Scale("ms", 0.001)
    if top < 600.0:
        return Scale("s", 1.0)
    return Scale("min", 60.0) if top < 36_000.0 else Scale("h", 3600.0)
