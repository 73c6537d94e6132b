"""Which runs may be compared: the one rule, used by comparison, trend, forecast, advice and repeat. Pure.

Two sets of facts decide. *Conditions* are how a run began and was measured: runs
that differ in them measured different things, and their totals never go into one
number. *Versions* are what people compare runs for: the workflow, what ran beneath
it and the device. Runs that differ in a version may be compared, and the comparison
says so; a set that mixes versions is named as mixed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..language import msg, t, tn
from ..model import measuring_stopped
from .executions import Executions

Row = Mapping[str, Any]
"""One run, as the history gives it: the columns of ``profiler_runs``."""

ENDED_WELL = ("success", "partial", None)
"""Statuses of runs whose times count; ``None`` is a row that another program wrote."""


class Conditions(NamedTuple):
    """How a run began and was measured. ``None`` stands for "not recorded".

    ``from_cache`` are the nodes whose result was cached, as text that is equal where
    the sets are equal; it matters for totals, not for the nodes that did run.
    """

    ended_well: bool
    start: str | None
    from_cache: str
    timing: str | None
    inside: str | None
    profiled: bool = True


_STARTS = {"cold": msg("cold"), "warm": msg("warm")}
_TIMINGS = {"precise": msg("precise timing"), "light": msg("light timing")}
_WORDS: Mapping[str, str] = {
    "ended_well": msg("did not all run to their end"),
    "start": msg("some had to load models first, others found them loaded"),
    "from_cache": msg("not the same nodes came from the cache"),
    "timing": msg("precise and light timing bill GPU work to different nodes"),
    "inside": msg("some also recorded the operators inside nodes, which slows them down"),
    "profiled": msg("some were not profiled, and their time is ComfyUI's own"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Runs of equal conditions. ``label`` names them: ``warm``, ``cold``, ``warm, 3 nodes cached``."""

    label: str
    run_ids: tuple[int, ...]


def ended_well(run: Row) -> bool:
    """Whether a run's times count: it came to its end, and measuring did too."""
    return run.get("status") in ENDED_WELL and not measuring_stopped(run.get("warnings") or ())


def conditions(run: Row, from_cache: str = "") -> Conditions:
    """What must be equal for two runs' totals to be compared."""
    cold = run.get("cold")
    settings = run.get("settings")
    inside = settings.get("inside") if isinstance(settings, Mapping) else run.get("inside")
    return Conditions(
        ended_well=ended_well(run),
        start=None if cold is None else "cold" if cold else "warm",
        from_cache=from_cache,
        timing=run.get("timing"),
        inside=inside if inside == "kernels" else None,
        profiled=run.get("profiled") is not False,
    )


def conditions_of(runs: Iterable[Row], executed: Executions) -> dict[int, Conditions]:
    """The conditions of each run by its id, with the nodes that came from the cache."""
    place = {run_id: column for column, run_id in enumerate(executed.run_ids)}
    packed = np.packbits(executed.cached, axis=0)
    found = {}
    for run in runs:
        column = place.get(run["id"])
        cached = "" if column is None else packed[:, column].tobytes().rstrip(b"\0").hex()
        found[run["id"]] = conditions(run, cached)
    return found


def version(run: Row) -> tuple[Any, Any, Any]:
    """What of the workflow, of the environment and of the devices a run was made with."""
    return (run.get("workflow_hash"), run.get("environment_id"), device_of(run))


def device_of(run: Row) -> str | None:
    """The names of the devices that the run could use."""
    devices = run.get("devices")
    names = [str(device.get("name")) for device in devices or () if isinstance(device, Mapping)]
    return ", ".join(names) or None


def kinds(found: Mapping[int, Conditions]) -> tuple[Kind, ...]:
    """The runs sorted into sets of equal conditions, the largest set first, then the newest.

    Those that recorded operators come last, however many: they are slower, and looked at only when asked for.
    """
    sets: dict[Conditions, list[int]] = {}
    for run_id, one in found.items():
        sets.setdefault(one, []).append(run_id)
    ordered = sorted(sets.items(), key=lambda item: (item[0].inside or "", -len(item[1]), -max(item[1])))
    labels = _labels([one for one, _ in ordered])
    return tuple(
        Kind(label=label, run_ids=tuple(run_ids)) for label, (_, run_ids) in zip(labels, ordered, strict=True)
    )


def shared(
    found: Mapping[int, Conditions], baseline: Sequence[int], candidate: Sequence[int]
) -> tuple[list[int], list[int]]:
    """The runs of both sides that have one set of conditions: the set that leaves most of them.

    Runs that recorded operators only where there are no others.

    Both lists are empty where no set of conditions is on both sides.
    """
    before = Counter(found[run_id] for run_id in baseline)
    after = Counter(found[run_id] for run_id in candidate)
    both = [one for one in before if one in after and one.ended_well]
    if not both:
        return [], []
    best = max(both, key=lambda one: (not one.inside, min(before[one], after[one]), before[one] + after[one]))
    return (
        [run_id for run_id in baseline if found[run_id] == best],
        [run_id for run_id in candidate if found[run_id] == best],
    )


def like_for_nodes(
    found: Mapping[int, Conditions], baseline: Sequence[int], candidate: Sequence[int]
) -> tuple[list[int], list[int]]:
    """:func:`shared` for the nodes themselves: what came from the cache elsewhere does not matter."""
    return shared({run_id: one._replace(from_cache="") for run_id, one in found.items()}, baseline, candidate)


def mixture(found: Iterable[Conditions]) -> tuple[str, ...]:
    """In what the conditions differ, in words; empty where they are all equal."""
    every = list(found)
    return tuple(t(words) for name, words in _WORDS.items() if len({getattr(one, name) for one in every}) > 1)


def left_out_note(mixed: Iterable[str], run_ids: Iterable[int]) -> str:
    """That totals leave out these runs, because the compared ones differ in what :func:`mixture` says."""
    return t(
        "Not the same kind of run: {why}. The totals leave out run {ids}; compare each kind by itself to "
        "see them.",
        why="; ".join(mixed),
        ids=", ".join(map(str, run_ids)),
    )


def _labels(every: Sequence[Conditions]) -> list[str]:
    """A name for each set, made of what it does not share with all the others."""
    differing = [name for name in Conditions._fields if len({getattr(one, name) for one in every}) > 1]
    return [", ".join(_label(one, name) for name in differing) or _label(one, "start") for one in every]


def _label(one: Conditions, name: str) -> str:
    value = getattr(one, name)
    if name == "ended_well":
        return t("complete") if value else t("cut short")
    if name == "start":
        return t(_STARTS[value]) if value else t("start not recorded")
    if name == "from_cache":
        count = sum(byte.bit_count() for byte in bytes.fromhex(value))
        return tn("{n} node cached|{n} nodes cached", count) if count else t("nothing cached")
    if name == "profiled":
        return t("profiled") if value else t("not profiled")
    if name == "timing":
        return t(_TIMINGS.get(value, value)) if value else t("timing not recorded")
    return t("operators recorded") if value else t("operators not recorded")
