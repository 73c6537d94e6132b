"""Whether other programs kept the machine from the run. Never guesses where it was not measured."""

from __future__ import annotations

from ..language import t
from ..model import Run
from .series import CPU_LOAD, MACHINE_LOAD, find_series, mean
from .units import format_percent

_BUSY = 0.9
"""From this share of all cores on, a program that wants another one has to wait for it."""
_OTHERS = 0.25
"""Others must have had at least this share: less is what any machine does beside."""


def others_cpu_share(run: Run, total_time: float | None) -> float | None:
    """The share (0 to 1) of all cores that other programs had in a run that they kept waiting, else ``None``.

    From the loads of the whole machine and of this process over the run; ``None`` also where
    either was not measured, or the machine had cores to spare.
    """
    cores = run.environment.get("cpu.count", "")
    machine = mean(find_series(run, MACHINE_LOAD), total_time)
    own = mean(find_series(run, CPU_LOAD), total_time)
    if machine is None or own is None or not cores.isdecimal() or int(cores) < 1:
        return None
    others = (machine - own / int(cores)) / 100
    return others if machine / 100 >= _BUSY and others >= _OTHERS else None


def crowding_sentence(share: float) -> str:
    """What a report says of it."""
    return t(
        "Other programs used {share} of all cores: this run was slower for it.", share=format_percent(share)
    )
