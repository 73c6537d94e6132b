"""What a run's GPUs consumed, from an energy counter or from power readings. Pure."""

from __future__ import annotations

import numpy as np

from ..model import Run
from .overlap import Floats, Work, arrays, by_device

ENERGY_MIN_S = 5.0
"""Energy counters refresh slowly: below this a step's share is mostly luck."""


def energy_devices(run: Run) -> list[str]:
    """Every device with an energy counter or power readings."""
    return list(dict.fromkeys([*by_device(run, "energy_joules"), *by_device(run, "power_watts")]))


def used_devices(run: Run) -> set[str]:
    """The devices whose energy is this run's: those it held memory on, else the primary one."""
    used = {device.device for step in run.steps for device in step.devices}
    if not used and run.primary_device is not None:
        used = {run.primary_device.key}
    return used


def cumulative_energy(run: Run, device: str) -> tuple[Floats, Floats] | None:
    """Times and joules since the first, from the counter, else from power over time."""
    counter = by_device(run, "energy_joules").get(device)
    if counter is not None and len(counter.t_s) >= 2:
        t_s, joules, _ = arrays(counter)
        if np.all(np.diff(joules) >= 0):
            return t_s, joules - joules[0]
    power = by_device(run, "power_watts").get(device)
    if power is not None and len(power.t_s) >= 2:
        t_s, watts, _ = arrays(power)
        steps = np.diff(t_s) * (watts[1:] + watts[:-1]) / 2
        return t_s, np.concatenate(([0.0], np.cumsum(steps)))
    return None


def energy_by_step(work: Work, t_s: Floats, joules: Floats) -> Floats:
    """Joules of each step from 5 s up that the readings cover, NaN for the others."""
    spent = np.interp(work.end, t_s, joules) - np.interp(work.start, t_s, joules)
    covered = np.clip(work.end, t_s[0], t_s[-1]) - np.clip(work.start, t_s[0], t_s[-1])
    spent, covered = work.total(spent), work.total(covered)
    seconds = work.seconds
    known = (seconds >= ENERGY_MIN_S) & (covered >= 0.8 * seconds)
    # What the readings do not cover is taken to have been like the rest.
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known, spent * seconds / covered, np.nan)


def run_energy(run: Run) -> float | None:
    """Joules of the run on the devices it used, ``None`` where none was measured."""
    used = used_devices(run)
    found = [
        energy
        for key in energy_devices(run)
        if key in used and (energy := cumulative_energy(run, key)) is not None
    ]
    return float(sum(joules[-1] for _, joules in found)) if found else None
