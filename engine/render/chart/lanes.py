"""Which lanes a run has under its bars, and for each that is left out, why. Draws nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...analysis import series as curves
from ...language import t
from ...model import Run, Summary
from ..notes import missing_reason
from .lane import Lane
from .load_lanes import MOST_DEVICES, load_lanes
from .memory_lanes import ram_lane, vram_lane
from .theme import Theme


@dataclass(slots=True)
class Lanes:
    """The lanes of one run, and for each that is left out, why."""

    shown: list[Lane] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def lanes_for(run: Run, summary: Summary, theme: Theme) -> Lanes:
    """The lanes that have anything to show, top to bottom."""
    found = Lanes()
    total_s = summary.total_time or 0.0
    if total_s <= 0 or not summary.executed_count:
        return found
    devices = sorted(run.devices, key=lambda device: not device.primary)
    vram = [
        lane for device in devices if (lane := vram_lane(run, summary, device, theme, total_s)) is not None
    ]
    found.shown += vram[:MOST_DEVICES]
    if len(vram) > MOST_DEVICES:
        more = len(vram) - MOST_DEVICES
        found.left_out.append(t("VRAM of {n} more devices: only {most} are drawn", n=more, most=MOST_DEVICES))
    if not vram:
        found.left_out.append(_reason(run, t("VRAM"), curves.PROCESS_VRAM))
    ram = ram_lane(run, summary, theme, total_s)
    if ram is not None:
        found.shown.append(ram)
    else:
        found.left_out.append(_reason(run, t("RAM"), curves.RAM))
    loads, missing = load_lanes(run, theme, total_s)
    found.shown += loads
    found.left_out += [_reason(run, name, metric) for name, metric in missing]
    return found


def _reason(run: Run, name: str, metric: str) -> str:
    reason = missing_reason(run, metric)
    if reason:
        return f"{name}: {reason}"
    return (
        t("{quantity}: too few readings fell into this run", quantity=name)
        if run.metric(metric)
        else t("{quantity}: not measured in this run", quantity=name)
    )
