"""Limits on a run, in words, and whether a run keeps them. Pure.

A limit is a line: ``time <= 30 s``, ``vram <= 11.5 GB``, ``node KSampler time <= 5 s``,
``group Samplers time <= +10 %``. With a sign it is against the baseline, without one
absolute.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ..language import t
from ..model import Group, Run
from ..workflow.groups import nodes_of, resolve
from .groups import total
from .summary import duration_s
from .units import format_bytes, format_energy, format_percent, format_seconds

Metric = Literal["time", "vram", "ram", "energy"]
Scope = Literal["run", "node", "group"]

_UNITS: dict[str, tuple[str, float]] = {
    "ms": ("time", 0.001),
    "s": ("time", 1.0),
    "min": ("time", 60.0),
    "h": ("time", 3600.0),
    "kb": ("memory", 2.0**10),
    "mb": ("memory", 2.0**20),
    "gb": ("memory", 2.0**30),
    "kib": ("memory", 2.0**10),
    "mib": ("memory", 2.0**20),
    "gib": ("memory", 2.0**30),
    "j": ("energy", 1.0),
    "kj": ("energy", 1000.0),
    "wh": ("energy", 3600.0),
}
_FAMILY = {"time": "time", "vram": "memory", "ram": "memory", "energy": "energy"}
_LINE = re.compile(
    r"^(?:(?P<scope>node|group)\s+(?P<name>.+?)\s+)?(?P<metric>time|vram|ram|energy)\s*<=?\s*"
    r"(?P<sign>[+-]?)\s*(?P<value>\d+(?:[.,]\d+)?)\s*(?P<unit>%|[a-z]+)$",
    re.IGNORECASE,
)


def example() -> str:
    """Some limits, as they are to be written."""
    return t("time <= 30 s, vram <= 11.5 GB, node KSampler time <= 5 s or group Samplers time <= +10 %")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One line. ``value`` is in seconds, bytes or joules, or a share of the baseline (``is_share``).

    ``is_relative``: counted from the baseline. ``text`` is the line as written.
    """

    text: str
    metric: Metric
    value: float
    scope: Scope = "run"
    name: str = ""
    is_relative: bool = False
    is_share: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One limit and what was measured against it.

    ``is_kept`` is ``None`` where it cannot be told; ``why`` then says the reason.
    """

    limit: Limit
    measured: float | None
    allowed: float | None
    is_kept: bool | None
    why: str = ""

    @property
    def text(self) -> str:
        """The result in words, such as ``EXCEEDED  time <= 30 s: 34.2 s, 4.2 s (14 %) too much``."""
        if self.is_kept is None or self.measured is None or self.allowed is None:
            return t("UNKNOWN   {limit}: {why}", limit=self.limit.text, why=self.why)
        shown = _shown(self.limit.metric, self.measured)
        if self.limit.is_relative:
            allowed = _shown(self.limit.metric, self.allowed)
            shown = t("{measured} (allowed: {allowed})", measured=shown, allowed=allowed)
        if self.is_kept:
            return t("kept      {limit}: {measured}", limit=self.limit.text, measured=shown)
        excess = self.measured - self.allowed
        share = f" ({format_percent(excess / self.allowed)})" if self.allowed > 0 else ""
        much = _shown(self.limit.metric, excess)
        return t(
            "EXCEEDED  {limit}: {measured}, {excess} too much",
            limit=self.limit.text,
            measured=shown,
            excess=f"{much}{share}",
        )


def parse(text: str) -> tuple[tuple[Limit, ...], tuple[str, ...]]:
    """The limits in ``text``, one a line, and what is wrong with the lines that are none.

    Empty lines and those that begin with ``#`` are left out.
    """
    limits = []
    problems = []
    for line in (raw.strip() for raw in text.splitlines()):
        if not line or line.startswith("#"):
            continue
        found = _limit(line)
        if isinstance(found, Limit):
            limits.append(found)
        else:
            problems.append(found)
    return tuple(limits), tuple(problems)


def check(limits: Sequence[Limit], run: Run, baseline: Sequence[Run] = ()) -> tuple[Checked, ...]:
    """Each limit against ``run``; relative ones against the median of ``baseline``."""
    return tuple(_check(limit, run, baseline) for limit in limits)


def _limit(line: str) -> Limit | str:
    found = _LINE.match(line)
    if found is None:
        return t("“{line}” is no limit. Write lines like {example}.", line=line, example=example())
    metric = found["metric"].lower()
    unit = found["unit"].lower()
    value = float(found["value"].replace(",", "."))
    factor = 0.01
    if unit == "%":
        if not found["sign"]:
            return t("“{line}”: a percentage is against the baseline; write it with + or -.", line=line)
    elif unit not in _UNITS or _UNITS[unit][0] != _FAMILY[metric]:
        return t("“{line}”: {metric} has no unit “{unit}”.", line=line, metric=metric, unit=found["unit"])
    else:
        factor = _UNITS[unit][1]
    scope = (found["scope"] or "run").lower()
    return Limit(
        text=line,
        metric=metric,  # type: ignore[arg-type]  # the pattern allows no other
        value=value * factor * (-1.0 if found["sign"] == "-" else 1.0),
        scope=scope,  # type: ignore[arg-type]  # likewise
        name=(found["name"] or "").strip(),
        is_relative=bool(found["sign"]),
        is_share=unit == "%",
    )


def _check(limit: Limit, run: Run, baseline: Sequence[Run]) -> Checked:
    measured = _measured(limit, run)
    if measured is None:
        return Checked(limit=limit, measured=None, allowed=None, is_kept=None, why=_why_not(limit, run))
    allowed = limit.value
    if limit.is_relative:
        known = [value for other in baseline if (value := _measured(limit, other)) is not None]
        if not known:
            why = t("there is no baseline to compare with; pin a run of this workflow")
            return Checked(limit=limit, measured=measured, allowed=None, is_kept=None, why=why)
        level = statistics.median(known)
        allowed = level * (1.0 + limit.value) if limit.is_share else level + limit.value
    return Checked(limit=limit, measured=measured, allowed=allowed, is_kept=measured <= allowed)


def _measured(limit: Limit, run: Run) -> float | None:
    if limit.scope == "run" and limit.metric == "time":
        return duration_s(run)
    if limit.scope == "run" and limit.metric == "energy":
        return run.energy_joules
    [whole] = total(run, [_as_group(limit, run)])
    value = {
        "time": whole.exec_time,
        "vram": whole.vram_max,
        "ram": whole.ram_max_bytes,
        "energy": whole.energy_joules,
    }[limit.metric]
    return None if value is None else float(value)


def _as_group(limit: Limit, run: Run) -> Group:
    """The nodes that a limit is about, as a group."""
    if limit.scope == "group":
        named = (group for group in run.groups if group.name.casefold() == limit.name.casefold())
        return next(named, Group(name=limit.name))
    patterns = (limit.name,) if limit.scope == "node" else ("*",)
    return resolve([Group(name=limit.name, patterns=patterns)], nodes_of(run))[0]


def _why_not(limit: Limit, run: Run) -> str:
    if limit.scope == "group" and all(group.name.casefold() != limit.name.casefold() for group in run.groups):
        return t("there is no group “{name}”", name=limit.name)
    if limit.scope == "node" and not _as_group(limit, run).members:
        return t("there is no node “{name}”", name=limit.name)
    if limit.scope != "run":
        return t("it did not run, or this was not measured")
    return t("not measured")


def _shown(metric: Metric, value: float) -> str:
    if metric == "time":
        return format_seconds(value)
    return format_energy(value) if metric == "energy" else format_bytes(value)
