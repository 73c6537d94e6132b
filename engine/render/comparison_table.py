"""A comparison as text for a fixed-width font."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..analysis.compare import Comparison
from ..analysis.effect import Delta
from ..analysis.labels import clean, shorten
from . import comparison_words as words

NODES_MAX = 20
NAME_WIDTH = 36


def render(found: Comparison, names: Mapping[int, str]) -> str:
    """Totals, groups, nodes, what changed beneath, and what limits the answer."""
    from tabulate import tabulate

    parts = [
        words.headline(found),
        f"baseline:  {_sides(found.baseline_ids, names)}\ncandidate: {_sides(found.candidate_ids, names)}",
    ]
    totals = [
        [words.NAMES[name], *cells(name, delta)]
        for name, delta in found.totals.items()
        if delta.baseline is not None or delta.candidate is not None
    ]
    head = ["", "baseline", "candidate", "change", "", "95 % interval", "verdict"]
    parts.append(tabulate(totals, headers=head, tablefmt="simple", disable_numparse=True))
    if found.groups:
        rows = [
            [*cells("exec_time", group.deltas["exec_time"]), shorten(clean(group.name), NAME_WIDTH)]
            for group in found.groups
        ]
        parts.append(tabulate(rows, headers=[*head[1:], "group"], tablefmt="simple", disable_numparse=True))
    if found.nodes:
        rows = [
            [*cells("exec_time", node.deltas["exec_time"]), node_name(node.node_title, node.pairing, node)]
            for node in found.nodes[:NODES_MAX]
        ]
        parts.append(
            tabulate(
                rows, headers=[*head[1:], "node (active time)"], tablefmt="simple", disable_numparse=True
            )
        )
        if len(found.nodes) > NODES_MAX:
            parts.append(f"and {len(found.nodes) - NODES_MAX} more nodes")
    if found.changes:
        parts.append("What changed\n" + "\n".join(f"  {change.detail}" for change in found.changes[:20]))
    if found.notes:
        parts.append("\n".join(f"! {note}" for note in found.notes))
    return "\n\n".join(parts) + "\n"


def node_name(title: str, pairing: str, node: object) -> str:
    """A node's title, and how it was recognised where that is not by its id."""
    name = shorten(clean(title), NAME_WIDTH)
    previous = getattr(node, "previous_id", None)
    if pairing.endswith("only"):
        return f"{name} ({pairing.removesuffix(' only')} only)"
    return f"{name} (was #{previous}, found by its {pairing})" if previous else name


def cells(metric: str, delta: Delta) -> list[str]:
    return [
        words.shown(metric, delta.baseline),
        words.shown(metric, delta.candidate),
        words.signed(metric, delta.change),
        words.signed_share(delta),
        words.interval(metric, delta),
        words.verdict(delta),
    ]


def _sides(ids: Sequence[int], names: Mapping[int, str]) -> str:
    return ", ".join(names.get(run_id, f"run {run_id}") for run_id in ids)
