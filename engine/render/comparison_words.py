"""A comparison in words: what changed, by how much, how sure. Pure text, shared by picture and table."""

from __future__ import annotations

from ..analysis.compare import Comparison
from ..analysis.effect import Delta
from ..analysis.labels import clean, shorten
from ..analysis.units import (
    NOT_AVAILABLE,
    format_bytes,
    format_energy,
    format_percent,
    format_seconds,
)
from ..language import msg, t, tn

_NOTABLE = 0.1
"""A node that makes less of a difference than this share of it is not worth a name."""
_WORTH_A_WORD = 0.01
"""A node that changed by less than this share of the run's time is not named."""
NAMES = {
    "total_time": msg("run time"),
    "vram_max": msg("VRAM peak"),
    "ram_max_bytes": msg("RAM peak"),
    "energy_joules": msg("energy"),
    "exec_time": msg("active time"),
    "frame_time_s": msg("time a frame"),
}

_VERDICTS = {"faster": msg("faster"), "slower": msg("slower"), "less": msg("less"), "more": msg("more")}


def quantity(metric: str) -> str:
    """What people call ``metric``."""
    return t(NAMES[metric])


def shown(metric: str, value: float | None) -> str:
    """A value of ``metric`` in its unit."""
    if value is None:
        return NOT_AVAILABLE
    if metric in ("vram_max", "ram_max_bytes"):
        return format_bytes(value)
    if metric == "frame_time_s" and value > 0:
        return f"{format_seconds(value)} ({1.0 / value:.3g} fps)"
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
    return signed_ratio(delta.ratio)


def signed_ratio(ratio: float | None) -> str:
    """:func:`signed_share` of a candidate divided by its baseline."""
    if ratio is None:
        return ""
    share = ratio - 1.0
    if abs(share) < 0.001:
        return "±0 %"
    return ("+" if share > 0 else "−") + format_percent(abs(share))


def verdict(delta: Delta, *, is_short: bool = False) -> str:
    """The verdict in words, with what it would take where there is none."""
    if delta.verdict == "no difference":
        return t("no difference seen")
    if delta.verdict != "unknown":
        return t(_VERDICTS[delta.verdict])
    if delta.change is None:
        return ""
    if delta.baseline_count == delta.candidate_count == 1:
        if delta.usual is None or delta.ratio is None:
            return t("cannot tell from one run") if is_short else t("one run a side: cannot tell")
        beyond = delta.is_unusual
        size = format_percent(delta.usual)
        if is_short:
            return (
                t("beyond the usual {share}", share=size)
                if beyond
                else t("within the usual {share}", share=size)
            )
        if beyond:
            return t("more than the {share} that single runs differ by", share=size)
        return t("within the {share} that single runs differ by", share=size)
    if delta.runs_needed and is_short:
        return t("{n} more runs a side", n=delta.runs_needed)
    if delta.runs_needed:
        return t("cannot tell yet: about {n} more runs a side", n=delta.runs_needed)
    return t("cannot tell")


def headline(found: Comparison) -> str:
    """The answer in one sentence."""
    total = found.totals["total_time"]
    count, others = (tn("{n} run|{n} runs", len(ids)) for ids in (found.candidate_ids, found.baseline_ids))
    sides = t("{runs} against {others}", runs=count, others=others)
    if total.change is None:
        return t("No run time to compare ({sides})", sides=sides)
    share = signed_share(total)
    if total.verdict in ("faster", "slower"):
        return t(
            "{share} slower: {time} instead of {before} ({sides})"
            if total.verdict == "slower"
            else "{share} faster: {time} instead of {before} ({sides})",
            share=share.lstrip("+−"),
            time=shown("total_time", total.candidate),
            before=shown("total_time", total.baseline),
            sides=sides,
        )
    return t("Run time {share}: {verdict} ({sides})", share=share, verdict=verdict(total), sides=sides)


def surest(found: Comparison) -> str:
    """The nodes that have a verdict where the run as a whole has none; empty otherwise."""
    total = found.totals["total_time"]
    if total.verdict != "unknown":
        return ""
    least = _WORTH_A_WORD * (total.baseline or 0.0)
    sure = [
        f"{shorten(clean(node.node_title or node.node_type), 30)} {signed_share(delta)}"
        for node in found.nodes
        if (delta := node.deltas["exec_time"]).verdict in ("faster", "slower")
        and abs(delta.change or 0.0) >= least
    ]
    return t("What is sure: {nodes}.", nodes=", ".join(sure[:3])) if sure else ""


def interval(metric: str, delta: Delta) -> str:
    """The 95 % interval of the change; empty where there is none."""
    if delta.low is None or delta.high is None:
        return ""
    return t("{low} to {high}", low=signed(metric, delta.low), high=signed(metric, delta.high))


def against(found: Comparison, other: str) -> str:
    """One line: how much faster or slower than ``other``, and the nodes that make the most of it."""
    total = found.totals["total_time"]
    if total.change is None or total.ratio is None or total.ratio <= 0:
        return ""
    usual = total.usual_share
    if total.verdict == "no difference" or (usual and max(total.ratio, 1 / total.ratio) - 1 <= usual):
        return t("About as fast as {run} ({change}).", run=other, change=signed("total_time", total.change))
    is_slower = total.change > 0
    causes = [
        f"{shorten(clean(node.node_title or node.node_type), 30)} {signed('exec_time', change)}"
        for node in found.nodes
        if (change := node.deltas["exec_time"].change) is not None
        and (change > 0) is is_slower
        and abs(change) >= _NOTABLE * abs(total.change)
    ]
    return t(
        "{time} slower than {run}{nodes}." if is_slower else "{time} faster than {run}{nodes}.",
        time=shown("total_time", abs(total.change)),
        run=other,
        nodes=f": {', '.join(causes[:2])}" if causes else "",
    )


def in_both(found: Comparison, other: str) -> str:
    """What can be said where the times as a whole do not compare: how the nodes changed that ran in both."""
    changes = [(node, node.deltas["exec_time"].change or 0.0) for node in found.nodes]
    most = max((abs(change) for _, change in changes), default=0.0)
    notable = [
        f"{shorten(clean(node.node_title or node.node_type), 30)} {signed('exec_time', change)}"
        for node, change in changes
        if change and abs(change) >= _NOTABLE * most
    ]
    if not notable:
        return t("The times as a whole do not compare with {run}: not the same nodes ran.", run=other)
    return t("Not the same nodes ran as in {run}. In both: {nodes}.", run=other, nodes=", ".join(notable[:2]))
