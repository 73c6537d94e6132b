"""What a report can list of a node: the quantity, its heading, how it is read and written.

One list for the picture, the text and the web page, so that they use the same words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from ..analysis.ranking import ram_change, vram_change
from ..analysis.units import format_bytes, format_change, format_energy, format_percent, format_seconds
from ..language import msg, t
from ..model import Step

Kind = Literal["bytes", "change", "seconds", "percent", "joules"]


def _format_load(percent: float | None) -> str:
    return format_percent(None if percent is None else percent / 100)


_WRITE: dict[Kind, Callable[[float | None], str]] = {
    "bytes": format_bytes,
    "change": format_change,
    "seconds": format_seconds,
    "percent": _format_load,
    "joules": format_energy,
}


@dataclass(frozen=True, slots=True)
class Column:
    """One quantity of a step, in the base unit of its ``kind``; ``percent`` is 0 to 100."""

    name: str
    kind: Kind
    read: Callable[[Step], float | None]

    @property
    def heading(self) -> str:
        """What stands above the column."""
        return t(self.name)

    def write(self, value: float | None) -> str:
        """``value`` with its unit, ``n/a`` for ``None``."""
        return _WRITE[self.kind](value)


ACTIVE_TIME = Column(msg("active time"), "seconds", lambda step: step.exec_time)
SELF_TIME = Column(msg("self time"), "seconds", lambda step: step.self_time_s)
VRAM_PEAK = Column(msg("VRAM peak"), "bytes", lambda step: step.vram_max)
VRAM_CHANGE = Column(msg("VRAM change"), "change", vram_change)
RAM_PEAK = Column(msg("RAM peak"), "bytes", lambda step: step.ram_max_bytes)
RAM_CHANGE = Column(msg("RAM change"), "change", ram_change)
GPU_LOAD = Column(msg("GPU load"), "percent", lambda step: step.gpu_load_avg)
CPU_TIME = Column(msg("CPU time"), "seconds", lambda step: step.cpu_seconds)
LOADING = Column(msg("model loading"), "seconds", lambda step: step.load_time_s)
OTHER_PACKS = Column(msg("other packs"), "seconds", lambda step: step.foreign_time_s)
ENERGY = Column(msg("energy"), "joules", lambda step: step.energy_joules)

DETAILS = (
    SELF_TIME,
    VRAM_PEAK,
    VRAM_CHANGE,
    RAM_PEAK,
    RAM_CHANGE,
    GPU_LOAD,
    CPU_TIME,
    LOADING,
    OTHER_PACKS,
    ENERGY,
)
"""What stands beside the active time."""


def known(columns: Sequence[Column], steps: Sequence[Step]) -> list[Column]:
    """The columns that say something of ``steps``: a value, a self time that is not the active time."""
    return [column for column in columns if any(_says_something(column, step) for step in steps)]


def _says_something(column: Column, step: Step) -> bool:
    value = column.read(step)
    if value is None:
        return False
    if column is SELF_TIME:
        return step.exec_time is None or step.exec_time - value > 0.01 * step.exec_time
    if column is OTHER_PACKS:
        return value > 0.05 * (step.exec_time or 0.0)
    return column is not LOADING or value > 0
