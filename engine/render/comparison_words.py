"""A comparison in words: what changed, by how much, how sure. Pure text, shared by picture and table."""

from __future__ import annotations

from ..analysis.compare import Comparison
from ..analysis.effect import Delta
from ..analysis.labels import clean, shorten
from ..analysis.units import (
    NOT_AVAILABLE,
    format_bytes,
    format_count,
    format_energy,
    format_percent,
    format_seconds,
)

_NOTABLE = 0.1
"""A node that makes less of a difference than this share of it is not worth a name."""
NAMES = {
    "total_time": "run time",
    "vram_max": "VRAM peak",
    "ram_max_bytes": "RAM peak",
    "energy_joules": "energy",
    "exec_time": "active time",
}


def shown(metric: str, value: float | None) -> str:
    """A value of ``metric`` in its unit."""
    if value is None:
        return NOT_AVAILABLE
    if metric in ("vram_max", "ram_max_bytes"):
        return format_bytes(value)
    return format_energy(value) if metric == "energy_joules" else format_seconds(value)


def signed(metric: str, value: float | None) -> str:
    """A change of ``metric`` with its sign."""
    if value is None:
        return NOT_AVAILABLE
    if not value:
        return "±0"
    return ("+" if value > 0 else "−") + shown(metric, abs(value))


def signed_share(delta: Delta) -> str:
    """The change as a share of the baseline, such as ``+12 %``; empty where there is none."""
    if delta.ratio is None:
        return ""
    share = delta.ratio - 1.0
    if abs(share) < 0.0005:
        return "±0 %"
    return ("+" if share > 0 else "−") + format_percent(abs(share))


def verdict(delta: Delta, *, is_short: bool = False) -> str:
    """The verdict in words, with what it would take where there is none."""
    if delta.verdict == "no difference":
        return "no difference seen"
    if delta.verdict != "unknown":
        return delta.verdict
    if delta.change is None:
        return ""
    if delta.baseline_count == delta.candidate_count == 1:
        if delta.usual_share is None or delta.ratio is None:
            return "cannot tell from one run" if is_short else "one run a side: cannot tell"
        beyond = max(delta.ratio, 1.0 / delta.ratio) - 1.0 > delta.usual_share if delta.ratio > 0 else True
        size = format_percent(delta.usual_share)
        if is_short:
            return f"{'beyond' if beyond else 'within'} the usual {size}"
        return f"{'more than' if beyond else 'within'} the {size} that single runs differ by"
    if delta.runs_needed and is_short:
        return f"needs {delta.runs_needed} more runs a side"
    if delta.runs_needed:
        return f"cannot tell yet: about {delta.runs_needed} more runs a side"
    return "cannot tell"


def headline(found: Comparison) -> str:
    """The answer in one sentence."""
    total = found.totals["total_time"]
    count, others = (format_count(len(ids), "run") for ids in (found.candidate_ids, found.baseline_ids))
    sides = f"{count} against {others}"
    if total.change is None:
        return f"No run time to compare ({sides})"
    share = signed_share(total)
    if total.verdict in ("faster", "slower"):
        size = share.lstrip("+−")
        return f"{size} {total.verdict}: {shown('total_time', total.candidate)} instead of " + (
            f"{shown('total_time', total.baseline)} ({sides})"
        )
    return f"Run time {share}: {verdict(total)} ({sides})"


def interval(metric: str, delta: Delta) -> str:
    """The 95 % interval of the change; empty where there is none."""
    if delta.low is None or delta.high is None:
        return ""
    return f"{signed(metric, delta.low)} to {signed(metric, delta.high)}"


def against(found: Comparison, other: str) -> str:
    """One line: how much faster or slower than ``other``, and the nodes that make the most of it."""
    total = found.totals["total_time"]
    if total.change is None or total.ratio is None or total.ratio <= 0:
        return ""
    usual = total.usual_share
    if total.verdict == "no difference" or (usual and max(total.ratio, 1 / total.ratio) - 1 <= usual):
        return f"About as fast as {other} ({signed('total_time', total.change)})."
    is_slower = total.change > 0
    causes = [
        f"{shorten(clean(node.node_title or node.node_type), 30)} {signed('exec_time', change)}"
        for node in found.nodes
        if (change := node.deltas["exec_time"].change) is not None
        and (change > 0) is is_slower
        and abs(change) >= _NOTABLE * abs(total.change)
    ]
    size = shown("total_time", abs(total.change))
    why = f": {', '.join(causes[:2])}" if causes else ""
    return f"{size} {'slower' if is_slower else 'faster'} than {other}{why}."
