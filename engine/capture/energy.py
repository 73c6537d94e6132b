"""What a run's GPUs consumed, from an energy counter or from power readings. Pure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..model import Metric, Run
from .overlap import Floats, Work, arrays, by_device

ENERGY_MIN_S = 5.0
"""Energy counters refresh slowly: below this a step's share is mostly luck."""
COVERAGE_MIN = 0.8
"""Readings of less than this part of a run or step say nothing about the whole."""


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
    """Times and joules since the first: from the counter, or from power over time where that covers more.

    A counter that ended early must not stand for the whole run.
    """
    found = []
    counter = by_device(run, "energy_joules").get(device)
    if counter is not None and len(counter.t_s) >= 2:
        t_s, joules, _ = arrays(counter)
        if np.all(np.diff(joules) >= 0):
            found.append((t_s, joules - joules[0]))
    power = by_device(run, "power_watts").get(device)
    if power is not None and len(power.t_s) >= 2:
        t_s, watts, _ = arrays(power)
        steps = np.diff(t_s) * (watts[1:] + watts[:-1]) / 2
        found.append((t_s, np.concatenate(([0.0], np.cumsum(steps)))))
    if not found:
        return None
    counted = found[0]
    return (
        counted
        if _coverage(run, counted[0]) >= COVERAGE_MIN
        else max(found, key=lambda readings: _coverage(run, readings[0]))
    )


def _coverage(run: Run, t_s: Floats) -> float:
    """The part of the run, 0 to 1, that readings at ``t_s`` cover; 1 for a run that did nothing."""
    end_s = max((step.end_s for step in run.measured_steps if step.end_s is not None), default=0.0)
    return float(max(0.0, min(t_s[-1], end_s) - max(t_s[0], 0.0)) / end_s) if end_s > 0 else 1.0


def energy_by_step(work: Work, t_s: Floats, joules: Floats) -> Floats:
    """Joules of each step from 5 s up that the readings cover, NaN for the others."""
    spent = np.interp(work.end, t_s, joules) - np.interp(work.start, t_s, joules)
    covered = np.clip(work.end, t_s[0], t_s[-1]) - np.clip(work.start, t_s[0], t_s[-1])
    spent, covered = work.total(spent), work.total(covered)
    seconds = work.seconds
    known = (seconds >= ENERGY_MIN_S) & (covered >= COVERAGE_MIN * seconds)
    # What the readings do not cover is taken to have been like the rest.
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known, spent * seconds / covered, np.nan)


def run_energy(run: Run) -> float | None:
    """Joules of the run on the devices it used, ``None`` where that is not known of each of them."""
    used = used_devices(run)
    found = {
        key: energy
        for key in energy_devices(run)
        if key in used and (energy := cumulative_energy(run, key)) is not None
    }
    if not found or any(_coverage(run, t_s) < COVERAGE_MIN for t_s, _ in found.values()):
        return None
    return float(sum(joules[-1] for _, joules in found.values()))


def energy_metrics(run: Run) -> tuple[Metric, ...]:
    """The run's metrics, those of energy as it was got in the end, or with the reason why it is n/a."""
    replaced = []
    for metric in run.metrics:
        readings = None
        if metric.name == "energy_joules" and metric.device is not None:
            readings = cumulative_energy(run, metric.device)
        if readings is not None and (covered := _coverage(run, readings[0])) < COVERAGE_MIN:
            why = f"its readings ended early and cover only {covered:.0%} of the run"
            metric = replace(metric, method=None, reason=why)
        elif readings is not None and _is_from_power(run, metric.device, readings[0]):
            method = "power readings over time, since the energy counter did not cover the run"
            metric = replace(metric, method=method, reason=None)
        replaced.append(metric)
    return tuple(replaced)


def _is_from_power(run: Run, device: str | None, t_s: Floats) -> bool:
    counter = by_device(run, "energy_joules").get(device or "")
    return counter is not None and len(counter.t_s) >= 2 and not np.array_equal(t_s, counter.t_s)
