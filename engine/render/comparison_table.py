"""A comparison as text for a fixed-width font."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..analysis.compare import Comparison
from ..analysis.effect import Delta
from ..analysis.labels import clean, shorten
from ..language import msg, stored, t, tn
from . import comparison_words as words

NODES_MAX = 20
NAME_WIDTH = 36
_ONLY = {"baseline only": msg("baseline only"), "candidate only": msg("candidate only")}
_TRAITS = {"id": msg("id"), "title": msg("title"), "place": msg("place")}


def render(found: Comparison, names: Mapping[int, str]) -> str:
    """Totals, groups, nodes, what changed beneath, and what limits the answer."""
    from tabulate import tabulate

    parts = [
        words.headline(found),
        "\n".join(
            (
                t("baseline: {runs}", runs=sides(found.baseline_ids, names)),
                t("candidate: {runs}", runs=sides(found.candidate_ids, names)),
            )
        ),
    ]
    totals = [
        [words.quantity(name), *cells(name, delta)]
        for name, delta in found.totals.items()
        if delta.baseline is not None or delta.candidate is not None
    ]
    head = ["", t("baseline"), t("candidate"), t("change"), "", t("95 % interval"), t("verdict")]
    parts.append(tabulate(totals, headers=head, tablefmt="simple", disable_numparse=True))
    if found.groups:
        rows = [
            [*cells("exec_time", group.deltas["exec_time"]), shorten(clean(group.name), NAME_WIDTH)]
            for group in found.groups
        ]
        parts.append(
            tabulate(rows, headers=[*head[1:], t("group")], tablefmt="simple", disable_numparse=True)
        )
    if found.nodes:
        rows = [
            [*cells("exec_time", node.deltas["exec_time"]), node_name(node.node_title, node.pairing, node)]
            for node in found.nodes[:NODES_MAX]
        ]
        parts.append(
            tabulate(
                rows, headers=[*head[1:], t("node (active time)")], tablefmt="simple", disable_numparse=True
            )
        )
        if len(found.nodes) > NODES_MAX:
            parts.append(tn("and {n} more node|and {n} more nodes", len(found.nodes) - NODES_MAX))
    if found.changes:
        lines = (f"  {stored(change.detail)}" for change in found.changes[:20])
        parts.append("\n".join((t("What changed"), *lines)))
    if found.notes:
        parts.append("\n".join(f"! {stored(note)}" for note in found.notes))
    return "\n\n".join(parts) + "\n"


def node_name(title: str, pairing: str, node: object) -> str:
    """A node's title, and how it was recognised where that is not by its id."""
    name = shorten(clean(title), NAME_WIDTH)
    previous = getattr(node, "previous_id", None)
    if pairing.endswith("only"):
        return f"{name} ({t(_ONLY[pairing])})"
    if not previous:
        return name
    return t("{node} (was #{id}, found by its {trait})", node=name, id=previous, trait=t(_TRAITS[pairing]))


def cells(metric: str, delta: Delta) -> list[str]:
    return [
        words.shown(metric, delta.baseline),
        words.shown(metric, delta.candidate),
        words.signed(metric, delta.change),
        words.signed_share(delta),
        words.interval(metric, delta),
        words.verdict(delta),
    ]


def sides(ids: Sequence[int], names: Mapping[int, str]) -> str:
    """The runs of one side by name."""
    return ", ".join(names.get(run_id, t("run {id}", id=run_id)) for run_id in ids)
