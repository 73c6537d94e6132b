"""A comparison as text for a fixed-width font."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import compress

from ..analysis.compare import Comparison
from ..analysis.effect import Delta
from ..analysis.labels import clean, shorten
from ..analysis.stacks import OwnerChange
from ..language import msg, stored, t, tn
from ..model import Owner
from . import comparison_words as words
from .inside import owner_name

NODES_MAX = 20
_NODES = 2
"""Where :func:`tables` has the nodes."""
NAME_WIDTH = 36
HEADINGS = (
    msg("baseline"),
    msg("candidate"),
    msg("change"),
    msg("share"),
    msg("95 % interval"),
    msg("verdict"),
)
_ONLY = {"baseline only": msg("baseline only"), "candidate only": msg("candidate only")}
_TRAITS = {"id": msg("id"), "title": msg("title"), "place": msg("place")}


def render(found: Comparison, names: Mapping[int, str]) -> str:
    """Totals, groups, nodes, what changed beneath, and what limits the answer."""
    from tabulate import tabulate

    answer = filter(None, (words.headline(found), words.surest(found)))
    parts = ["\n".join(answer), "\n".join(side_lines(found, names))]
    for number, (heading, rows) in enumerate(tables(found)):
        head = [t(text) for text in HEADINGS]
        head[HEADINGS.index("share")] = ""
        shown = [[heading, *head], *(rows[:NODES_MAX] if number == _NODES else rows)]
        if number:  # names of groups and nodes may be long: they come last
            shown = [[*line[1:], line[0]] for line in shown]
        if rows:
            parts.append(tabulate(shown, headers="firstrow", tablefmt="simple", disable_numparse=True))
        if number == _NODES and len(rows) > NODES_MAX:
            parts.append(tn("and {n} more node|and {n} more nodes", len(rows) - NODES_MAX))
    if found.changes:
        lines = (f"  {stored(change.detail)}" for change in found.changes[:20])
        parts.append("\n".join((t("What changed"), *lines)))
    if found.notes:
        parts.append("\n".join(f"! {stored(note)}" for note in found.notes))
    return "\n\n".join(parts) + "\n"


def tables(found: Comparison) -> Iterator[tuple[str, list[list[str]]]]:
    """``(heading of the first column, rows)`` of run, groups, nodes and code; others: :data:`HEADINGS`."""
    known = (delta.baseline is not None or delta.candidate is not None for delta in found.totals.values())
    totals = compress(found.totals.items(), known)
    yield t("run"), [[words.quantity(name), *cells(name, delta)] for name, delta in totals]
    yield (
        t("group (active time)"),
        [[clean(group.name), *cells("exec_time", group.deltas["exec_time"])] for group in found.groups],
    )
    yield (
        t("node (active time)"),
        [
            [node_name(node.node_title, node.pairing, node), *cells("exec_time", node.deltas["exec_time"])]
            for node in found.nodes
        ],
    )
    yield (
        t("code (time)"),
        [[owner_name(Owner(each.kind, each.owner)), *_owner_cells(each)] for each in found.owners],
    )


def side_lines(found: Comparison, names: Mapping[int, str]) -> list[str]:
    """Which runs stand on either side."""
    return [
        t("baseline: {runs}", runs=sides(found.baseline_ids, names)),
        t("candidate: {runs}", runs=sides(found.candidate_ids, names)),
    ]


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


def _owner_cells(owner: OwnerChange) -> list[str]:
    share = words.signed_ratio(owner.candidate / owner.baseline if owner.baseline else None)
    shown = (words.shown("exec_time", value) for value in (owner.baseline, owner.candidate))
    return [*shown, words.signed("exec_time", owner.change), share, "", ""]


def sides(ids: Sequence[int], names: Mapping[int, str]) -> str:
    """The runs of one side by name."""
    return ", ".join(names.get(run_id, t("run {id}", id=run_id)) for run_id in ids)
