"""Several sets of runs against each other as text for a fixed-width font."""

from __future__ import annotations

from collections.abc import Sequence

from ..analysis.effect import Delta
from ..analysis.labels import clean, shorten
from ..analysis.matrix import Matrix
from ..language import stored, t
from . import comparison_words as words

NAME_WIDTH = 28


def render(found: Matrix, names: Sequence[str]) -> str:
    """A square for each total that was measured, and the nodes that differ most. ``names`` are the sets'."""
    from tabulate import tabulate

    numbered = [f"{number}. {shorten(clean(name), NAME_WIDTH)}" for number, name in enumerate(names, 1)]
    parts = []
    for metric, square in found.totals.items():
        if all(median is None for median in square.medians):
            continue
        rows = [
            [name, words.shown(metric, median), *(cell(delta) for delta in row)]
            for name, median, row in zip(numbered, square.medians, square.deltas, strict=True)
        ]
        head = [words.quantity(metric), t("median"), *(f"vs {number}" for number in range(1, len(names) + 1))]
        parts.append(tabulate(rows, headers=head, tablefmt="simple", disable_numparse=True))
    rows = [
        [
            shorten(clean(node.node_title), NAME_WIDTH),
            *(words.shown("exec_time", one) for one in node.medians),
        ]
        for node in found.nodes
    ]
    if rows:
        head = [t("active time"), *(str(number) for number in range(1, len(names) + 1))]
        parts.append(tabulate(rows, headers=head, tablefmt="simple", disable_numparse=True))
    parts += [f"! {stored(note)}" for note in found.notes]
    return "\n\n".join(parts) + "\n"


def cell(delta: Delta | None) -> str:
    """A change with its verdict; a question mark where there is none."""
    if delta is None or delta.change is None:
        return "—"
    share = words.signed_share(delta)
    return (
        f"{share} ?"
        if delta.verdict == "unknown"
        else f"≈ {share}"
        if delta.verdict == "no difference"
        else share
    )


def headline(found: Matrix, names: Sequence[str]) -> str:
    """Which set is fastest, and against which others that is sure."""
    square = found.totals["total_time"]
    known = [(median, number) for number, median in enumerate(square.medians) if median is not None]
    if not known:
        return t("Nothing was measured yet")
    median, best = min(known)
    beaten = [
        clean(names[number])
        for number, delta in enumerate(square.deltas[best])
        if delta is not None and delta.verdict == "faster"
    ]
    first = t("Fastest: {name}, {time}", name=clean(names[best]), time=words.shown("total_time", median))
    if len(beaten) == len(names) - 1:
        return t("{first}, surely faster than all others", first=first)
    if not beaten:
        return t("{first}; whether that is more than chance cannot be told yet", first=first)
    return t("{first}, surely faster than {names}", first=first, names=", ".join(beaten))
