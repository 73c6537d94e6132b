"""Numbers as people read them: times, sizes, shares. Pure text; never rounds what is stored.

Sizes are binary, as graphics cards are sold and as ``nvidia-smi`` counts them:
1 GB here is 1024 MB is 1024**3 bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from ..language import grouped, t

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
        return f"<{grouped(0.1, 1)} ms"
    if seconds < 0.00995:
        return f"{grouped(seconds * 1000, 1)} ms"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{grouped(seconds, 1)} s"
    whole = round(seconds)
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{grouped(hours)} h {minutes} min" if minutes else f"{grouped(hours)} h"


def format_bytes(count: float | None) -> str:
    """``19649073152`` -> ``18.3 GB``; below 10 one decimal, megabytes and less whole."""
    if count is None or not math.isfinite(count):
        return NOT_AVAILABLE
    unit, factor = bytes_scale([count])
    value = count / factor
    return f"{grouped(value, 1 if unit == 'GB' else 0)} {unit}"


def format_capacity(used: float, total: float | None) -> str:
    """``18.3 of 24 GB``: both in the unit of ``total``; without ``total`` just ``used``."""
    if not total:
        return format_bytes(used)
    _, factor = bytes_scale([total])
    small = bool(used) and used / factor < 0.1
    return t(
        "{used} of {capacity}",
        used=format_bytes(used) if small else grouped(used / factor, 1),
        capacity=format_whole(total),
    )


def format_whole(count: float) -> str:
    """``25769803776`` -> ``24 GB``: the size of a device, without a decimal where it is none."""
    unit, factor = bytes_scale([count])
    return f"{grouped(count / factor, 0 if f'{count / factor:.1f}'.endswith('.0') else 1)} {unit}"


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
        return f"<{grouped(0.1, 1)} %"
    return f"{grouped(percent, 1 if percent < 0.95 or 99.5 <= percent < 99.95 else 0)} %"


def format_energy(joules: float | None) -> str:
    """Joules, with watt hours beside them once they are worth saying."""
    if joules is None or not math.isfinite(joules):
        return NOT_AVAILABLE
    text = f"{grouped(joules)} J" if joules < 10_000 else f"{grouped(joules / 1000, 1)} kJ"
    return f"{text} ({grouped(joules / 3600, 1)} Wh)" if joules >= 360 else text


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
